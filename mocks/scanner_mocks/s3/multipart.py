"""Multipart uploads: parts, each a file, put together into one."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .checksums import Checksum, ContentMd5
from .content import Content, read_range
from .errors import S3Error, invalid_request, malformed_xml
from .policy import MAX_OBJECT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MIN_PART_BYTES = 5 * 1024**2
"""The least that a part other than the last must have."""

MAX_PART_NUMBER = 10_000


def parse_parts(document: bytes) -> list[tuple[int, str]]:
    """Read the body of CompleteMultipartUpload: the number and the ETag of each part.

    Raises:
        S3Error: MalformedXML, InvalidPartOrder; InvalidRequest if there is no part.
    """
    try:
        root = ET.fromstring(document)  # noqa: S314 -- expat itself limits how far entities expand
        parts = [
            (int(part.findtext("{*}PartNumber", "")), part.findtext("{*}ETag", "").strip('"'))
            for part in root.iterfind("{*}Part")
        ]
    except (ET.ParseError, ValueError):
        raise malformed_xml() from None
    if not parts:
        raise invalid_request("You must specify at least one part")
    numbers = [number for number, _ in parts]
    if numbers != sorted(set(numbers)):
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise S3Error(400, "InvalidPartOrder", message)
    return parts


def assemble(
    listed: Sequence[tuple[int, str]],
    uploaded: Mapping[int, Content],
    folder: Path,
    algorithm: str | None,
    *,
    composite: bool,
) -> tuple[Content, str, str | None]:
    """Put parts together.

    Args:
        listed: number and ETag of the parts that the client wants.
        uploaded: the parts that there are, by number.
        folder: where the content goes.
        algorithm: of the checksum that the upload was begun with.
        composite: whether that is a checksum of the parts' checksums.

    Returns:
        The content, the ETag and the checksum of the object.

    Raises:
        S3Error: InvalidPart, EntityTooSmall.
    """
    parts = [_part(number, etag, uploaded) for number, etag in listed]
    for (number, etag), part in zip(listed[:-1], parts, strict=False):
        if part.size < MIN_PART_BYTES:
            raise _part_too_small(number, etag, part.size)
    whole = Checksum(algorithm) if algorithm and not composite else None
    with Content(folder, ContentMd5(None), whole) as content:
        for part in parts:
            content.receive(read_range(part.path, 0, part.size), len(parts) * MAX_OBJECT_BYTES)
    etag = hashlib.md5(b"".join(bytes.fromhex(etag) for _, etag in listed), usedforsecurity=False).hexdigest()
    checksum = whole.value if whole else _composite(parts, algorithm)
    return content, f"{etag}-{len(parts)}", checksum


def _part(number: int, etag: str, uploaded: Mapping[int, Content]) -> Content:
    part = uploaded.get(number)
    if part is None or part.md5.etag != etag:
        message = (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, "
            "or the specified entity tag may not match the part's entity tag."
        )
        raise S3Error(400, "InvalidPart", message, {"PartNumber": number, "ETag": etag})
    return part


def _part_too_small(number: int, etag: str, size: int) -> S3Error:
    message = "Your proposed upload is smaller than the minimum allowed size"
    elements: dict[str, str | int] = {
        "ProposedSize": size,
        "MinSizeAllowed": MIN_PART_BYTES,
        "PartNumber": number,
        "ETag": etag,
    }
    return S3Error(400, "EntityTooSmall", message, elements)


def _composite(parts: Sequence[Content], algorithm: str | None) -> str | None:
    """Return the checksum of the parts' checksums; None if one of them has none."""
    checksums = [part.checksum for part in parts if part.checksum and part.checksum.algorithm == algorithm]
    if algorithm is None or len(checksums) < len(parts):
        return None
    checksum = Checksum(algorithm)
    for one in checksums:
        checksum.update(one.digest)
    return f"{base64.b64encode(checksum.digest).decode()}-{len(parts)}"
