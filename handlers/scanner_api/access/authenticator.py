"""The authenticator of the Scanner API: verifies every credential and counts every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from openapi_service.problems import Forbidden, Problem, Unauthorized
from openapi_service.proxies import subscriber_of
from openapi_service.security import challenges_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from openapi_service.proxies import TrustedProxies
    from openapi_service.request import Request
    from openapi_service.security import Alternatives

    from .callers import Caller
    from .rate_limits import RateLimiter

ANYONE: Alternatives = (frozenset(),)
ADDRESS = "address:"


class Verifier(Protocol):
    """Verifies the credentials of one security scheme."""

    async def verify(self, value: str, request: Request, /) -> Caller:
        """Return the caller, or raise Unauthorized, Forbidden or ServiceUnavailable."""
        ...


class ScannerAuthenticator:
    """Authenticates callers by the contract's security requirements, and holds the rate limits.

    A request counts against its caller's credential; one without a valid credential counts against its
    client's address. So guessing is slowed down, without locking out valid credentials at the same address.
    """

    def __init__(
        self,
        verifiers: Mapping[str, Verifier],
        limiter: RateLimiter,
        schemes: Mapping[str, Mapping[str, Any]],
        trusted_proxies: TrustedProxies,
        realm: str = "",
    ) -> None:
        """Take what verifies each security scheme of the contract, by the scheme's name.

        The ``realm`` is what challenges call the API.

        Raises:
            ValueError: a scheme has no verifier.
        """
        if missing := schemes.keys() - verifiers.keys():
            raise ValueError(f"no verifier for the security scheme {', '.join(sorted(missing))}")
        self._verifiers = {name: verifiers[name] for name in schemes}
        self._limiter = limiter
        self._proxies = trusted_proxies
        self._challenges = challenges_of(schemes, realm)

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> Caller | None:
        """Return the caller, None for an anonymous one, or raise a Problem.

        Every credential in the request must be valid, except where none is required: there wrong ones are
        ignored. The headers of the rate limits are in ``request.response_headers`` whatever is raised.
        """
        callers, refused = await self._verify(request, credentials)
        if refused is not None and (alternatives or not callers):
            await self._spend(request, None)
            if alternatives:
                raise refused
            return None
        met = satisfied_by(callers, alternatives or ANYONE)
        caller = None if met is None else caller_by(callers, met)
        await self._spend(request, caller)
        if met is None:
            raise Unauthorized(headers={"WWW-Authenticate": self._challenges[None]})
        return caller

    async def _verify(
        self, request: Request, credentials: Mapping[str, str]
    ) -> tuple[dict[str, Caller], Problem | None]:
        """Return the callers by scheme, in the contract's order, and the first problem."""
        callers: dict[str, Caller] = {}
        refused: Problem | None = None
        for scheme in self._verifiers:
            if scheme not in credentials:
                continue
            try:
                callers[scheme] = await self._verifiers[scheme].verify(credentials[scheme], request)
            except Unauthorized as problem:
                problem.headers["WWW-Authenticate"] = self._challenges[scheme]
                refused = refused or problem
            except Forbidden as problem:
                refused = refused or problem
            except Exception:
                # the caller is unknown, but the response (a 503 most likely) has the headers all the same
                await self._spend(request, None)
                raise
        return callers, refused

    def _spend(self, request: Request, caller: Caller | None) -> Awaitable[None]:
        limiter = self._limiter
        if caller is not None:
            return limiter.spend(request, caller.credential, limiter.by_credential(caller))
        address = subscriber_of(self._proxies.client_address(request))
        return limiter.spend(request, ADDRESS + address, limiter.by_address)


def satisfied_by(callers: Mapping[str, Caller], alternatives: Alternatives) -> frozenset[str] | None:
    """Return the first alternative of which every scheme has a caller."""
    for alternative in alternatives:
        if alternative <= callers.keys():
            return alternative
    return None


def caller_by(callers: Mapping[str, Caller], alternative: frozenset[str]) -> Caller | None:
    """Return the first caller whose scheme the alternative asks for; of one that asks for none, the first."""
    for scheme, caller in callers.items():
        if not alternative or scheme in alternative:
            return caller
    return None
