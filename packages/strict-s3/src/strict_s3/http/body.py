"""The body of a request on a connection: of a known length, or chunked."""

import io
import re
import time
from collections.abc import Callable
from contextlib import suppress

from strict_s3.messages.request import BLOCK_BYTES, Readable

MOST_AROUND_CHUNKS = 64 * 1024
"""The most bytes that chunk extensions and trailers may have together."""
_CHUNK_LINE = 32
_STEP_SECONDS = 0.05
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
FIELD_LINE = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*\r\n|\r\n")
"""A field of a head or of a trailer section (RFC 9112, section 5), or the end of them."""
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_CHUNK_HEAD = re.compile(
    rb"([0-9A-Fa-f]{1,15})(?:;%b(?:=(?:%b|%b))?)*\r\n" % (_TOKEN, _TOKEN, _QUOTED),
)
"""RFC 9112, section 7.1, without what that calls bad whitespace: readers differ on it."""
_FRAMING = re.compile(rb"(?:content-length|transfer-encoding):", re.IGNORECASE)


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
            return b"".join(iter(lambda: self.read(BLOCK_BYTES), b""))
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
            if not self._chunked and self._is_continued and self._left <= BLOCK_BYTES:
                self.read()
        return self.complete

    def _next_chunk(self) -> None:
        head = _CHUNK_HEAD.fullmatch(self._line(_CHUNK_LINE))
        if head is None:
            raise BodyCutShort
        self._left = int(head[1], 16)
        if self._left == 0:
            while (line := self._line()) != b"\r\n":
                if not FIELD_LINE.fullmatch(line) or _FRAMING.match(line):
                    raise BodyCutShort
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
        line = self._stream.readline(BLOCK_BYTES)
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
