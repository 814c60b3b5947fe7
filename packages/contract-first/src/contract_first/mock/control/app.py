"""The control API as an ASGI app."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.mock.extension import NO_EXTENSION, Extension
from contract_first.mock.reach import is_loopback_host
from contract_first.mock.responses.authenticators import OpenAuthenticator
from contract_first.service.access.cors import with_cors
from contract_first.service.assembly import Assembly, Strictness
from contract_first.service.bound_operation import LazyApp
from contract_first.service.clock import Clock
from contract_first.service.connexion_adapter import bind
from contract_first.service.edge import Edge
from contract_first.service.handlers import handlers_of
from contract_first.service.http.origins import normal_origins
from contract_first.service.http.proxies import address_of
from contract_first.service.messages.problems import PLAIN, Forbidden, ProblemProfile, Unauthorized
from contract_first.service.messages.request import STATE, Request
from contract_first.service.pages import Page

from . import operations

ROOT: Final = "/_mock"
CA: Final = f"{ROOT}/ca.pem"
"""The certificate that clients are to trust: public, and needed by those that have no access yet."""
MOST_TARGET_BYTES: Final = 8192
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="control of the mock"'}


def control(
    access: "ControlAccess",
    *,
    pages: Mapping[str, ASGIApp],
    public: Collection[str],
    clock: Clock,
    collaborators: Mapping[str, Any],
    extension: Extension = NO_EXTENSION,
    profile: ProblemProfile = PLAIN,
) -> ASGIApp:
    """Return the control API; bound at the first request, since the mock's own API is to be there before.

    Args:
        pages: ASGI apps by path, for it and all that is below it; what they serve is not bound.
        public: those of them that hold no secret: they require no control token.
        collaborators: of the operations, by parameter name.
        extension: what the application adds to the OpenAPI document.
    """

    def bound() -> ASGIApp:
        contract = extension.control_contract()
        paths = contract.document["paths"].items()
        unpaged = {**contract.document, "paths": {path: item for path, item in paths if path not in pages}}
        assembly = Assembly(
            Contract(unpaged, contract.source),
            OpenAuthenticator(),  # `_Checked` has checked every request
            {"clock": clock, **collaborators},
            strictness=Strictness(formats=False, closed_query=True, reveal=True),
        )
        document = Page(json.dumps(contract.document).encode(), "application/json")
        all_pages: dict[str, ASGIApp] = {f"{ROOT}/openapi.json": document, **pages}
        handlers = handlers_of(operations)
        if extension.operations:
            handlers |= handlers_of(import_module(extension.operations))
        checked = _Checked(bind(assembly, handlers), all_pages, access, public)
        edge = Edge(checked, clock=clock, pages={}, most_target_bytes=MOST_TARGET_BYTES, profile=profile)
        return with_cors(edge, contract, access.origins)

    return LazyApp(bound)


@dataclass(frozen=True, slots=True)
class _Checked:
    """Serves the pages and operations to requests that have access.

    Args:
        pages: ASGI apps by path, for it and all that is below it.
    """

    bound: ASGIApp
    pages: Mapping[str, ASGIApp]
    access: "ControlAccess"
    public: Collection[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or raise why it has no access."""
        path = self._page_at(scope["path"])
        if path != CA and not (path in self.public and self.access.requires_token):
            self.access.check(scope[STATE])
        app = self.bound if path is None else self.pages[path]
        await app(scope, receive, send)

    def _page_at(self, path: str) -> str | None:
        path = path.removesuffix("/")
        if path in self.pages:
            return path
        return next((page for page in self.pages if page != ROOT and path.startswith(f"{page}/")), None)


class ControlAccess:
    """Grants access to requests of this machine or, with a control token, to those that present it.

    Without a token no page of another origin must do anything, not even one whose name has come to stand
    for a loopback address (DNS rebinding): it sends its own name as Host, and itself as Origin. Nor may any
    page of this machine: what somebody stored in S3 is one, too.

    Args:
        origins: whose pages may use it without a token, beside its own.

    Raises:
        ValueError: one of the origins is none.
    """

    def __init__(self, token: str | None = None, origins: Iterable[str] = ()) -> None:
        self._token = None if token is None else token.encode()
        self.origins = normal_origins(origins) if token is None else ("*",)
        """Whose pages may read its responses."""

    @property
    def requires_token(self) -> bool:
        return self._token is not None

    def check(self, request: Request) -> None:
        """Raise Unauthorized or Forbidden unless a request has access."""
        if self._token is None:
            self._check_place(request)
        elif not compare_digest(_presented(request), self._token):
            raise Unauthorized(
                "Missing or wrong control token; expected Authorization: Bearer TOKEN, or ?token=TOKEN.",
                headers=_CHALLENGE,
            )

    def _check_place(self, request: Request) -> None:
        peer = address_of(request.client_address)
        if peer is None or not peer.is_loopback:
            raise Forbidden(
                "The mock is controlled from its own machine, or with a control token (--control-token)."
            )
        host = request.header(b"host") or ""
        if not is_loopback_host(host):
            raise Forbidden(
                "Host is not a loopback address, and there is no control token (--control-token)."
            )
        origin = request.header(b"origin")
        if origin is None:
            is_allowed = _is_of_no_page(request)
        else:
            is_allowed = origin in {f"{request.scope.get('scheme', 'http')}://{host}", *self.origins}
        if not is_allowed:
            raise Forbidden(
                "Origin is not the mock's own, is not listed (--control-origin), "
                "and there is no control token (--control-token)."
            )


def _is_of_no_page(request: Request) -> bool:
    """Return whether no page of another origin sends a request: neither a script nor a picture of it.

    That a link leads here tells the page nothing (Fetch Metadata).
    """
    is_foreign = request.header(b"sec-fetch-site") in {"cross-site", "same-site"}
    return not is_foreign or request.header(b"sec-fetch-mode") == "navigate"


def _presented(request: Request) -> bytes:
    scheme, _, credential = (request.header(b"authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return credential.strip().encode("latin-1")
    pairs = parse_qsl(request.query_string) if b"token=" in request.query_string else []
    return next((value for name, value in pairs if name == b"token"), b"")
