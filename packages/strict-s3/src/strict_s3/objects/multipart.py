"""Multipart uploads: parts, each in a file, that are assembled into one."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from strict_s3.messages.checksums import ALGORITHMS, COMPOSITE, FULL_OBJECT, PREFIX, Checksum
from strict_s3.messages.errors import S3Error, invalid_request, refusal
from strict_s3.messages.integers import whole_number
from strict_s3.messages.orders import MAX_OBJECT_BYTES
from strict_s3.messages.xml import parse
from strict_s3.store.content import Content, read_range
from strict_s3.store.records import Part

MIN_PART_BYTES = 5 * 1024**2
"""The minimum size of every part but the last."""

MAX_PART_NUMBER = 10_000

_ALGORITHM, _KIND = f"{PREFIX}algorithm", f"{PREFIX}type"
_SIZE = "x-amz-mp-object-size"
_KINDS = {"CRC64NVME": (FULL_OBJECT,)} | dict.fromkeys(("MD5", "SHA1", "SHA256", "SHA512"), (COMPOSITE,))
_KINDS_OF_OTHERS = (COMPOSITE, FULL_OBJECT)


class ListedPart(NamedTuple):
    """A part as CompleteMultipartUpload lists it; `checksums` by algorithm."""

    number: int
    etag: str
    checksums: Mapping[str, str]


def checksum_of_upload(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with the algorithm and the kind of an upload's checksum; none without one.

    Raises:
        S3Error: InvalidRequest, if S3 knows no such checksum.
    """
    algorithm, kind = headers.get(_ALGORITHM, "").upper(), headers.get(_KIND)
    if not algorithm and kind is not None:
        raise invalid_request(f"The {_KIND} header can only be used with the {_ALGORITHM} header.")
    if not algorithm:
        return {}
    if algorithm not in ALGORITHMS:
        algorithms = ", ".join(ALGORITHMS)
        message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        raise invalid_request(f"{message}[{algorithms}]")
    if kind not in (None, *_KINDS_OF_OTHERS):
        raise invalid_request(f"Value for {_KIND} header is invalid.")
    kinds = _KINDS.get(algorithm, _KINDS_OF_OTHERS)
    if kind not in (None, *kinds):
        algorithm = algorithm.lower()
        raise invalid_request(
            f"The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    return {_ALGORITHM: algorithm, _KIND: kind or kinds[0]}


def parse_parts(document: bytes) -> list[ListedPart]:
    """Read the body of CompleteMultipartUpload: the number, the ETag and the checksums of each part.

    Raises:
        S3Error: MalformedXML, InvalidPartOrder; InvalidRequest if there is no part.
    """
    parts = [
        ListedPart(
            whole_number(part.findtext("PartNumber")) or 0,
            part.findtext("ETag", "").strip('"'),
            {name: value for name in ALGORITHMS if (value := part.findtext(f"Checksum{name}"))},
        )
        for part in parse(document).iterfind("Part")
    ]
    if not parts:
        raise invalid_request("You must specify at least one part")
    numbers = [part.number for part in parts]
    if 0 in numbers:
        raise refusal("MalformedXML")
    if numbers != sorted(set(numbers)):
        raise refusal("InvalidPartOrder")
    return parts


def assemble(
    listed: Sequence[ListedPart],
    uploaded: Mapping[int, Part],
    folder: Path,
    new_content: Callable[[Checksum | None], Content],
    algorithm: str,
    claims: Mapping[str, str],
    *,
    composite: bool,
) -> tuple[Content, str, str | None]:
    """Assemble an object of its parts.

    Args:
        listed: the parts in the request.
        uploaded: the parts that exist, by number.
        folder: of the parts' files.
        new_content: returns content with this checksum, still to be received.
        algorithm: of the object's checksum.
        claims: the headers (by name in lower case) with the expected size and checksum.
        composite: whether that is a checksum of the parts' checksums.

    Returns:
        The content, the ETag and the checksum of the object.

    Raises:
        S3Error: InvalidPart, EntityTooSmall, BadDigest; InvalidRequest if a checksum is not listed that has
            to be, or the size is not what is claimed.
    """
    if composite:
        _check_listed(listed, algorithm)
    parts = [_part(entry, uploaded) for entry in listed]
    for entry, part in zip(listed[:-1], parts, strict=False):
        if part.size < MIN_PART_BYTES:
            raise refusal(
                "EntityTooSmall",
                ProposedSize=part.size,
                MinSizeAllowed=MIN_PART_BYTES,
                PartNumber=entry.number,
                ETag=entry.etag,
            )
    claimed, whole, checksum = claims.get(PREFIX + algorithm.lower()), None, None
    if composite:
        checksum = _composite(parts, algorithm)
        if checksum is not None and claimed not in (None, checksum, checksum.partition("-")[0]):
            message = f"The {algorithm.lower()} you specified did not match the calculated checksum."
            raise S3Error(400, "BadDigest", message)
    else:
        whole = Checksum(algorithm, claimed)
    with new_content(whole) as content:
        for part in parts:
            content.receive(read_range(folder / part.file, 0, part.size), len(parts) * MAX_OBJECT_BYTES)
        content.check()
        if claims.get(_SIZE) not in (None, str(content.size)):
            raise invalid_request(
                f"The provided '{_SIZE}' header value {claims[_SIZE]} does not match what was computed: "
                f"{content.size}"
            )
    etag = hashlib.md5(
        b"".join(bytes.fromhex(entry.etag) for entry in listed), usedforsecurity=False
    ).hexdigest()
    return content, f"{etag}-{len(parts)}", whole.value if whole else checksum


def _check_listed(listed: Sequence[ListedPart], algorithm: str) -> None:
    for part in listed:
        if algorithm not in part.checksums:
            raise invalid_request(
                f"The upload was created using a {algorithm.lower()} checksum. The complete request must "
                f"include the checksum for each part. It was missing for part {part.number} in the request."
            )


def _part(listed: ListedPart, uploaded: Mapping[int, Part]) -> Part:
    part = uploaded.get(listed.number)
    checksums = {part.algorithm: part.checksum} if part and part.checksum else {}
    if part is None or part.etag != listed.etag or not listed.checksums.items() <= checksums.items():
        raise refusal("InvalidPart", PartNumber=listed.number, ETag=listed.etag)
    return part


def _composite(parts: Sequence[Part], algorithm: str) -> str | None:
    """Return the checksum of the parts' checksums; None if a part has none."""
    checksums = [part.checksum for part in parts if part.algorithm == algorithm]
    if len(checksums) < len(parts):
        return None
    checksum = Checksum(algorithm)
    for part_checksum in checksums:
        checksum.update(base64.b64decode(part_checksum))
    return f"{base64.b64encode(checksum.digest).decode()}-{len(parts)}"
