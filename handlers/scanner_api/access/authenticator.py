"""The authenticator of the Scanner API: verifies every credential and counts every request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from contract_first.bounded import BoundedDict
from contract_first.service.access.security import Alternatives, challenges_of
from contract_first.service.http.proxies import TrustedProxies, subscriber_of
from contract_first.service.messages.problems import Forbidden, Problem, RateLimited, Unauthorized
from contract_first.service.messages.request import Request

from .callers import Caller
from .rate_limits import RateLimiter, fields_of

ANYONE: Alternatives = (frozenset(),)
ADDRESS = "address:"
UNVERIFIED = "unverified:"
MAX_VERIFIED: Final = 10_000


class Verifier(Protocol):
    """Verifies the credentials of one security scheme."""

    async def verify(self, value: str, request: Request, /) -> Caller:
        """Return the caller, or raise Unauthorized, Forbidden or ServiceUnavailable."""


class ScannerAuthenticator:
    """Authenticates callers by the contract's security requirements, and holds the rate limits.

    A request counts against its caller's credential; one without a valid credential counts against its
    client's address. So guessing is slowed down, without locking out valid credentials at the same address.

    Where an address is over its limit, a credential that was not valid before is counted before it is
    verified, by a counter of the same size, and given back unless it is wrong: beyond that, junk costs
    neither a signature nor a read.
    """

    def __init__(
        self,
        verifiers: Mapping[str, Verifier],
        limiter: RateLimiter,
        schemes: Mapping[str, Mapping[str, Any]],
        trusted_proxies: TrustedProxies,
        realm: str = "",
    ) -> None:
        """Take the verifier of each security scheme of the contract, by the scheme's name.

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
        # hashes, which are seeded: no secret stays in memory, and nobody can find two that are alike
        self._verified: BoundedDict[int, None] = BoundedDict(MAX_VERIFIED)

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

    def refusal(self, request: Request, find: Callable[[Request], Mapping[str, str]]) -> RateLimited | None:
        """Return the 429 of a request whose address is over its limits, unless its credentials are known."""
        limiter = self._limiter
        if not limiter.has_refusals:
            return None
        address = self._address(request)
        standing = limiter.refusal(address, limiter.by_address)
        if standing is not None and (credentials := find(request)):
            if all(hash(credential) in self._verified for credential in credentials.items()):
                return None
            standing = limiter.refusal(UNVERIFIED + address, limiter.by_address)
        return None if standing is None else limiter.refused(limiter.by_address, standing)

    async def _verify(
        self, request: Request, credentials: Mapping[str, str]
    ) -> tuple[dict[str, Caller], Problem | None]:
        """Return the callers by scheme, in the contract's order, and the first problem."""
        hashes = list(map(hash, credentials.items()))
        counted = not all(map(self._verified.__contains__, hashes)) and await self._precount(request)
        callers: dict[str, Caller] = {}
        refused: Problem | None = None
        try:
            for (scheme, credential), hashed in zip(credentials.items(), hashes, strict=True):
                try:
                    callers[scheme] = await self._verifiers[scheme].verify(credential, request)
                except Unauthorized as problem:
                    problem.headers["WWW-Authenticate"] = self._challenges[scheme]
                    self._verified.pop(hashed, None)
                    refused, counted = refused or problem, False
                except Forbidden as problem:
                    refused = refused or problem
                except Exception:
                    # the outage is ours: nothing is counted, but the response (a 503 most likely) has the
                    # headers all the same
                    await self._limiter.describe(request, self._address(request), self._limiter.by_address)
                    raise
                else:
                    if hashed not in self._verified:
                        self._verified[hashed] = None
        finally:
            if counted:
                await self._limiter.give_back(UNVERIFIED + self._address(request), self._limiter.by_address)
        return callers, refused

    async def _precount(self, request: Request) -> bool:
        """Count unknown credentials if their address is over its limit; return whether they were counted.

        Raises:
            RateLimited: it has presented too many of them that were wrong.
        """
        limiter, address = self._limiter, self._address(request)
        if limiter.refusal(address, limiter.by_address) is None:
            return False
        standing, seconds, counted = await limiter.take(UNVERIFIED + address, limiter.by_address)
        if not counted:
            request.response_headers += fields_of(limiter.by_address, standing, seconds)
            raise RateLimited(seconds)
        return True

    def _spend(self, request: Request, caller: Caller | None) -> Awaitable[None]:
        limiter = self._limiter
        if caller is not None:
            return limiter.spend(request, caller.credential, limiter.by_credential(caller))
        return limiter.spend(request, self._address(request), limiter.by_address)

    def _address(self, request: Request) -> str:
        return ADDRESS + subscriber_of(self._proxies.client_address(request))


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
