"""The body of a request on a connection: of a known length, or chunked."""

import io
import re
import time
from collections.abc import Callable
from contextlib import suppress

from strict_s3.messages.request import Readable

BLOCK = 64 * 1024
MOST_AROUND_CHUNKS = 64 * 1024
"""The most bytes that chunk extensions and trailers may have together."""
_CHUNK_LINE = 32
_STEP_SECONDS = 0.05
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class BodyCutShort(ConnectionError):  # noqa: N818 -- what it says is the error
    """The body ended before it was complete, or its chunks are malformed."""


class Body(io.RawIOBase):
    """A request body that ends where its headers say.

    Args:
        length: the length of the body in bytes; None if it comes in chunks.
        send_continue: called before the first read; None unless the client expects ``100 Continue``.
    """

    def __init__(
        self, stream: io.BufferedIOBase, length: int | None, send_continue: Callable[[], None] | None
    ) -> None:
        self._stream = stream
        self._chunked = length is None
        self._left = length or 0
        self._spare = MOST_AROUND_CHUNKS
        self._send_continue = send_continue or (lambda: None)
        self._is_continued = send_continue is None
        self.complete = length == 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; b"" at the end of the body."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(BLOCK), b""))
        if not self._is_continued:
            self._is_continued = True
            self._send_continue()
        if self._chunked and self._left == 0 and not self.complete:
            self._next_chunk()
        if self.complete:
            return b""
        try:
            block = self._stream.read1(min(size, self._left))
        except ConnectionError:
            raise BodyCutShort from None
        if not block:
            raise BodyCutShort
        self._left -= len(block)
        self._finish_chunk()
        return block

    def finish(self) -> bool:
        """Read a small rest; return whether the body is complete, so that the connection can be kept."""
        with suppress(OSError):
            if not self._chunked and self._is_continued and self._left <= BLOCK:
                self.read()
        return self.complete

    def _next_chunk(self) -> None:
        size = self._line(_CHUNK_LINE).split(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            raise BodyCutShort
        self._left = int(size, 16)
        if self._left == 0:
            while self._line() != b"\r\n":
                pass
            self.complete = True

    def _finish_chunk(self) -> None:
        if self._left:
            return
        if not self._chunked:
            self.complete = True
        elif self._line(2) != b"\r\n":
            raise BodyCutShort

    def _line(self, needed: int = 0) -> bytes:
        """Return a line between chunks, or a trailer; bytes beyond those needed count against a limit."""
        line = self._stream.readline(BLOCK)
        self._spare -= max(len(line) - needed, 0)
        if not line.endswith(b"\r\n") or self._spare < 0:
            raise BodyCutShort
        return line


class PacedBody:
    """A body that is read no faster than ``bytes_per_second``, once that is set."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self.bytes_per_second: int | None = None

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, after a while."""
        if self.bytes_per_second is None:
            return self._body.read(size)
        step = max(int(self.bytes_per_second * _STEP_SECONDS), 1)
        time.sleep(step / self.bytes_per_second)
        return self._body.read(min(size, step))
