"""GetObjectAttributes: the attributes of an object, and its parts."""

from collections.abc import Mapping
from typing import Any

from strict_s3.messages.checksums import FULL_OBJECT
from strict_s3.messages.errors import invalid_argument, invalid_request
from strict_s3.messages.integers import parts_page
from strict_s3.messages.xml import document
from strict_s3.store.records import parts_of

MAX_PARTS = 1000
_HEADER = "x-amz-object-attributes"


def describe(key: Any, headers: Mapping[str, str]) -> bytes:
    """Return the document with the requested attributes of an object.

    Raises:
        S3Error: InvalidRequest without an attribute, InvalidArgument for an unknown one.
    """
    attributes = {
        "ETag": key.etag.strip('"'),
        "Checksum": _checksum(key),
        "ObjectParts": _parts(key, headers),
        "StorageClass": key.storage_class,
        "ObjectSize": key.size,
    }
    names = [name.strip() for name in headers.get(_HEADER, "").split(",") if name.strip()]
    if not names:
        raise invalid_request(
            f"The {_HEADER} header specifying the attributes to be retrieved is either missing or empty"
        )
    for name in names:
        if name not in attributes:
            raise invalid_argument("Invalid attribute name specified.", _HEADER, name)
    content = {name: value for name, value in attributes.items() if name in names}
    return document("GetObjectAttributesResponse", content)


def _checksum(key: Any) -> dict[str, Any] | None:
    if not key.checksum_value:
        return None
    # One of parts is without the number of parts here, unlike anywhere else.
    value = key.checksum_value.partition("-")[0]
    return {f"Checksum{key.checksum_algorithm}": value, "ChecksumType": key.checksum_type or None}


def _parts(key: Any, headers: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the number of parts, and a page of them if each has a checksum."""
    parts = parts_of(key)
    if not parts:
        return None
    count = {"PartsCount": len(parts)}
    if key.checksum_type == FULL_OBJECT or not all(checksum for _, checksum in parts):
        return count
    marker, most = parts_page(lambda name: headers.get(f"x-amz-{name}"), MAX_PARTS)
    page = [*enumerate(parts, 1)][marker:][:most]
    last = page[-1][0] if page else 0
    return {
        **count,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": last,
        "MaxParts": most,
        "IsTruncated": bool(page) and last < len(parts),
        "Part": [
            {"PartNumber": number, "Size": size, f"Checksum{key.checksum_algorithm}": checksum}
            for number, (size, checksum) in page
        ],
    }
