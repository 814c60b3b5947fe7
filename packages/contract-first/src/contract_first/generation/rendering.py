"""JSON values as bodies and headers of a media type."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from contract_first.contract.document.json_types import text_of
from contract_first.contract.document.media_types import KINDS, essence, is_json, is_xml
from contract_first.contract.schemas.schema import Schema
from contract_first.service.messages.response import Rendered
from contract_first.service.request.sequences import body_of_items, is_sequence
from contract_first.service.response.xml_writer import xml_of


def is_opaque(media_type: str) -> bool:
    """Tell whether a body of this media type can only be an example."""
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
    if is_xml(kind):
        return xml_of(value, schema, media_type)
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({name: text_of(member) for name, member in value.items()}).encode()
    return msgspec.json.encode(value)


def with_value(rendered: Rendered, value: Any, media_type: str, schema: Schema) -> Rendered:
    """Return a response with another value as its body, in the same media type."""
    return with_content(rendered, body_of(value, media_type, schema))


def with_content(rendered: Rendered, content: bytes) -> Rendered:
    """Return a response with another body of the same media type."""
    fields = [field for field in rendered.headers if field[0] != b"content-length"]
    length = (b"content-length", str(len(content)).encode())
    return Rendered(rendered.status, [*fields, length], content)


def header_value(value: Any) -> bytes | None:
    """Return a value in the style ``simple``; None for one that a header cannot hold."""
    if isinstance(value, dict):
        value = [part for member in value.items() for part in member]
    text = ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
    return text.encode() if text.isascii() and text.isprintable() and text == text.strip() else None
