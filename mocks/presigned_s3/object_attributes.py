"""GetObjectAttributes: what an object is, and the parts that it was uploaded in."""

from collections.abc import Mapping
from typing import Any

from .archive import parts_of
from .checksums import FULL_OBJECT
from .errors import invalid_argument
from .xml import Element, document, element, qualified

MAX_PARTS = 1000
_MAX_DIGITS = 9


def describe(key: Any, headers: Mapping[str, str]) -> bytes:
    """Return the document that says what the request asks of an object.

    Args:
        key: moto's key.
        headers: the request's headers by name in lower case.
    """
    elements = {
        "ETag": element("ETag", key.etag.strip('"')),
        "Checksum": _checksum(key),
        "ObjectParts": _parts(key, headers),
        "StorageClass": element("StorageClass", key.storage_class),
        "ObjectSize": element("ObjectSize", key.size),
    }
    asked = {name.strip() for name in headers.get("x-amz-object-attributes", "").split(",")}
    content = [found for name, found in elements.items() if name in asked and found is not None]
    return document(qualified("GetObjectAttributesResponse", *content))


def _checksum(key: Any) -> Element | None:
    if not key.checksum_value:
        return None
    # One of parts is without the number of parts here, unlike anywhere else.
    value = element(f"Checksum{key.checksum_algorithm}", key.checksum_value.partition("-")[0])
    kind = [element("ChecksumType", key.checksum_type)] if key.checksum_type else []
    return element("Checksum", value, *kind)


def _number(headers: Mapping[str, str], name: str, default: int) -> int:
    text = headers.get(f"x-amz-{name}") or str(default)
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise invalid_argument(f"Provided {name} not an integer or within integer range", name, text)
    return int(text)


def _parts(key: Any, headers: Mapping[str, str]) -> Element | None:
    """Return how many parts there are, and a page of them if each has a checksum of its own."""
    parts = parts_of(key)
    if not parts:
        return None
    count = element("PartsCount", len(parts))
    if key.checksum_type == FULL_OBJECT or not all(checksum for _, checksum in parts):
        return element("ObjectParts", count)
    marker, most = _number(headers, "part-number-marker", 0), _number(headers, "max-parts", MAX_PARTS)
    shown = [*enumerate(parts, 1)][marker:][:most]
    last = shown[-1][0] if shown else 0
    described = [
        element(
            "Part",
            element("PartNumber", number),
            element("Size", size),
            element(f"Checksum{key.checksum_algorithm}", checksum),
        )
        for number, (size, checksum) in shown
    ]
    return element(
        "ObjectParts",
        count,
        element("PartNumberMarker", marker),
        element("NextPartNumberMarker", last),
        element("MaxParts", most),
        element("IsTruncated", "true" if shown and last < len(parts) else "false"),
        *described,
    )
