"""Reads the bodies of responses within limits: of bytes, of seconds, and of the items of a stream."""

import re
import time
from collections.abc import Iterable
from typing import Final

from contract_first.contract.document.media_types import essence
from contract_first.service.request.sequences import EVENTS, is_sequence

MOST_BYTES: Final = 4 * 2**20
"""Of a body, decoded: its JSON value takes several times as much."""
MOST_ITEMS: Final = 20
"""Items of a stream, which may have no end."""
STREAM_SECONDS: Final = 5.0
"""How long the items of a stream are read."""
END_OF_EVENT: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")
LONGEST_END: Final = 4
"""Bytes."""
END_OF_LINE: Final = re.compile(rb"\n")


class BodyTooLarge(Exception):  # noqa: N818 -- a finding
    """A body is larger than is read, or does not end; the message has its size in MB (1,000,000 bytes)."""


class FirstItems:
    """Finds where those items of a stream end that come first, in the parts of its body.

    Args:
        content_type: of the response; that of no stream has no items.
        coding: of the parts, in which no item can be found: such a stream ends by time or size alone.
        seconds: for which items are waited for.

    Attributes:
        are_expected: whether it is a stream of items.
        last: where the last whole item ends, the `MOST_ITEMS`th at most; bytes of the body.
        end: the same once no more is needed, else None: the whole body.
    """

    def __init__(self, content_type: str, coding: str = "", seconds: float = STREAM_SECONDS) -> None:
        self.are_expected, self._coding = is_sequence(content_type), coding
        self.last = self._count = self._size = 0
        self.end: int | None = None
        self._pattern = END_OF_EVENT if essence(content_type) == EVENTS else END_OF_LINE
        self._until = time.monotonic() + min(seconds, STREAM_SECONDS)
        self._rest = b""

    def add(self, part: bytes) -> bool:
        """Take the next part, and return whether no more is needed; always false where there are no items."""
        if not self.are_expected:
            return False
        text = b"" if self._coding else self._rest + part
        begin, last = self._size - len(self._rest), 0
        for match in self._pattern.finditer(text):
            last = match.end()
            self._count += 1
            if self._count <= MOST_ITEMS:
                self.last = begin + last
        self._size += len(part)
        self._rest = text[max(last, len(text) - LONGEST_END) :]
        self.last = self._size if self._coding else self.last
        is_large = self._coding and self._size > MOST_BYTES
        if self._count >= MOST_ITEMS or is_large or time.monotonic() >= self._until:
            self.end = self.last
        return self.end is not None


def read_body(
    parts: Iterable[bytes],
    content_type: str,
    seconds: float,
    length: str = "",
    silent: type[Exception] = TimeoutError,
) -> bytes:
    """Return a body from its decoded parts; of a stream of items the first few.

    Args:
        content_type: of the response; empty if it has none.
        seconds: for which it may be sent.
        length: its Content-Length, if it is not encoded.
        silent: what is raised where no part comes in time.

    Raises:
        BodyTooLarge: it has more than `MOST_BYTES`, or takes longer and is no stream.
    """
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise _too_large(int(length))
    items, end = FirstItems(content_type, seconds=seconds), time.monotonic() + seconds
    body, size = bytearray(), 0
    try:
        for part in parts:
            size += len(part)
            if size <= MOST_BYTES:
                body += part
            else:
                body.clear()  # what follows is counted
            if items.add(part):
                break
            if time.monotonic() >= end:
                raise BodyTooLarge(f"the body does not end within {seconds:.0f} s, after {_megabytes(size)}")
    except silent:
        if not items.are_expected:
            raise
        items.end = items.last
    if size > MOST_BYTES:
        raise _too_large(size)
    return bytes(body[: items.end])


def _too_large(size: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body has {_megabytes(size)}, of which at most {_megabytes(MOST_BYTES)} are read"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
