"""The payload of a signed request: in one piece, or chunk by chunk.

In the coding ``aws-chunked``, in which the AWS SDKs stream, a body is a sequence of chunks, each
``SIZE[;chunk-signature=HEX]CRLF DATA CRLF``, the last without data, and then trailer fields such as a
checksum of the whole.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from strict_s3.messages.errors import invalid_argument, refusal
from strict_s3.messages.request import BLOCK_BYTES, Readable

from .signature import ALGORITHM, UNSIGNED_PAYLOAD, Credential, Scope, check, signature

UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_STREAMING = (UNSIGNED_TRAILER, SIGNED, SIGNED_TRAILER)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")

_MAX_LINE_BYTES = 8 * 1024
_MAX_TRAILERS = 16
_MIN_CHUNK_BYTES = 8 * 1024
"""Of each chunk but the last."""
_EMPTY = hashlib.sha256().hexdigest()


@dataclass(slots=True)
class ChunkSigner:
    """Verifies the chain of signatures that begins with the request's own."""

    credential: Credential
    scope: Scope
    time: str
    previous: str

    def check_chunk(self, provided: str, digest: str) -> None:
        """Raise SignatureDoesNotMatch unless the chunk with this SHA-256 is signed so."""
        self._check("PAYLOAD", provided, _EMPTY, digest)

    def check_trailer(self, provided: str, trailer: bytes) -> None:
        """Raise SignatureDoesNotMatch unless the trailer is signed so."""
        self._check("TRAILER", provided, hashlib.sha256(trailer).hexdigest())

    def _check(self, kind: str, provided: str, *digests: str) -> None:
        text = "\n".join((f"{ALGORITHM}-{kind}", self.time, str(self.scope), self.previous, *digests))
        check(self.credential, self.scope, text, provided)
        self.previous = signature(self.credential.secret_key, self.scope, text)


class ChunkedBody:
    """A body in the coding ``aws-chunked``.

    Attributes:
        trailers: the trailer fields by name in lower case; there once all blocks are read.
    """

    def __init__(self, stream: Readable, signer: ChunkSigner | None) -> None:
        self._stream = stream
        self._signer = signer
        self._buffer = b""
        self.trailers: dict[str, str] = {}

    def blocks(self) -> Iterator[bytes]:
        """Yield the data; a chunk is verified at its end, so discard everything if this raises.

        Raises:
            S3Error: IncompleteBody, InvalidChunkSizeError, SignatureDoesNotMatch.
        """
        is_last = False
        while True:
            size, provided = self._chunk_head()
            if is_last and size:
                raise refusal("InvalidChunkSizeError", BadChunkSize=size)
            is_last = size < _MIN_CHUNK_BYTES
            digest = hashlib.sha256()
            for block in self._take(size):
                digest.update(block)
                yield block
            if self._signer is not None:
                self._signer.check_chunk(provided, digest.hexdigest())
            if size == 0:
                break
            if self._line():
                raise refusal("IncompleteBody")
        self._read_trailers()

    def _chunk_head(self) -> tuple[int, str]:
        size, _, extension = self._line().partition(b";")
        if not _SIZE.fullmatch(size):
            raise refusal("IncompleteBody")
        return int(size, 16), extension.partition(b"=")[2].decode("ascii", "replace").strip()

    def _take(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._buffer:
                self._buffer = self._stream.read(BLOCK_BYTES)
            if not self._buffer:
                raise refusal("IncompleteBody")
            block, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(block)
            yield block

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            block = self._stream.read(BLOCK_BYTES)
            if not block or len(self._buffer) > _MAX_LINE_BYTES:
                raise refusal("IncompleteBody")
            self._buffer += block
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def _read_trailers(self) -> None:
        signed = b""
        for line in self._trailer_lines():
            name, _, value = (part.strip() for part in line.partition(b":"))
            if name.lower() == b"x-amz-trailer-signature" and self._signer is not None:
                self._signer.check_trailer(value.decode("ascii", "replace"), signed)
                return
            signed += name.lower() + b":" + value + b"\n"
            self.trailers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def _trailer_lines(self) -> Iterator[bytes]:
        for _ in range(_MAX_TRAILERS):
            if not self._buffer:
                self._buffer = self._stream.read(BLOCK_BYTES)
            line = self._line() if self._buffer else b""
            if not line:
                return
            yield line
        raise refusal("IncompleteBody")


class VerifiedBody:
    """A body in one piece, with the SHA-256 that was signed; None if it was not."""

    def __init__(self, stream: Readable, sha256: str | None) -> None:
        self._stream = stream
        self._sha256 = sha256
        self.trailers: dict[str, str] = {}

    def blocks(self) -> Iterator[bytes]:
        """Yield the data, which is verified at its end.

        Raises:
            S3Error: XAmzContentSHA256Mismatch.
        """
        digest = hashlib.sha256()
        while block := self._stream.read(BLOCK_BYTES):
            if self._sha256 is not None:
                digest.update(block)
            yield block
            del block  # not held while the client is slow to send the next one
        if self._sha256 is not None and not hmac.compare_digest(digest.hexdigest(), self._sha256):
            raise refusal(
                "XAmzContentSHA256Mismatch",
                ClientComputedContentSHA256=self._sha256,
                S3ComputedContentSHA256=digest.hexdigest(),
            )


def check_word(word: str) -> None:
    """Raise InvalidArgument unless `word` is a valid value of ``x-amz-content-sha256``."""
    words = (UNSIGNED_PAYLOAD, *_STREAMING)
    if word not in words and not _SHA256.fullmatch(word):
        message = f"x-amz-content-sha256 must be {', '.join(words)} or a valid sha256 value."
        raise invalid_argument(message, "x-amz-content-sha256", word)


def open_payload(stream: Readable, word: str, signer: ChunkSigner | None) -> ChunkedBody | VerifiedBody:
    """Return the payload of a body.

    The word is the value of ``x-amz-content-sha256``.
    """
    if word in _STREAMING:
        return ChunkedBody(stream, None if word == UNSIGNED_TRAILER else signer)
    return VerifiedBody(stream, None if word == UNSIGNED_PAYLOAD else word)
