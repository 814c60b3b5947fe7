"""An app that serves any contract, with nothing behind it."""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any

from starlette.types import ASGIApp

from contract_first.contract import Contract
from contract_first.mock.responses.authenticators import OpenAuthenticator, ShapeOnlyAuthenticator
from contract_first.service import Exposure, Limits, Seams, Strictness, create_app
from contract_first.service.access.cors import open_to_pages
from contract_first.service.assembly import Assembly
from contract_first.service.clock import Clock
from contract_first.service.functions import Function

from .pipeline import ContractResponses

NO_HANDLERS: Mapping[str, Any] = MappingProxyType({})
LIMITS = Limits(body=16 * 1024 * 1024, upload=64 * 1024 * 1024, target=16 * 1024)
"""A body takes at most half of the memory for all of them."""


def contract_app(
    contract: Contract,
    responses: ContractResponses | None = None,
    *,
    authentication: bool = True,
    tokens: Container[str] | None = None,
    clock: Clock | None = None,
    handlers: Mapping[str, Function] = NO_HANDLERS,
    collaborators: Mapping[str, Any] = NO_HANDLERS,
) -> ASGIApp:
    """Return an app that validates the requests of a contract, responds from it, and is healthy.

    Args:
        responses: say how; by default from the contract alone.
        handlers: functions that handle operations in place of the fallback, by name.
        collaborators: what they may ask for, by parameter name.
        authentication: ask for credentials where the contract does; any non-empty one will do.
        tokens: those that are accepted in ``Authorization``; None for any.
    """
    shape_only = ShapeOnlyAuthenticator(contract.security_schemes, contract.document["info"]["title"], tokens)
    fallback = responses or ContractResponses()
    authenticator = shape_only if authentication else OpenAuthenticator()
    strictness = Strictness(formats=fallback.strictness.formats != "off", reveal=True)
    if fallback.memory is not None:
        fallback.seeded(Assembly(contract=contract, authenticator=authenticator, strictness=strictness))
    app = create_app(
        contract,
        handlers,
        collaborators=collaborators,
        authenticate=authenticator,
        limits=LIMITS,
        strictness=strictness,
        exposure=Exposure(csrf_protection=False),  # pages of any origin call a mock
        seams=Seams(fallback=fallback, lazy=True, clock=clock),
    )
    return open_to_pages(app, contract, response_headers=fallback.response_headers)
