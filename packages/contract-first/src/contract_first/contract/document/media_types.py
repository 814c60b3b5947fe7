"""Media types of messages, and the ranges under which documents declare them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
KINDS = {"image": "png", "audio": "mpeg", "video": "mp4", "font": "woff2"}
"""Kinds of media types of which only an example can say what a body looks like, and a type of each."""


@lru_cache(maxsize=512)
def essence(value: str) -> str:
    """Return ``type/subtype`` of a media type, lower case, without parameters."""
    return value.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON or built on it (RFC 6839)."""
    return media_type == "application/json" or media_type.endswith("+json")


def is_xml(media_type: str) -> bool:
    """Tell whether a media type is XML or built on it (RFC 7303)."""
    return media_type.endswith(("/xml", "+xml"))


def is_binary(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema is of bytes, of a file in a form.

    It has ``format: binary`` in OpenAPI 3.0, for which 3.1 has a media type without a coding (section 4.4.2).
    """
    if schema.get("format") == "binary":
        return True
    return schema.get("contentMediaType") == "application/octet-stream" and "contentEncoding" not in schema


def concrete(media_type: str) -> str:
    """Return a media type of a range, and any other as it is."""
    if "*" not in media_type:
        return media_type
    kind = media_type.partition("/")[0]
    return RANGES.get(media_type) or f"{kind}/{KINDS.get(kind, 'octet-stream')}"


def charset(value: str, default: str = "utf-8") -> str:
    """Return the charset of a Content-Type, lower case, or the default."""
    parameters = (parameter.strip().lower() for parameter in value.split(";")[1:])
    named = (
        parameter.removeprefix("charset=").strip('"')
        for parameter in parameters
        if parameter.startswith("charset=")
    )
    return next(named, default)


def ranges_for(media_type: str) -> tuple[str, str, str]:
    """Return the keys under which a document may declare a media type, the most specific first."""
    return media_type, media_type.partition("/")[0] + "/*", "*/*"


def declared_as(content_type: str, content: Iterable[str]) -> str | None:
    """Return the key under which a document declares the media type of a Content-Type, if it does."""
    by_name = {name.lower(): name for name in content}
    if content_type.lower() in by_name:
        return by_name[content_type.lower()]
    by_essence = {essence(name): name for name in by_name.values()}
    return next((by_essence[name] for name in ranges_for(essence(content_type)) if name in by_essence), None)
