"""CORS rules from the contract: headers of its security schemes and parameters, headers of its responses."""

import re
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.service.http.origins import allowed_origins

ALWAYS_EXPOSED = ("Allow", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
PREFLIGHT_SECONDS = 600
VARY = (b"vary", b"Origin")
REQUESTED = "access-control-request-headers"
MOST_REQUESTED_BYTES = 4096
_NAME = re.compile(r"[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*")


class _Cors(CORSMiddleware):
    """Starlette's, which takes less time for a request without an origin: its response gets a ``Vary``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or b"origin" in dict(scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        def send_varying(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                if b"vary" in dict(headers):
                    return self.send(message, send, Headers(scope=scope))
                message["headers"] = [*headers, VARY]
            return send(message)

        await self.app(scope, receive, send_varying)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Respond to a preflight; requested headers that are repeated in it have to be names of headers."""
        requested = request_headers.get(REQUESTED)
        if self.allow_all_headers and requested and not _are_names(requested):
            allowed = {"Access-Control-Allow-Origin": request_headers["origin"], "Vary": "Origin"}
            return PlainTextResponse("Disallowed CORS headers", 400, allowed)
        return super().preflight_response(request_headers)


def with_cors(
    app: ASGIApp,
    contract: Contract,
    origins: Sequence[str],
    *,
    request_headers: Iterable[str] = (),
    response_headers: Iterable[str] = (),
) -> ASGIApp:
    """Respond to preflights first, and let pages of these origins (``*`` for any) read responses.

    A named origin may also send the cookie; ``*`` never may. ``request_headers`` and ``response_headers`` are
    sent and shown beside those of the contract. Raises ValueError for what is no origin.
    """
    origins = allowed_origins(origins)
    if not origins:
        return app
    return _cors(
        app,
        contract,
        response_headers,
        allow_origins=origins,
        allow_headers=sorted({*request_headers, *_request_headers(contract)}),
        allow_credentials="*" not in origins,
    )


def open_to_pages(app: ASGIApp, contract: Contract, *, response_headers: Iterable[str] = ()) -> ASGIApp:
    """Let pages of every origin send any header, and cookies, and read responses.

    This is for mocks, which have no secret: an app brings headers of its framework and of its tracing, and
    may ask for ``credentials: "include"``, for which browsers demand the origin in place of ``*``.
    """
    return _cors(
        app,
        contract,
        response_headers,
        allow_origin_regex=".*",
        allow_headers=["*"],
        allow_credentials=True,
    )


def _cors(app: ASGIApp, contract: Contract, response_headers: Iterable[str], **allowed: Any) -> ASGIApp:
    return _Cors(
        app,
        allow_methods=sorted({operation.method.upper() for operation in contract.operations} | {"HEAD"}),
        expose_headers=sorted({*ALWAYS_EXPOSED, *response_headers, *_response_headers(contract)}),
        max_age=PREFLIGHT_SECONDS,
        **allowed,
    )


def _are_names(requested: str) -> bool:
    return len(requested) <= MOST_REQUESTED_BYTES and all(map(_NAME.fullmatch, requested.split(",")))


def _request_headers(contract: Contract) -> Iterable[str]:
    """Headers that a page must be allowed to send: credentials, preferences, bodies, parameters."""
    yield from ("Content-Type", "Prefer", "X-Request-ID")
    for scheme in contract.security_schemes.values():
        if scheme["type"] == "apiKey":
            if scheme["in"] == "header":
                yield scheme["name"]
        else:
            yield "Authorization"
    for operation in contract.operations:
        yield from (parameter["name"] for parameter in operation.parameters if parameter["in"] == "header")


def _response_headers(contract: Contract) -> Iterable[str]:
    for operation in contract.operations:
        for response in operation.responses.values():
            yield from response.get("headers", {})
