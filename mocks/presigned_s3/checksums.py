"""The checksums that S3 verifies, each fed block by block."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from functools import cache
from typing import TYPE_CHECKING, Protocol

from .errors import S3Error, invalid_request, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "x-amz-checksum-"
_NO_CHECKSUMS = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode"})


class Hasher(Protocol):
    """A checksum in the making."""

    def update(self, block: bytes, /) -> None:
        """Feed a block."""
        ...

    def digest(self) -> bytes:
        """Return the checksum of everything fed."""
        ...


class Crc32:
    """CRC-32, as in zlib."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, block: bytes) -> None:
        """Feed a block."""
        self._value = zlib.crc32(block, self._value)

    def digest(self) -> bytes:
        """Return the checksum, most significant byte first."""
        return self._value.to_bytes(4, "big")


class ReflectedCrc:
    """A reflected CRC without a library: correct, at some ten megabytes a second."""

    def __init__(self, bits: int, polynomial: int) -> None:
        self._table = _crc_table(polynomial)
        self._mask = (1 << bits) - 1
        self._value = self._mask
        self._bytes = bits // 8

    def update(self, block: bytes) -> None:
        """Feed a block."""
        table, value = self._table, self._value
        for byte in block:
            value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
        self._value = value

    def digest(self) -> bytes:
        """Return the checksum, most significant byte first."""
        return (self._value ^ self._mask).to_bytes(self._bytes, "big")


@cache
def _crc_table(polynomial: int) -> tuple[int, ...]:
    def entry(value: int) -> int:
        for _ in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        return value

    return tuple(map(entry, range(256)))


ALGORITHMS: Mapping[str, tuple[int, Callable[[], Hasher]]] = {
    "CRC32": (4, Crc32),
    "CRC32C": (4, lambda: ReflectedCrc(32, 0x82F63B78)),
    "CRC64NVME": (8, lambda: ReflectedCrc(64, 0x9A6C9329AC4BC9B5)),
    "SHA1": (20, lambda: hashlib.sha1(usedforsecurity=False)),
    "SHA256": (32, hashlib.sha256),
}
"""Digest size in bytes and maker of each algorithm."""


class Checksum:
    """A checksum that the client wants verified, or merely computed.

    Attributes:
        algorithm: its name in `ALGORITHMS`.
        claimed: what the client says it is, in base64; None while it does not say.
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
        """Take what the client says; raise InvalidRequest if that cannot be such a checksum."""
        if len(_decoded(value)) != self._size:
            raise invalid_request(f"Value for {self.header} header is invalid.")
        self.claimed = value

    def update(self, block: bytes) -> None:
        """Feed a block."""
        self._hasher.update(block)

    @property
    def digest(self) -> bytes:
        """The checksum of what was fed."""
        return self._hasher.digest()

    @property
    def value(self) -> str:
        """The checksum of what was fed, in base64."""
        return base64.b64encode(self.digest).decode()

    def check(self) -> None:
        """Raise BadDigest if the client said something else."""
        if self.claimed is not None and _decoded(self.claimed) != self.digest:
            message = f"The {self.algorithm} you specified did not match the calculated checksum."
            raise S3Error(400, "BadDigest", message)


class ContentMd5:
    """The MD5 of the content: the ETag, and what ``Content-MD5`` is compared with."""

    def __init__(self, claimed: str | None) -> None:
        self._hasher = hashlib.md5(usedforsecurity=False)
        self._claimed = claimed
        if claimed is not None and len(_decoded(claimed)) != self._hasher.digest_size:
            raise refusal("InvalidDigest", {"Content-MD5": claimed})

    def update(self, block: bytes) -> None:
        """Feed a block."""
        self._hasher.update(block)

    def check(self) -> None:
        """Raise BadDigest if the client said something else."""
        calculated = base64.b64encode(self._hasher.digest()).decode()
        if self._claimed is not None and _decoded(self._claimed) != self._hasher.digest():
            message = "The Content-MD5 you specified did not match what we received."
            elements = {"ExpectedDigest": self._claimed, "CalculatedDigest": calculated}
            raise S3Error(400, "BadDigest", message, elements)

    @property
    def etag(self) -> str:
        """The ETag of an object with this content, without its quotes."""
        return self._hasher.hexdigest()


def claimed_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Return the one checksum that the headers (by name in lower case) want verified.

    Raises:
        S3Error: InvalidRequest, if there are several, or one that S3 does not know.
    """
    names = [name for name in headers if name.startswith(PREFIX) and name not in _NO_CHECKSUMS]
    if len(names) > 1:
        raise invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if names:
        return _named(names[0], headers[names[0]])
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    if trailer.startswith(PREFIX):
        return _named(trailer, None)
    asked = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    return Checksum(asked) if asked in ALGORITHMS else None


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
