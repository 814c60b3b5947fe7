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
_ALGORITHM = "x-amz-checksum-algorithm"
_NO_CHECKSUMS = frozenset({_ALGORITHM, TYPE, "x-amz-checksum-mode"})


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
_OF_S3 = frozenset({"XXHASH64", "XXHASH3", "XXHASH128"})
"""Algorithms that S3 has beside those."""
DEFAULT = "CRC64NVME"
"""The algorithm of an object whose client names none."""
FULL_OBJECT = "FULL_OBJECT"
"""The type of a checksum of the content, not of the parts' checksums."""
COMPOSITE = "COMPOSITE"
"""The type of a checksum of the parts' checksums."""
_KINDS = {"CRC64NVME": (FULL_OBJECT,)} | dict.fromkeys(("MD5", "SHA1", "SHA256", "SHA512"), (COMPOSITE,))
_KINDS_OF_OTHERS = (COMPOSITE, FULL_OBJECT)


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
        """Set the value that the client expects; raise `S3Error` if it cannot be such a checksum."""
        if len(decoded(value)) != self._size:
            raise self._invalid(value)
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
        if self.claimed is not None and decoded(self.claimed) != self.digest:
            raise self._wrong(self.claimed)

    def _invalid(self, _value: str) -> S3Error:
        return invalid_request(f"Value for {self.header} header is invalid.")

    def _wrong(self, _value: str) -> S3Error:
        message = f"The {self.algorithm} you specified did not match the calculated checksum."
        return S3Error(400, "BadDigest", message)


class ContentMd5(Checksum):
    """The MD5 of the content: the ETag, and what ``Content-MD5`` is compared with."""

    def __init__(self, claimed: str | None) -> None:
        super().__init__("MD5", claimed)

    def _invalid(self, value: str) -> S3Error:
        return refusal("InvalidDigest", **{"Content-MD5": value})

    def _wrong(self, value: str) -> S3Error:
        message = "The Content-MD5 you specified did not match what we received."
        elements = {"ExpectedDigest": value, "CalculatedDigest": self.value}
        return S3Error(400, "BadDigest", message, elements)

    @property
    def etag(self) -> str:
        """The ETag of an object with this content, without its quotes."""
        return self.digest.hex()


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


def checksum_of_upload(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with the algorithm and the kind of an upload's checksum; none without one.

    Raises:
        S3Error: InvalidRequest, if S3 knows no such checksum; NotImplemented, if only S3 has it.
    """
    algorithm, kind = headers.get(_ALGORITHM, "").upper(), headers.get(TYPE)
    if not algorithm and kind is not None:
        raise invalid_request(f"The {TYPE} header can only be used with the {_ALGORITHM} header.")
    if not algorithm:
        return {}
    message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
    _check_algorithm(algorithm, f"{message}[{', '.join(ALGORITHMS)}]")
    if kind not in (None, *_KINDS_OF_OTHERS):
        raise invalid_request(f"Value for {TYPE} header is invalid.")
    kinds = _KINDS.get(algorithm, _KINDS_OF_OTHERS)
    if kind not in (None, *kinds):
        algorithm = algorithm.lower()
        raise invalid_request(
            f"The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    return {_ALGORITHM: algorithm, TYPE: kind or kinds[0]}


def _named(header: str, claimed: str | None) -> Checksum:
    algorithm = header.removeprefix(PREFIX).upper()
    _check_algorithm(algorithm, "The algorithm type you specified in x-amz-checksum- header is invalid.")
    return Checksum(algorithm, claimed)


def _check_algorithm(algorithm: str, message: str) -> None:
    """Raise NotImplemented for an algorithm that only S3 has, InvalidRequest for an unknown one."""
    if algorithm in _OF_S3:
        raise refusal("NotImplemented", Header=PREFIX + algorithm.lower())
    if algorithm not in ALGORITHMS:
        raise invalid_request(message)


def decoded(value: str) -> bytes:
    """Return what a text in base64 says; nothing for another text."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
