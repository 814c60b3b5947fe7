"""The smallest app around a document, called in-process with what a server would hand over."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from contract_first.contract import Contract
from contract_first.service.assembly import Assembly
from contract_first.service.clock import SystemClock
from contract_first.service.connexion_adapter import bind
from contract_first.service.edge import Edge
from contract_first.service.messages.problems import ProblemProfile
from contract_first.service.options import Strictness

PROFILE = ProblemProfile(
    "https://errors.test/",
    lambda problem, request_id, now: {
        "error_code": problem.code,
        "retryable": problem.is_transient,
        "timestamp": now.isoformat(),
        "request_id": request_id,
    },
)
NO_CONTENT = {"204": {"description": ""}}


class OpenAuthenticator:
    """Lets everybody in and remembers what it was called with."""

    def __init__(self):
        self.arguments = None

    async def admit(self, *arguments):
        """Let the request in."""
        _, credentials, alternatives = arguments
        self.arguments = credentials, alternatives


@dataclass
class App:
    """A bound contract behind the edge; ``seen`` is what its handler was last given."""

    asgi: object
    authenticator: OpenAuthenticator
    call: Callable
    seen: dict = field(default_factory=dict)

    def __call__(self, method, target, body=b"", headers=None, *, events=None):
        """Send one request and return the Response, None if there was no response.

        Args:
            method: upper case.
            target: text, or bytes as they stand on the wire.
            body: the whole body.
            headers: by name, or pairs of bytes.
            events: ASGI messages instead of ``body``.
        """
        raw = target if isinstance(target, bytes) else target.encode()
        pairs = headers.items() if isinstance(headers, dict) else headers or ()
        fields = [_raw(name, value) for name, value in pairs]
        return self.call(self.asgi, method, raw, fields, events or [{"type": "http.request", "body": body}])

    def get(self, target, **headers):
        """Send a GET."""
        return self("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, target, body, media_type="application/json"):
        """Send a POST; what is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self("POST", target, raw, {"content-type": media_type} if media_type else {})


def _raw(name, value):
    name, value = (part if isinstance(part, bytes) else part.encode("latin-1") for part in (name, value))
    return name.lower(), value


@pytest.fixture(scope="session")
def serve(call_asgi):
    """Bind a document of these paths to handlers, by default to one that notes its arguments."""

    def make(
        paths,
        handlers=None,
        *,
        openapi="3.1.0",
        components=None,
        most_target_bytes=8000,
        strict=False,
        **options,
    ):
        document = {
            "openapi": openapi,
            "info": {"title": "t", "version": "1"},
            "paths": paths,
            "components": components or {},
        }
        contract = Contract(document=document, source="test", strict=strict)
        authenticator = options.pop("authenticator", None) or OpenAuthenticator()
        pages = options.pop("pages", {})
        seen = {}

        async def note(**arguments):
            seen.clear()
            seen.update(arguments)

        if handlers is None:
            handlers = {each.operation_id: note for each in contract.operations}
        fallback = options.pop("fallback", None)
        strict = {
            name: options.pop(name) for name in ("formats", "closed_query", "reveal") if name in options
        }
        strictness = Strictness(**{"formats": False, "reveal": True, **strict})
        bound = bind(Assembly(contract, authenticator, strictness=strictness, **options), handlers, fallback)
        edge = Edge(
            bound, clock=SystemClock(), pages=pages, most_target_bytes=most_target_bytes, profile=PROFILE
        )
        return App(edge, authenticator, call_asgi, seen)

    return make


@pytest.fixture(scope="session")
def taking(serve):
    """Bind ``GET /`` (or a path template) with these parameters."""

    def make(*parameters, path="/", **options):
        operation = {"operationId": "op", "parameters": list(parameters), "responses": NO_CONTENT}
        return serve({path: {"get": operation}}, **options)

    return make


@pytest.fixture(scope="session")
def reading(serve):
    """Bind ``POST /`` with a request body of this schema."""

    def make(schema, media_type="application/json", *, required=True, encoding=None, **options):
        content = {media_type: {"schema": schema, **({"encoding": encoding} if encoding else {})}}
        operation = {
            "operationId": "op",
            "requestBody": {"required": required, "content": content},
            "responses": NO_CONTENT,
        }
        return serve({"/": {"post": operation}}, **options)

    return make


@pytest.fixture(scope="session")
def responding(serve):
    """Bind ``GET /`` that declares these responses to a handler that returns ``returned``."""

    def make(responses, returned, **options):
        async def op():
            return returned

        operation = {"operationId": "op", "responses": responses}
        return serve({"/": {"get": operation}}, {"op": op}, **options)

    return make
