"""Bind, mock, check and compare any OpenAPI contract.

The four jobs, each beginning with a contract: the path or URL of an OpenAPI document.

    load_contract("openapi.yaml"); compare(old, new)            # read it, compare two versions
    create_app("openapi.yaml", handlers=my_api.operations)      # an ASGI app of plain functions
    with contract_mock("openapi.yaml") as mock: ...             # a mock server, at ``mock.api``
    check_url("https://staging.example", contract="...")        # whether a deployment conforms

What ``__all__`` lists is public, and imported when it is first used: a module that only raises a problem does
not load what serves it. Everything else may change.
"""

# ruff: noqa: F403, F405 -- `__all__` has each name, and tests/house imports each

from typing import TYPE_CHECKING

from .imports import exported

if TYPE_CHECKING:
    from .check import Credentials, ExchangeValidator, Report, check_app, check_url, validate_har
    from .contract import Change, Contract, ContractError, Operation, compare, load_contract
    from .mock import ContractMock, contract_mock
    from .service import (
        BasicCredential,
        Cookie,
        Event,
        Hook,
        Request,
        Requirement,
        Response,
        ServerSentEvent,
        Service,
        Upload,
        create_app,
        per_request,
        serve,
    )
    from .service.messages.problems import *

__all__ = [
    "BadRequest", "BasicCredential", "Change", "Conflict", "Contract", "ContractError", "ContractMock",
    "Cookie", "Credentials", "Event", "ExchangeValidator", "Forbidden", "Hook", "InsufficientScope",
    "InternalError", "MethodNotAllowed", "NotAcceptable", "NotFound", "NotImplementedYet", "Operation",
    "PayloadTooLarge", "Problem", "RateLimited", "Report", "Request", "Requirement", "Response",
    "ServerSentEvent", "Service",
    "ServiceUnavailable", "URITooLong", "Unauthorized", "UnsupportedMediaType", "Upload",
    "ValidationFailed", "check_app", "check_url", "compare", "contract_mock", "create_app", "load_contract",
    "per_request", "serve", "validate_har",
]  # fmt: skip

__getattr__ = exported(__name__)
