"""What a handler returns, as an HTTP response that conforms to the contract.

Every response is validated as it will be sent: its status, its headers, its body's bytes read back. A
compiled filter accepts what surely conforms; openapi-core decides on the rest.
"""

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from contract_first.bounded import BoundedDict
from contract_first.contract import Operation
from contract_first.contract.document.anatomy import NO_BODY
from contract_first.contract.document.media_types import declared_as, essence, is_json, is_xml
from contract_first.contract.schemas.schema import Schema, Schemas
from contract_first.service.messages.problems import ERRORS, Problem, ViolationError
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import RawHeaders, Rendered, Response, Streamed
from contract_first.service.request.sequences import EVENTS, body_of_items, is_sequence

from .absence import drop_absent, holds_model
from .accept_filter import AcceptFilter
from .negotiation import preferred
from .response_validation import ResponseValidator
from .streams import HEARTBEAT, ItemStream, bytes_of, content_of, is_stream_class, media_type_of
from .xml_writer import xml_of

log = logging.getLogger("contract_first.service.contract")
MOST_ERRORS = 10
MOST_REMEMBERED = 256
"""Media types: a handler may return others in each response."""
BYTES = bytes | bytearray | memoryview
TO_DECLARE = "; declare a default or an example of what no error says"
JSON_RANGES = frozenset({"*/*", "application/*"})


def produced(operation: Operation) -> list[str]:
    """Return the media types of an operation's successes."""
    return [
        media_type
        for code, response in operation.responses.items()
        if code[0] in "23d"
        for media_type in response.get("content", {})
    ]


def accepts(operation: Operation, schemas: Schemas) -> list[str]:
    """Return the values of ``Accept`` that an operation documents."""
    nodes = [part for node in operation.accepts for part in (node, *schemas.in_media_type(node).parts)]
    single = [node[key] for node in nodes for key in ("example", "default", "const") if key in node]
    listed = [value for node in nodes for value in node.get("enum", ())]
    return [value for value in (*single, *listed) if isinstance(value, str)]


