"""Bearer tokens: switched off, or verified as JSON Web Tokens of one issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner_api.problems import Unauthorized

if TYPE_CHECKING:
    from scanner_api.binding.request import Request
    from scanner_api.clock import Clock

    from .callers import Caller
    from .tokens import TokenVerifier


class BearerSwitchedOff:
    """Refuses every bearer token, because no issuer is configured."""

    async def verify(self, _value: str, _request: Request, /) -> Caller:
        """Raise Unauthorized."""
        raise Unauthorized("Bearer tokens are not accepted: this server has no token issuer configured.")


def bearer_verifier(
    *, issuer: str, audience: str, jwks: str, organization_claim: str, clock: Clock
) -> TokenVerifier | BearerSwitchedOff:
    """Return the verifier of bearer tokens; without an issuer one that refuses them all.

    Args:
        issuer: the ``iss`` that a token must have; empty switches bearer tokens off.
        audience: the ``aud`` that a token must have among its own.
        jwks: https URL (http on loopback) or file of the issuer's JSON Web Key Set.
        organization_claim: the claim with the caller's organization id, or a list of them.
        clock: tells whether a token has expired.

    Raises:
        ValueError: the audience or the key set is missing, or the URL is not safe to fetch keys from.
    """
    if not issuer:
        return BearerSwitchedOff()
    if not audience or not jwks:
        raise ValueError("oauth_audience and oauth_jwks must be set where oauth_issuer is")
    from .jwks import KeySet  # noqa: PLC0415 -- see above -- joserfc takes 0.1 s to import: only where it is needed
    from .tokens import TokenVerifier  # noqa: PLC0415 -- see above -- the same

    return TokenVerifier(issuer, audience, KeySet(jwks), organization_claim, clock)
