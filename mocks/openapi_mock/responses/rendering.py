"""JSON values as bodies and headers of a media type; of XML, see :mod:`.xml_documents`."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import msgspec

from openapi_service.media_types import essence, is_json

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
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({name: _plain(each) for name, each in value.items()}).encode()
    return msgspec.json.encode(value)


def is_xml(media_type: str) -> bool:
    """Tell whether a media type is one of XML (RFC 7303)."""
    return essence(media_type).endswith(("/xml", "+xml"))


def is_opaque(media_type: str) -> bool:
    """Tell whether only an example can say what a body of this media type looks like."""
    kind = essence(media_type)
    return kind.partition("/")[0] in OF_KINDS


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