@dataclass(eq=False, repr=False)
class ResponseRenderer:
    """Renders and validates what one operation's handler returns.

    Args:
        validator: of all responses of the contract.
        on_violation: called with the operation of a response that violates the contract.
        reveal: tell clients how it does.
    """

    operation: Operation
    validator: ResponseValidator
    on_violation: Callable[[Operation], None]
    _: KW_ONLY
    reveal: bool

    def __post_init__(self) -> None:
        self._status = self.operation.success
        self._media_types: dict[tuple[int, type], list[str]] = {}
        self._json_schemas: BoundedDict[tuple[int, str], Schema] = BoundedDict(MOST_REMEMBERED)
        self._schemas = self.validator.contract.schemas
        self._filter = AcceptFilter(self.operation, self._schemas)

    def render(self, returned: Any, request: Request) -> Rendered:
        """Return the response, or raise ViolationError if it violates the contract."""
        response = Response.of(returned)
        if response.headers:
            response = _described(response)
        status = response.status or self._status
        if is_stream_class(response.body.__class__):
            return self._streamed(response, status, request)
        fields = _fields(response, request) if response.headers or response.cookies else []
        if status in NO_BODY and (self.operation.response_for(status) or {}).get("content"):
            media_type, value = None, None
        else:
            media_type, value = self._media_type(status, response, request, fields), response.body
        body = self._encoded(status, value, media_type, request)
        schema = self._json_schema(status, media_type)
        if schema is not None and schema.has_write_only and holds_model(value):
            body = _without_absent(body, schema)
        if body or media_type is not None:
            fields.append((b"content-type", _content_type(media_type, isinstance(value, BYTES))))
        rendered = _rendered(status, fields, body, request)
        if self._filter.accepts(rendered, media_type):
            return rendered
        return self._valid(rendered, fields, media_type, value, request)

    def _media_type(
        self, status: int, response: Response, request: Request, fields: RawHeaders
    ) -> str | None:
        """Return what a body is sent as, None where nothing is declared; ``Vary`` where clients choose."""
        if response.media_type:
            return response.media_type
        media_types = self._media_types_of(status, response.body, request)
        media_type = media_types[0] if media_types else None
        if len(media_types) > 1:
            media_type = preferred(request.header(b"accept"), media_types)
            fields.append((b"vary", b"accept"))
        is_range = media_type is not None and "*" in media_type
        return of_range(media_type, response.body) if media_type is not None and is_range else media_type

    def _json_schema(self, status: int, media_type: str | None) -> Schema | None:
        """Return the schema of JSON bodies of a status and a media type, None for others."""
        key = status, media_type or ""
        if key not in self._json_schemas:
            if media_type is None or not is_json(essence(media_type)):
                return None  # others are not remembered: a client may have named them
            self._json_schemas[key] = self._schema(status, media_type)
        return self._json_schemas[key]

    def _schema(self, status: int, media_type: str) -> Schema:
        """Return the schema of the bodies of a status and a media type."""
        content = (self.operation.response_for(status) or {}).get("content", {})
        holder = content.get(declared_as(media_type, content), {})
        return self._schemas.for_responses.in_media_type(holder)

    def _streamed(self, response: Response, status: int, request: Request) -> Streamed:
        """Return a response whose body is made while it is sent, items validated one by one."""
        content = (self.operation.response_for(status) or {}).get("content", {})
        media_type = response.media_type or media_type_of(response.body, content)
        headers = [
            *_fields(response, request),
            (b"content-type", (media_type or "application/octet-stream").encode()),
        ]
        idle = b""
        if isinstance(response.body, Path):
            headers.append((b"content-length", b"%d" % response.body.stat().st_size))
            chunks = content_of(response.body)
        elif media_type is not None and is_sequence(media_type):
            items = self._items(status, media_type, request)
            chunks = items.chunks(response.body, partial(_plain, request=request))
            idle = HEARTBEAT if essence(media_type) == EVENTS else b""
        else:
            chunks = bytes_of(response.body)
        streamed = Streamed(status, [*headers, *request.response_headers], b"", chunks, idle)
        if errors := self.validator.errors_of_head(self.operation, streamed, media_type):
            self._report(errors, request, status)
        return streamed

    def _items(self, status: int, media_type: str, request: Request) -> ItemStream:
        return ItemStream(
            media_type,
            self._schema(status, media_type),
            partial(self._report, request=request, status=status),
        )

    def _encoded(self, status: int, body: Any, media_type: str | None, request: Request) -> bytes:
        """Return the bytes of a body; of objects and lists as XML for an XML media type."""
        if isinstance(body, BYTES):
            return bytes(body)
        if media_type is None:
            return b"" if body is None else str(body).encode()
        if media_type == "application/json" or is_json(essence(media_type)):
            return msgspec.json.encode(body, enc_hook=partial(_json_value, request))
        value = _plain(body, request)
        if isinstance(value, dict | list | tuple) and is_xml(essence(media_type)):
            schema = self._schema(status, media_type)
            if holds_model(body):
                drop_absent(value, schema)
            return xml_of(value, schema, media_type)
        if isinstance(value, list | tuple) and is_sequence(media_type):
            return self._sequence(status, [*value], body, media_type, request)
        return _text(value, body, media_type)

    def _sequence(
        self, status: int, values: list[Any], body: Any, media_type: str, request: Request
    ) -> bytes:
        """Return a list as the items of a stream that is sent at once."""
        items = self._items(status, media_type, request)
        for item in values if holds_model(body) else ():
            items.drop_absent(item)
        return body_of_items(values, media_type)

    def _media_types_of(self, status: int, body: Any, request: Request) -> list[str]:
        """Return the media types that a body may be sent as, at most the first that a status declares.

        Of an object or a list they are all that take it, with the schema of the first: whether the response
        conforms is not for the client to choose.
        """
        key = status, body.__class__
        if key not in self._media_types:
            declared = self.operation.response_for(status)
            content = [*({"application/json": {}} if declared is None else declared.get("content", {}))]
            value = _plain(body, request)
            taking = [media_type for media_type in content if _takes(media_type, value)]
            has_choice = taking and isinstance(value, dict | list | tuple)
            alike = [name for name in taking if self._key(status, name) == self._key(status, taking[0])]
            self._media_types[key] = alike if has_choice else (taking or content)[:1]
        return self._media_types[key]

    def _key(self, status: int, media_type: str) -> int | bytes:
        node, _ = self._schemas.meant(self._schema(status, media_type).node, "")
        return self._schemas.key(node)

    def _valid(
        self, rendered: Rendered, fields: RawHeaders, media_type: str | None, value: Any, request: Request
    ) -> Rendered:
        """Return a response that the filter does not accept, or raise ViolationError.

        A model has null where it has no value: members that may not be null are left out.
        """
        schema = self._json_schema(rendered.status, media_type)
        if schema is not None and b"null" in rendered.body and holds_model(value):
            rendered = _rendered(rendered.status, fields, _without_absent(rendered.body, schema), request)
            if self._filter.accepts(rendered, media_type):
                return rendered
        if errors := self.validator.errors(self.operation, rendered, media_type):
            self._report(errors, request, rendered.status)
        return rendered

    def _report(self, errors: list[str], request: Request, status: int) -> NoReturn:
        """Log how a response violates the contract, and raise ViolationError."""
        stated = "; ".join(errors[:MOST_ERRORS])
        pointers = self.operation.pointers.responses
        log.error(
            "%s violated the contract with %d at %s: %s%s (request %s)",
            self.operation.operation_id,
            status,
            pointers.get(self.operation.response_key(status) or "", self.operation.pointer),
            stated,
            TO_DECLARE if status in ERRORS else "",
            request.request_id,
        )
        self.on_violation(self.operation)
        raise ViolationError(f"The response violates the contract: {stated}" if self.reveal else "")


