"""Who may control the mock: this machine, or whoever has the control token."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from openapi_service.problems import Forbidden, Unauthorized
from openapi_service.proxies import address_of

if TYPE_CHECKING:
    from openapi_service.request import Request

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="control of the mock"'}


class ControlGate:
    """Lets in requests of this machine, or with a control token those, from anywhere, that have it.

    Without a token a page of another site must get nothing done, not even one whose name has come to stand
    for a loopback address (DNS rebinding): it sends its own name as Host, and itself as Origin.

    Args:
        token: the control token, if there is one.
    """

    def __init__(self, token: str | None = None) -> None:
        self._token = None if token is None else token.encode()

    @property
    def asks_for_token(self) -> bool:
        """Whether there is a control token."""
        return self._token is not None

    def check(self, request: Request) -> None:
        """Raise Unauthorized or Forbidden for whom is not let in."""
        if self._token is None:
            _check_place(request)
        elif not compare_digest(_presented(request), self._token):
            raise Unauthorized(
                "The control token is wanted: Authorization: Bearer TOKEN, or ?token=TOKEN.",
                headers=_CHALLENGE,
            )


def _check_place(request: Request) -> None:
    peer = address_of(request.client_address)
    if peer is None or not peer.is_loopback:
        raise Forbidden(
            "The mock is controlled from its own machine, or with a control token (--control-token)."
        )
    if not is_loopback_host(request.header(b"host") or ""):
        raise Forbidden("Host is not a loopback address, and there is no control token (--control-token).")
    origin = request.header(b"origin")
    if origin is not None and not _is_loopback_origin(origin):
        raise Forbidden(
            "Origin is not a page of this machine, and there is no control token (--control-token)."
        )


def is_loopback_host(host: str) -> bool:
    """Tell whether a Host field, a name or an address with a port or without, is this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    address = address_of(name)
    return name == "localhost" if address is None else address.is_loopback


def _is_loopback_origin(origin: str) -> bool:
    scheme, separator, host = origin.partition("://")
    return scheme in {"http", "https"} and bool(separator) and is_loopback_host(host)


def _presented(request: Request) -> bytes:
    scheme, _, credential = (request.header(b"authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return credential.strip().encode("latin-1")
    pairs = parse_qsl(request.query_string) if b"token=" in request.query_string else []
    return next((value for name, value in pairs if name == b"token"), b"")
