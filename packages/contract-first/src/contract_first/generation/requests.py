"""A valid request of each operation: what a client sends, and the status that it expects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from contract_first.contract import Contract, Operation
from contract_first.contract.document.anatomy import STYLES
from contract_first.contract.document.json_types import text_of
from contract_first.contract.document.media_types import concrete, essence
from contract_first.contract.schemas.schema import MISSING, Schema, Schemas

from .files import file_of
from .generator import Generator
from .rendering import body_of, is_opaque

if TYPE_CHECKING:
    import httpx2

MOST_EXAMINED = 40
"""Values of a place that are validated before the request is given up."""
JSON = re.compile(r"\bjson\b")
ALWAYS_SENT = frozenset({"accept-encoding", "connection", "user-agent"})
"""Header fields that a client has values for, which need not be the contract's."""
SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
FORM = "multipart/form-data"
NOT_FOUND = 404
Pairs = list[tuple[str, str]]


class SampleRequest(NamedTuple):
    """A valid request of an operation.

    Attributes:
        path: texts of path parameters by name, as they are sent, as are those of `headers` and `cookies`.
        query: names and texts.
        body: value of the body; MISSING where none is sent.
        media_type: of the body.
        content: the body, as it is sent.
        expected: statuses of the response: the successes, and 404 where the path names an item.
    """

    operation: Operation
    path: dict[str, str]
    query: Pairs
    headers: dict[str, str]
    cookies: dict[str, str]
    body: Any
    media_type: str
    content: bytes | None
    expected: tuple[int, ...]

    def __str__(self) -> str:
        return self.operation.label

    @property
    def method(self) -> str:
        """The method, as it is sent."""
        return self.operation.method.upper()

    @property
    def target(self) -> str:
        """The path, with its parameters filled in."""
        return re.sub(r"{([^{}]*)}", lambda match: self.path[match[1]], self.operation.path)

    @property
    def fields(self) -> dict[str, str]:
        """The header fields, those of cookies and of the body's media type among them."""
        fields = dict(self.headers)
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        if self.content is not None and self.media_type != FORM:
            fields["Content-Type"] = self.media_type
        return fields

    def send(self, client: httpx2.Client) -> httpx2.Response:
        """Send it by a client whose base URL is that of the API, and return the response."""
        body: dict[str, Any] = {"files": self.form} if self.form else {"content": self.content}
        return client.request(self.method, self.target, params=[*self.query], headers=self.fields, **body)

    @property
    def form(self) -> list[tuple[str, tuple[str | None, str, str | None]]]:
        """The parts of a body in ``multipart/form-data``: name, and file name, text and media type."""
        if self.media_type != FORM or not isinstance(self.body, dict):
            return []
        encodings = first_content(self.operation.request_body or {})[1].get("encoding", {})
        parts = []
        for name, member in self.body.items():
            declared = encodings.get(name, {}).get("contentType", "").partition(",")[0]
            for item in member if isinstance(member, list) else [member]:
                media_type = declared or ("application/json" if isinstance(item, dict | list) else None)
                parts.append((name, (name if declared else None, text_of(item), media_type)))
        return parts


