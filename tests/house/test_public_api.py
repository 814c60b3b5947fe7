"""What users may import: a name that goes, or comes, is a change of the public API."""

from __future__ import annotations

import inspect
from functools import cached_property
from importlib import import_module
from types import FunctionType

import pytest

PROBLEMS = [
    "BadRequest", "Conflict", "Forbidden", "InsufficientScope", "InternalError", "MethodNotAllowed",
    "NotAcceptable", "NotFound", "NotImplementedYet", "PayloadTooLarge", "Problem", "RateLimited",
    "ServiceUnavailable", "URITooLong", "Unauthorized", "UnsupportedMediaType", "ValidationFailed",
]  # fmt: skip
MEMBERS = {
    "contract_first": [
        *PROBLEMS, "BasicCredential", "Change", "Contract", "ContractError", "ContractMock", "Cookie",
        "Credentials", "Event", "ExchangeValidator", "Hook", "Operation", "Report", "Request", "Requirement",
        "Response", "ServerSentEvent", "Service", "Upload", "check_app", "check_url", "compare",
        "contract_mock", "create_app",
        "load_contract", "per_request", "serve", "validate_har",
    ],
    "contract_first.contract": [
        "Change", "Contract", "ContractError", "Operation", "compare", "load_contract",
    ],
    "scanner_contract": ["load_contract"],
    "contract_first.service": [
        *PROBLEMS, "Attempt", "Authenticator", "BasicCredential", "CannotListen", "Cookie", "Event",
        "Exposure", "Hook", "Idempotency", "JsonLimits", "KeyInUse", "KeyReused", "Limits", "Observability",
        "PerRequest", "ProblemProfile", "Request", "Requirement", "ResolverError", "Response", "Seams",
        "ServerSentEvent", "Service", "Strictness", "Upload", "Violation",
        "create_app", "listen", "per_request", "serve", "timed_engine", "url_of",
    ],
    "strict_s3": ["Server", "running"],
    "contract_first.check": [
        "CannotRunError", "Check", "Credentials", "ExchangeValidator", "HarError", "Report", "Target",
        "check_app", "check_url", "validate_har",
    ],
    "contract_first.mock": ["ContractMock", "contract_mock"],
    "contract_first.testing": [
        "AsyncContractClients", "ContractClients", "ContractCoverage", "ContractMocks",
        "ContractViolationError", "SampleRequest", "mock_unimplemented", "sample_requests",
    ],
    "scanner_mocks": ["Mock", "scanner_mock"],
}  # fmt: skip
NAMES = [(package, name) for package, names in MEMBERS.items() for name in names]


@pytest.mark.parametrize("package", MEMBERS)
def test_members(package):
    """A package lists its public names, these and no others."""
    assert sorted(import_module(package).__all__) == sorted(MEMBERS[package])


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_member_is_documented_and_typed(package, name):
    """Each public name can be imported, has a docstring, and a function's parameters have types."""
    member = getattr(import_module(package), name)
    assert inspect.getdoc(member)
    if inspect.isfunction(member):
        signature = inspect.signature(member)
        parameters = [each.annotation for each in signature.parameters.values()]
        assert inspect.Signature.empty not in [*parameters, signature.return_annotation]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_members_of_a_class_are_documented(package, name):
    """Each public method and property that a public class defines, or a base of it, has a docstring."""
    member = getattr(import_module(package), name)
    defined = vars(member).items() if inspect.isclass(member) else ()
    kinds = (FunctionType, classmethod, staticmethod, property, cached_property)
    methods = [below for below, value in defined if isinstance(value, kinds) and not below.startswith("_")]
    assert [below for below in methods if not inspect.getdoc(getattr(member, below))] == []


@pytest.mark.parametrize("package", MEMBERS)
def test_nothing_else_is_public(package):
    """A name that is not listed is an AttributeError, not a module's leftover."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = import_module(package).nothing
