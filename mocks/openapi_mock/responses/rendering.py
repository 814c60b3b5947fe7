"""JSON values as bodies and headers of a media type; XML as the XML Objects of schemas have it.

XML follows OpenAPI 3.1, section 4.8.26.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

import msgspec

from openapi_contract.schemas import ANYTHING, Schema
from openapi_service.media_types import essence, is_json
from openapi_service.responses import Rendered
from openapi_service.sequences import body_of_items, is_sequence

RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
KINDS = {"image": "png", "audio": "mpeg", "video": "mp4", "font": "woff2"}
"""Kinds of media types of which only an example can say what a body looks like, and a type of each."""
NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
ROOT, ITEM = "answer", "item"
"""What the outermost element and its items are called where the contract gives them no name."""


def concrete(media_type: str) -> str:
    """Return a media type of a range, and any other as it is."""
    if "*" not in media_type:
        return media_type
    kind = media_type.partition("/")[0]
    return RANGES.get(media_type) or f"{kind}/{KINDS.get(kind, 'octet-stream')}"


def is_opaque(media_type: str) -> bool:
    """Tell whether only an example can say what a body of this media type looks like."""
    return essence(media_type).partition("/")[0] in KINDS


def body_of(value: Any, media_type: str, schema: Schema) -> bytes:
    """Return the bytes of a JSON value in a media type.

    Args:
        schema: of the value, which says how it is written as XML (RFC 7303).
    """
    kind = essence(media_type)
    if isinstance(value, str) and not is_json(kind):
        return value.encode("utf-8", "replace")
    if is_sequence(kind):
        return body_of_items(value, kind)
    if kind.endswith(("/xml", "+xml")):
        return _xml_document(value, schema).encode()
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({name: _plain(each) for name, each in value.items()}).encode()
    return msgspec.json.encode(value)


def with_value(rendered: Rendered, value: Any, media_type: str, schema: Schema) -> Rendered:
    """Return a response with another value as its body, in the same media type."""
    content = body_of(value, media_type, schema)
    fields = [each for each in rendered.headers if each[0] != b"content-length"]
    length = (b"content-length", str(len(content)).encode())
    return Rendered(rendered.status, [*fields, length], content)


def header_value(value: Any) -> bytes | None:
    """Return a value in the style ``simple``; None for one that a header cannot hold."""
    if isinstance(value, dict):
        value = [part for member in value.items() for part in member]
    text = ",".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
    return text.encode() if text.isascii() and text.isprintable() and text == text.strip() else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _xml_document(value: Any, schema: Schema) -> str:
    """Return the XML document of a value."""
    name = schema.component or ROOT
    if isinstance(value, list):
        inner = "".join(_items(value, schema, _items_schema(schema, value).component or ITEM))
        written = _element(name, inner, _xml_object(schema, value))
    else:
        written = "".join(_elements(name, value, schema))
    return f'<?xml version="1.0" encoding="UTF-8"?>{written}'


def _elements(name: str, value: Any, schema: Schema) -> Iterator[str]:
    """Yield a value as an element; an array as one for each item, unless it is wrapped."""
    xml = _xml_object(schema, value)
    if isinstance(value, dict):
        yield _object(name, value, schema, xml)
    elif not isinstance(value, list):
        yield _element(name, escape(_text(value)), xml)
    elif xml.get("wrapped") is True:
        yield _element(name, "".join(_items(value, schema, xml.get("name", name))), xml)
    else:
        yield from _items(value, schema, xml.get("name", name))


def _items(values: list[Any], schema: Schema, name: str) -> Iterator[str]:
    items = _items_schema(schema, values)
    yield from (part for each in values for part in _elements(name, each, items))


def _object(name: str, value: dict[str, Any], schema: Schema, xml: dict[str, Any]) -> str:
    attributes, inner = "", ""
    for key, each in value.items():
        member = _member_schema(schema, value, key)
        own = _xml_object(member, each)
        if own.get("attribute") is True:
            attributes += f" {own.get('name', key)}={quoteattr(_text(each))}"
        else:
            inner += "".join(_elements(key, each, member))
    return _element(name, inner, xml, attributes)


def _xml_object(schema: Schema, value: Any) -> dict[str, Any]:
    """Return the XML Object of a schema, its own members before those of what it refers to."""
    xml: dict[str, Any] = {}
    for part in schema.applying(value):
        xml = {**part.get("xml", {}), **xml}
    return xml


def _items_schema(schema: Schema, value: Any) -> Schema:
    return schema.of(next((each["items"] for each in schema.applying(value) if "items" in each), ANYTHING))


def _member_schema(schema: Schema, value: Any, name: str) -> Schema:
    parts = list(schema.applying(value))
    named = (each["properties"][name] for each in parts if name in each.get("properties", ()))
    others = (each["additionalProperties"] for each in parts if "additionalProperties" in each)
    return schema.of(next(named, next(others, ANYTHING)))


def _element(name: str, inner: str, xml: dict[str, Any], attributes: str = "") -> str:
    """Return an element; a name that no element can have stands in an attribute."""
    name = xml.get("name", name)
    if not NAME.fullmatch(name):
        name, attributes = "member", f" name={quoteattr(name)}{attributes}"
    prefix = xml.get("prefix", "")
    tag = f"{prefix}:{name}" if prefix else name
    if "namespace" in xml:
        declared = f"xmlns:{prefix}" if prefix else "xmlns"
        attributes = f" {declared}={quoteattr(xml['namespace'])}{attributes}"
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _text(value: Any) -> str:
    return "" if value is None else _plain(value)
