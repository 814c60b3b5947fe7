"""Cross-site request forgery: a page makes a visitor's browser send its cookie to another site."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contract_first.service.http.origins import normal_origin
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import Forbidden
from contract_first.service.messages.request import Request

from .security import Alternatives

Find = Callable[[Request], Mapping[str, str]]
"""Returns the credentials that a request presents, by security scheme name."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
"""Methods that change nothing (RFC 9110, section 9.2.1): another site may make a browser send them."""


class CrossSiteRequests:
    """Refuses the cookie of unsafe requests from pages of other origins.

    Args:
        schemes: the contract's security schemes.
        origins: normal ones, whose pages may send the cookie beside the API's own; ``*`` names none.
    """

    def __init__(
        self, schemes: Mapping[str, Mapping[str, Any]], origins: Iterable[str], proxies: TrustedProxies
    ) -> None:
        self._cookies = {
            name
            for name, scheme in schemes.items()
            if (scheme["type"], scheme.get("in")) == ("apiKey", "cookie")
        }
        self._origins = frozenset(origins)
        self._proxies = proxies

    def guarded(self, find: Find, alternatives: Alternatives) -> Find:
        """Return ``find`` for an operation with these requirements, without cookies that do not count.

        It raises Forbidden where the other credentials of a request meet no requirement.
        """
        cookies = self._cookies & frozenset().union(*alternatives)
        if not cookies:
            return find

        def credentials_of(request: Request) -> Mapping[str, str]:
            credentials = find(request)
            if request.method in SAFE_METHODS or cookies.isdisjoint(credentials) or self._admits(request):
                return credentials
            others = {name: value for name, value in credentials.items() if name not in cookies}
            if not any(required and required <= others.keys() for required in alternatives):
                raise Forbidden(
                    f"A {request.method} with a cookie must come from a page of this API's origin or of one "
                    "that is allowed (cors_origins); see Origin and Sec-Fetch-Site. Elsewhere, send another "
                    "credential."
                )
            return others

        return credentials_of

    def _admits(self, request: Request) -> bool:
        """Tell by Origin whether a page may send the cookie, and without it by Sec-Fetch-Site.

        Behind a proxy that ends TLS, the server does not know the scheme that the browser sees. Where the
        browser says that page and API have the same origin, it is that of the page, and hosts are compared.
        """
        origin, site = request.header(b"origin"), request.header(b"sec-fetch-site")
        if origin is None:
            return site != "cross-site"
        origin, server = normal_origin(origin), self._proxies.origin(request)
        if site == "same-origin":
            server = normal_origin(f"{origin.partition('://')[0]}://{server.partition('://')[2]}")
        return origin == server or origin in self._origins
