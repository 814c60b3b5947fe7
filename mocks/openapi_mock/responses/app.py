"""An app that serves any contract, with nothing behind it."""

from starlette.types import ASGIApp

from openapi_contract import Contract
from openapi_service import Limits, create_app
from openapi_service.clock import Clock
from openapi_service.cors import open_to_pages
from openapi_service.randomness import Randomness

from .authenticators import OpenAuthenticator, ShapeOnlyAuthenticator
from .operation import ContractResponses
from .strictness import STRICT, Strictness

MOST_BODY_BYTES = 64 * 1024 * 1024
LIMITS = Limits(body=MOST_BODY_BYTES, upload=MOST_BODY_BYTES, target=16 * 1024)


def contract_app(
    contract: Contract,
    *,
    seed: str = "",
    locale: str = "",
    authentication: bool = True,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    strictness: Strictness = STRICT,
    responses: ContractResponses | None = None,
) -> ASGIApp:
    """Return an app that validates the requests of a contract and responds from it.

    Args:
        seed: another seed, other generated values.
        locale: of generated strings; see `.locales`.
        authentication: ask for credentials where the contract does; any non-empty one will do.
        randomness: what dynamic responses are drawn from.
        strictness: what is done about requests that violate the contract.
        responses: respond, instead of what responds from the contract alone by the two before.
    """
    shape_only = ShapeOnlyAuthenticator(contract.security_schemes, contract.document["info"]["title"])
    fallback = responses or ContractResponses(seed, randomness, strictness, locale)
    app = create_app(
        contract,
        {},
        authenticate=shape_only if authentication else OpenAuthenticator(),
        checks=None,
        limits=LIMITS,
        reveal=True,
        formats=strictness.formats != "off",
        fallback=fallback,
        lazy=True,
        clock=clock,
    )
    return open_to_pages(app, contract, response_headers=fallback.response_headers)
