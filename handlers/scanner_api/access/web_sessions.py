"""Web sessions: the cookie of a signed-in browser."""

import re

from contract_first.service.access.cross_site import SAFE_METHODS
from contract_first.service.clock import Clock
from contract_first.service.http.origins import normal_origin
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import Forbidden, Unauthorized
from contract_first.service.messages.request import Request
from scanner_api.storage.accounts.credentials import CredentialStore, WebSessionRecord
from scanner_api.storage.accounts.digests import digest_of

from .callers import Caller
from .lookups import RecentLookups

SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits, as `secrets.token_urlsafe` writes them; created where users sign in."""


class WebSessionVerifier:
    """Verifies session cookies, and refuses requests that another site makes a browser send."""

    def __init__(self, credentials: CredentialStore, clock: Clock, proxies: TrustedProxies) -> None:
        self._clock = clock
        self._proxies = proxies
        self._sessions = RecentLookups(credentials.web_session)

    async def verify(self, value: str, request: Request, /) -> Caller:
        """Return the cookie's caller, or raise Unauthorized; Forbidden for another site's request."""
        record = await self._sessions.get(digest_of(value)) if SHAPE.fullmatch(value) else None
        if record is None or record.expires_at <= self._clock.now():
            raise Unauthorized("The session cookie is not known or has expired; sign in again.")
        if request.method not in SAFE_METHODS and not self._is_same_origin(request):
            raise Forbidden(
                f"A {request.method} with the session cookie must come from a page of this origin "
                "(Sec-Fetch-Site, Origin); elsewhere, use an API key."
            )
        return caller_of(record)

    def _is_same_origin(self, request: Request) -> bool:
        """Tell by Sec-Fetch-Site, which pages cannot forge, and in browsers without it by Origin."""
        site = request.header(b"sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = request.header(b"origin")
        return origin is not None and normal_origin(origin) == self._proxies.origin(request)


def caller_of(record: WebSessionRecord) -> Caller:
    """Return the caller of a web session: a person, who has to name the organization they act for."""
    return Caller(
        credential=f"web:{record.id}", organizations=record.organizations, infers_organization=False
    )