def _rendered(status: int, fields: RawHeaders, body: bytes, request: Request) -> Rendered:
    """Return a response with its length, and with what all responses to the request have."""
    is_sized = status != 204  # noqa: PLR2004 -- RFC 9110, section 8.6: no Content-Length in a 204
    length = [(b"content-length", b"%d" % len(body))] if is_sized else []
    return Rendered(status, [*fields, *length, *request.response_headers], body)


def _described(response: Response) -> Response:
    """Return a response whose Content-Type, if it is among the headers, is its media type.

    A Content-Length among them is left out, as the body decides on it, unless that is streamed.
    """
    headers = dict(response.headers)
    names = {name.lower(): name for name in headers}
    media_type = headers.pop(names.get("content-type", ""), None)
    if isinstance(response.body, Path) or not is_stream_class(response.body.__class__):
        headers.pop(names.get("content-length", ""), None)
    return msgspec.structs.replace(response, headers=headers, media_type=response.media_type or media_type)


def _fields(response: Response, request: Request) -> RawHeaders:
    """Return the header fields that a handler gave a response, a cookie each."""
    for name, value in response.headers.items():
        if not isinstance(value, str):
            kind = type(value).__name__
            raise TypeError(f"The header {name!r} of a response is of type {kind}; expected str.")
    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    cookies = [cookie.header(request.root_path) for cookie in response.cookies]
    return fields + [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]


def _without_absent(body: bytes, schema: Schema) -> bytes:
    """Return the JSON of models without the members that a response lacks."""
    value = msgspec.json.decode(body)
    drop_absent(value, schema)
    return msgspec.json.encode(value)


@lru_cache(maxsize=MOST_REMEMBERED)
def _content_type(media_type: str | None, is_bytes: bool) -> bytes:  # noqa: FBT001 -- a key
    """Return a Content-Type; clients take text for Latin-1 where nothing says that it is UTF-8."""
    if media_type is None:
        return b"application/octet-stream"
    is_ours = media_type.lower().startswith("text/") and not (is_bytes or is_sequence(media_type))
    lacks_charset = is_ours and "charset=" not in media_type.lower()
    return f"{media_type}{'; charset=utf-8' if lacks_charset else ''}".encode()


def _takes(media_type: str, value: Any) -> bool:
    """Tell whether a value can be sent as a media type or one of a range: objects and lists are no text."""
    if not isinstance(value, dict | list | tuple):
        return True
    is_items = not isinstance(value, dict) and is_sequence(media_type)
    kind = essence(media_type)
    return is_json(kind) or media_type in JSON_RANGES or is_items or is_xml(kind)


def of_range(media_range: str, body: Any) -> str:
    """Return the media type of a range that a body is sent as, where the handler does not say."""
    if media_range == "text/*":
        return "text/plain"
    is_bytes = isinstance(body, BYTES)
    return "application/octet-stream" if is_bytes else "application/json"


def _text(value: Any, body: Any, media_type: str) -> bytes:
    """Return the text of a body that is not JSON; a UUID or a datetime is spelled as in JSON."""
    if not isinstance(value, str | int | float | None) or (value is None and media_type.startswith("text/")):
        kind = type(body).__name__
        raise TypeError(f"A handler returned a {kind} for {media_type}; expected str or bytes.")
    return b"" if value is None else str(value).encode()


def _plain(body: Any, request: Request) -> Any:
    """Return a body as a JSON value; other values as their text, or unchanged without one."""
    kind: Any = type(body)
    try:
        return msgspec.to_builtins(body, enc_hook=partial(_json_value, request))
    except NotImplementedError:
        return body if kind.__str__ is object.__str__ else str(body)


def _json_value(request: Request, value: Any) -> Any:
    """Return what msgspec cannot: problems and pydantic's models, written JSON as a JSON value."""
    if isinstance(value, Problem):
        return request.problem_details(value)
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    if hasattr(value, "model_dump_json"):
        return msgspec.Raw(value.model_dump_json(by_alias=True))
    raise NotImplementedError(f"{type(value).__name__} is not a JSON value.")
