"""The checksums that S3 verifies, each fed block by block."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

import anycrc

from .errors import S3Error, invalid_request, refusal

PREFIX = "x-amz-checksum-"
TYPE = "x-amz-checksum-type"
_NO_CHECKSUMS = frozenset({"x-amz-checksum-algorithm", TYPE, "x-amz-checksum-mode"})


class Hasher(Protocol):
    """Computes a checksum block by block."""

    def update(self, block: bytes, /) -> None:
        """Feed a block."""

    def digest(self) -> bytes:
        """Return the checksum of everything fed."""


class Crc:
    """A CRC by its name in anycrc's catalogue."""

    def __init__(self, name: str, size: int) -> None:
        self._model = anycrc.Model(name)
        self._value: int | None = None
        self._size = size

    def update(self, block: bytes) -> None:
        self._value = self._model.calc(block, self._value)

    def digest(self) -> bytes:
        """Return the checksum, most significant byte first."""
        return (self._value or 0).to_bytes(self._size, "big")


ALGORITHMS: Mapping[str, tuple[int, Callable[[], Hasher]]] = {
    "CRC32": (4, lambda: Crc("CRC32", 4)),
    "CRC32C": (4, lambda: Crc("CRC32C", 4)),
    "CRC64NVME": (8, lambda: Crc("CRC64-NVME", 8)),
    "SHA1": (20, lambda: hashlib.sha1(usedforsecurity=False)),
    "SHA256": (32, hashlib.sha256),
    "SHA512": (64, hashlib.sha512),
    "MD5": (16, lambda: hashlib.md5(usedforsecurity=False)),
}
"""Digest size in bytes and maker of each algorithm."""
DEFAULT = "CRC64NVME"
"""The algorithm of an object whose client names none."""
FULL_OBJECT = "FULL_OBJECT"
"""The type of a checksum of the content, not of the parts' checksums."""
COMPOSITE = "COMPOSITE"
"""The type of a checksum of the parts' checksums."""


class Checksum:
    """A checksum to verify, or merely to compute.

    Attributes:
        algorithm: its name in `ALGORITHMS`.
        claimed: the value that the client expects, in base64; None until it is known.
    """

    def __init__(self, algorithm: str, claimed: str | None = None) -> None:
        self.algorithm = algorithm
        self._size, maker = ALGORITHMS[algorithm]
        self._hasher = maker()
        self.claimed: str | None = None
        if claimed is not None:
            self.claim(claimed)

    @property
    def header(self) -> str:
        """The header field that carries it."""
        return PREFIX + self.algorithm.lower()

    def claim(self, value: str) -> None:
        """Set the value that the client expects; raise InvalidRequest if it cannot be such a checksum."""
        if len(_decoded(value)) != self._size:
            raise invalid_request(f"Value for {self.header} header is invalid.")
        self.claimed = value

    def update(self, block: bytes) -> None:
        self._hasher.update(block)

    @property
    def digest(self) -> bytes:
        return self._hasher.digest()

    @property
    def value(self) -> str:
        """The checksum of the content so far, in base64."""
        return base64.b64encode(self.digest).decode()

    def check(self) -> None:
        """Raise BadDigest if it is not the value that the client expects."""
        if self.claimed is not None and _decoded(self.claimed) != self.digest:
            message = f"The {self.algorithm} you specified did not match the calculated checksum."
            raise S3Error(400, "BadDigest", message)


class ContentMd5:
    """The MD5 of the content: the ETag, and what ``Content-MD5`` is compared with."""

    def __init__(self, claimed: str | None) -> None:
        self._hasher = hashlib.md5(usedforsecurity=False)
        self._claimed = claimed
        if claimed is not None and len(_decoded(claimed)) != self._hasher.digest_size:
            raise refusal("InvalidDigest", **{"Content-MD5": claimed})

    def update(self, block: bytes) -> None:
        self._hasher.update(block)

    def check(self) -> None:
        """Raise BadDigest if it is not the value that the client expects."""
        calculated = base64.b64encode(self._hasher.digest()).decode()
        if self._claimed is not None and _decoded(self._claimed) != self._hasher.digest():
            message = "The Content-MD5 you specified did not match what we received."
            elements = {"ExpectedDigest": self._claimed, "CalculatedDigest": calculated}
            raise S3Error(400, "BadDigest", message, elements)

    @property
    def etag(self) -> str:
        """The ETag of an object with this content, without its quotes."""
        return self._hasher.hexdigest()


def is_checksum(header: str) -> bool:
    """Return whether a header, by its name in lower case, has the value of a checksum."""
    return header.startswith(PREFIX) and header not in _NO_CHECKSUMS


def claimed_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Return the one checksum that the headers (by name in lower case) name; None if they name none.

    Raises:
        S3Error: InvalidRequest, if there are several, one that S3 does not know, or that is only announced.
    """
    trailers = map(str.strip, headers.get("x-amz-trailer", "").lower().split(","))
    names = [*filter(is_checksum, headers), *filter(None, trailers)]
    algorithm = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if len(names) > 1:
        raise invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if names and algorithm not in ("", names[0].removeprefix(PREFIX).upper()):
        raise invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if names:
        return _named(names[0], headers.get(names[0]))
    if algorithm:
        raise invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
            "headers were found."
        )
    return None


def _named(header: str, claimed: str | None) -> Checksum:
    algorithm = header.removeprefix(PREFIX).upper()
    if algorithm not in ALGORITHMS:
        raise invalid_request("The algorithm type you specified in x-amz-checksum- header is invalid.")
    return Checksum(algorithm, claimed)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
