"""Bearer tokens: disabled, or verified as JSON Web Tokens of one issuer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Unauthorized
from contract_first.service.messages.request import Request
from scanner_api.settings import Settings

from .callers import Caller
from .jwks_sources import reader_of

if TYPE_CHECKING:
    from .tokens import TokenVerifier


class BearerDisabled:
    """Refuses every bearer token, because no issuer is configured."""

    async def verify(self, _value: str, _request: Request, /) -> Caller:
        raise Unauthorized("Bearer tokens are not accepted: this server has no token issuer configured.")


class BearerTokens:
    """Verifies bearer tokens; the verifier is imported and made in a thread, for the first one."""

    def __init__(self, make: Callable[[], TokenVerifier]) -> None:
        self._make = make
        self._making = asyncio.Lock()
        self._verifier: TokenVerifier | None = None

    async def verify(self, value: str, request: Request, /) -> Caller:
        """Return the token's caller, or raise Unauthorized or ServiceUnavailable."""
        return await (self._verifier or await self._make_once()).verify(value, request)

    async def _make_once(self) -> TokenVerifier:
        async with self._making:
            if self._verifier is None:
                self._verifier = await asyncio.to_thread(self._make)
        return self._verifier


def bearer_verifier(settings: Settings, clock: Clock) -> BearerTokens | BearerDisabled:
    """Return the verifier of bearer tokens; without an issuer, one that refuses them all.

    Raises:
        ValueError: the audience or the key set is missing, or the URL is not safe to fetch keys from.
    """
    issuer, audience, jwks = settings.oauth_issuer, settings.oauth_audience, settings.oauth_jwks
    if not issuer:
        return BearerDisabled()
    if not audience or not jwks:
        raise ValueError("oauth_audience and oauth_jwks must be set where oauth_issuer is")
    reader_of(jwks)  # a wrong location fails the start

    def make() -> TokenVerifier:
        from .jwks import KeySet  # noqa: PLC0415 -- joserfc takes 0.1 s to import
        from .tokens import TokenVerifier  # noqa: PLC0415 -- the same

        return TokenVerifier(issuer, audience, KeySet(jwks), settings.oauth_organization_claim, clock)

    return BearerTokens(make)