class Samples:
    """Generates valid requests, always the same for a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.schemas.view(formats=True).for_requests
        self._generator = Generator(self._schemas, seed="samples")
        self._requests: dict[str, SampleRequest | None] = {}

    def request(self, operation: Operation) -> SampleRequest | None:
        """Return a request with what the operation requires, and its body; None if none was found."""
        if operation.operation_id not in self._requests:
            self._requests[operation.operation_id] = self._request(operation)
        return self._requests[operation.operation_id]

    def _request(self, operation: Operation) -> SampleRequest | None:
        if (texts := self._texts(operation)) is None:
            return None
        body, media_type, content = MISSING, "", None
        if operation.request_body is not None:
            declared, holder = first_content(operation.request_body)
            body, media_type = self._value(holder, f"{operation.label} {declared}"), concrete(declared)
            if body is MISSING:
                return None
            schema = self._schemas.in_media_type(holder)
            content = file_of(essence(media_type)) or (
                b"sample" if is_opaque(media_type) else body_of(body, media_type, schema)
            )
        expected = (*(operation.successes or [operation.success]), *[NOT_FOUND] * bool(texts["path"]))
        path = {name: quote(text, safe=";=,.") for name, text in texts["path"]}
        fields = dict(texts["header"]), dict(texts["cookie"])
        sample = SampleRequest(operation, path, texts["query"], *fields, body, media_type, content, expected)
        route = self._contract.deployment.route(sample.method, sample.target)
        return sample if route.operation_id == operation.operation_id else None

    def _texts(self, operation: Operation) -> dict[str, Pairs] | None:
        """Return the parameters to send, by place; None if one that is required cannot be."""
        texts: dict[str, Pairs] = {place: [] for place in STYLES}
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            if not parameter.get("required") and (place != "header" or name.lower() not in ALWAYS_SENT):
                continue
            value = self._value(parameter, f"{operation.label} {name}", name)
            pairs = [] if value is MISSING or place not in STYLES else spelled(parameter, value)
            if not pairs or not all(_is_sendable(place, text) for _, text in pairs):
                return None
            texts[place] += pairs
        return texts

    def _value(self, holder: Mapping[str, Any], name: str, member: str = "") -> Any:
        """Return the first valid value of a parameter or body: its examples, then generated ones."""
        schema = schema_of(holder, self._schemas)
        examples = map(self._contract.resolve, holder.get("examples", {}).values())
        generated = self._generator.values(schema.node, name, member=member)
        values = chain(
            [holder["example"]] if "example" in holder else [],
            (example["value"] for example in examples if "value" in example),
            chain.from_iterable((_sparing(schema, value), value) for value in generated),
        )
        valid = (value for value in islice(values, MOST_EXAMINED) if self._is_valid(schema.node, value))
        return next(valid, MISSING)

    def _is_valid(self, node: Any, value: Any) -> bool:
        try:
            return self._schemas.accepts(node, value)
        except (LookupError, ValueError):  # it cannot be compiled
            return False


def _sparing(schema: Schema, value: Any) -> Any:
    """Return a value without optional members: an API may compare them with what it has stored."""
    if not isinstance(value, dict):
        return value
    required = schema.required_of(value)
    return {name: member for name, member in value.items() if name in required}


def contents(holder: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the media types and their Media Type Objects, those of JSON first."""
    return sorted(holder.get("content", {}).items(), key=lambda content: not JSON.search(content[0]))


def first_content(holder: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the first media type and its Media Type Object, that of JSON if there is any."""
    return next(iter(contents(holder)), ("", {}))


def schema_of(holder: Mapping[str, Any], schemas: Schemas) -> Schema:
    """Return the schema of a parameter or body, also if it is in a ``content``."""
    return schemas.in_media_type(first_content(holder)[1] if "content" in holder else holder)


def spelled(parameter: Mapping[str, Any], value: Any) -> Pairs:
    """Return the names and texts that a parameter is sent as, by its style (OpenAPI 3.1, section 4.8.12)."""
    name = parameter["name"]
    if "content" in parameter:
        return [(name, json.dumps(value))]
    style = parameter.get("style", STYLES[parameter["in"]])
    explodes = parameter.get("explode", style == "form")
    is_object = isinstance(value, dict)
    listed = value if isinstance(value, list) else [value]
    items = value.items() if is_object else [(name, item) for item in listed]
    pairs = [(key, text_of(item)) for key, item in items]
    if style == "deepObject" and is_object:
        return [(f"{name}[{key}]", text) for key, text in pairs]
    if style == "form" and explodes:
        return pairs
    if style == "matrix" and explodes:
        return [(name, "".join(f";{key}={text}" for key, text in pairs))]
    texts = [text for _, text in pairs]
    if is_object:
        texts = [f"{key}={text}" for key, text in pairs] if explodes else [*chain(*pairs)]
    if style == "label" and explodes:
        return [(name, "".join(f".{text}" for text in texts))]
    prefix = {"matrix": f";{name}=", "label": "."}.get(style, "")
    return [(name, prefix + SEPARATORS.get(style, ",").join(texts))]


def _is_sendable(place: str, text: str) -> bool:
    is_field = place in {"header", "cookie"}
    return text not in {"", ".", ".."} and (not is_field or (text.isascii() and text.isprintable()))
