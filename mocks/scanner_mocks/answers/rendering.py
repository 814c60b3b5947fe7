"""JSON values as bodies and headers of a media type."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

import msgspec

from scanner_api.binding.media_types import essence, is_json

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel: what an image looks like that nobody gave an example of."""
OF_RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
OF_KINDS = {"image": "png", "audio": "mpeg", "video": "mp4", "font": "woff2"}


def concrete(media_type: str) -> str:
    """Return a media type of a range, and any other as it is."""
    if "*" not in media_type:
        return media_type
    kind = media_type.partition("/")[0]
    return OF_RANGES.get(media_type) or f"{kind}/{OF_KINDS.get(kind, 'octet-stream')}"


def body_of(value: Any, media_type: str) -> bytes:
    """Return the bytes of a JSON value in a media type."""
    kind = essence(media_type)
    if is_json(kind):
        return msgspec.json.encode(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if kind.endswith(("/xml", "+xml")):
        return _document(value).encode()
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({name: _plain(each) for name, each in value.items()}).encode()
    return msgspec.json.encode(value)


def is_opaque(media_type: str) -> bool:
    """Tell whether only an example can say what a body of this media type looks like."""
    kind = essence(media_type)
    return kind.partition("/")[0] in OF_KINDS


def _document(value: Any, name: str = "answer") -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + "".join(_elements(name, value))


def _elements(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield f"<{name}>{''.join(part for each in value for part in _elements('item', each))}</{name}>"
    elif not isinstance(value, dict):
        yield f"<{name}>{escape(_plain(value))}</{name}>"
    else:
        inner = "".join(part for key, each in value.items() for part in _member(key, each))
        yield f"<{name}>{inner}</{name}>"


def _member(name: str, value: Any) -> Iterator[str]:
    """Yield a property as elements; one whose name no element can have is told in an attribute."""
    if name.isidentifier():
        yield from _elements(name, value)
        return
    (element,) = _elements("member", value)
    yield element.replace("<member", f"<member name={quoteattr(name)}", 1)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def header_value(value: Any) -> bytes | None:
    """Return a value in the style ``simple``; None for one that a header cannot hold."""
    if isinstance(value, dict):
        text = ",".join(f"{key},{_plain(each)}" for key, each in value.items())
    elif isinstance(value, list):
        text = ",".join(map(_plain, value))
    else:
        text = _plain(value)
    return text.encode() if text.isascii() and text.isprintable() and text == text.strip() else None
