"""A request to the API, as rules look at it."""

from collections import deque
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from starlette.requests import cookie_parser
from starlette.types import Receive, Scope

from contract_first.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import essence
from contract_first.contract.routing import Route
from contract_first.mock.journal.matching import is_beside_contracts
from contract_first.mock.journal.recording import SERVICE_KEY
from contract_first.mock.rule import Rule
from contract_first.service.messages.problems import BadRequest
from contract_first.service.request.budget import hold
from contract_first.service.request.decoding import read_json

SCOPE_HEADER = b"x-mock-scope"
MOST_READ_BYTES = 1024 * 1024
"""Of a body, for conditions on it."""
MOST_SEARCHED_BYTES = 64 * 1024
"""Of a body, for a text that it may mention."""


class ApiRequest:
    """A request to the API, as faults look at it; its parts are computed when a fault asks for them."""

    key = ""
    """No request to the API is for an object in S3."""

    item: Any = None
    """The stored item that it is for; None for none, or while no rule needs it."""

    def __init__(self, scope: Scope, contract: Contract, beginning: bytes = b"") -> None:
        self._scope = scope
        self.contract = contract
        self._beginning = beginning
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.service: str = scope.get(SERVICE_KEY, "")

    @cached_property
    def route(self) -> Route:
        """Its route in the contract."""
        raw: bytes = self._scope.get("raw_path") or self.path.encode()
        query = self._scope.get("query_string", b"")
        return self.contract.route(self.method, raw.decode("latin-1"), query, partial(header_of, self._scope))

    @property
    def operation(self) -> str:
        """The operationId; empty if there is none."""
        return self.route.operation_id

    @cached_property
    def is_beside(self) -> bool:
        """Whether it is for no contract, such as a browser's for an icon: a fault has to name its path."""
        return is_beside_contracts(self.path) and not self.route.methods

    def is_considered(self, rule: Rule) -> bool:
        """Return whether a rule may apply to it."""
        return rule.on == "api" and (bool(rule.match.path) or not self.is_beside)

    @cached_property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""
        return header_of(self._scope, SCOPE_HEADER) or ""

    def mentions(self, text: str) -> bool:
        """Return whether a text is a segment of the path, or in the query or the beginning of the body."""
        return (
            text in self.path.split("/")
            or text.encode() in self._scope["query_string"]
            or text.encode() in self._beginning[:MOST_SEARCHED_BYTES]
        )

    def values(self, place: str, name: str) -> Sequence[Any]:
        """Return the values under a name in query, headers or cookies, or by JSON pointer in body or item."""
        if place == "query":
            return self.query.get(name, ())
        if place == "headers":
            return [value for field, value in self.fields if field == name.lower()]
        if place == "cookies":
            return [self.cookies[name]] if name in self.cookies else ()
        try:
            documents = self.documents if place == "body" else [] if self.item is None else [self.item]
            return [pointers.lookup(document, name) for document in documents]
        except KeyError:
            return ()

    def described(self) -> dict[str, Any]:
        """Return what templates can name."""
        return {
            "method": self.method,
            "path": self.route.decoded_parameters,
            "url": self.path,
            "query": {name: values[0] for name, values in self.query.items()},
            "header": dict(reversed(self.fields)),
            "cookie": self.cookies,
            "body": next(iter(self.documents), None),
        }

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The values of the query, by name."""
        text = self._scope.get("query_string", b"").decode("latin-1")
        return parse_qs(text, keep_blank_values=True)

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """The header fields, with names in lower case."""
        return [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in self._scope["headers"]
        ]

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        return cookie_parser("; ".join(value for name, value in self.fields if name == "cookie"))

    @cached_property
    def documents(self) -> list[Any]:
        """The body as a JSON value; nothing if it is neither JSON nor a form, or not all there."""
        if len(self._beginning) >= MOST_READ_BYTES:
            return []
        kind = essence(dict(self.fields).get("content-type", ""))
        if kind == "application/x-www-form-urlencoded":
            return [dict(parse_qsl(self._beginning.decode("latin-1"), keep_blank_values=True))]
        try:
            return [read_json(self._beginning, "body")] if self._beginning else []
        except BadRequest:
            return []


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first value of a header field; None if it is not there."""
    return next((value.decode("latin-1") for field, value in scope["headers"] if field == name), None)


async def beginning_of(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """Return the first MiB of a body, 64 KiB of one in parts, and a ``receive`` that returns all of it.

    Raises:
        ServiceUnavailable: there is no room for it.
    """
    messages: deque[Any] = deque()
    is_in_parts = (header_of(scope, b"content-type") or "").lower().startswith("multipart/")
    most_bytes, read = MOST_SEARCHED_BYTES if is_in_parts else MOST_READ_BYTES, 0
    while read < most_bytes:
        message = await receive()
        size = len(message.get("body", b""))
        hold(scope, size)
        messages.append(message)
        read += size
        if not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)

    async def replay() -> Any:
        return messages.popleft() if messages else await receive()

    return body, replay
