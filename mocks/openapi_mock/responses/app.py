"""An app that serves any contract, with nothing behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_service.assembly import Assembly
from openapi_service.clock import SystemClock
from openapi_service.connexion_adapter import bind
from openapi_service.cors import with_cors
from openapi_service.edge import Edge
from openapi_service.pages import contract_pages

from .authenticators import OpenAuthenticator, ShapeOnlyAuthenticator
from .operation import ContractResponses

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from openapi_contract import Contract
    from openapi_service.clock import Clock
    from openapi_service.randomness import Randomness

MOST_BODY_BYTES = 64 * 1024 * 1024
MOST_TARGET_BYTES = 16 * 1024


def contract_app(
    contract: Contract,
    *,
    seed: str = "",
    authentication: bool = True,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
) -> ASGIApp:
    """Return an app that validates the requests of a contract and responds from it.

    Args:
        contract: any.
        seed: another seed, other generated values.
        authentication: ask for credentials where the contract does; any non-empty one will do.
        clock: tells the time of problems.
        randomness: what dynamic responses are drawn from.
    """
    responses = ContractResponses(seed, randomness)
    shape_only = ShapeOnlyAuthenticator(contract.security_schemes, contract.document["info"]["title"])
    assembly = Assembly(
        contract,
        shape_only if authentication else OpenAuthenticator(),
        reveal=True,
        most_body_bytes=MOST_BODY_BYTES,
        most_upload_bytes=MOST_BODY_BYTES,
        lazy=True,
        formats=True,
        base_paths=True,
    )
    edge = Edge(
        bind(assembly, {}, responses),
        clock=clock or SystemClock(),
        pages=_pages(contract),
        most_target_bytes=MOST_TARGET_BYTES,
    )
    return with_cors(
        edge,
        contract,
        ["*"],
        request_headers=responses.request_headers,
        response_headers=responses.response_headers,
    )


def _pages(contract: Contract) -> dict[str, ASGIApp]:
    """Return the pages beside the contract, but for what is a path of the contract itself."""
    pages = contract_pages(contract)
    return {path: page for path, page in pages.items() if path not in contract.paths}
