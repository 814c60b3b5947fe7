"""Reads the bodies of responses within limits: of bytes, of seconds, and of the items of a stream."""

import re
import time
from collections.abc import Iterable
from typing import Final

from contract_first.contract.document.media_types import essence
from contract_first.service.request.sequences import EVENTS, is_sequence

MOST_BYTES: Final = 8 * 2**20
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
    """The items of a stream that come first.

    Args:
        content_type: of the response.
        seconds: for which they are waited.
    """

    def __init__(self, content_type: str, seconds: float = STREAM_SECONDS) -> None:
        self._end = END_OF_EVENT if essence(content_type) == EVENTS else END_OF_LINE
        self._until = time.monotonic() + min(seconds, STREAM_SECONDS)
        self._ends: list[int] = []
        self.body = bytearray()

    def add(self, part: bytes) -> bool:
        """Take the next part of the stream, and return whether no more is needed.

        Raises:
            BodyTooLarge: the items have more than `MOST_BYTES`.
        """
        begin = max(self._ends[-1] if self._ends else 0, len(self.body) - LONGEST_END)
        self.body += part
        self._ends += [match.end() for match in self._end.finditer(self.body, begin)]
        is_enough = len(self._ends) >= MOST_ITEMS
        if len(self.body) > MOST_BYTES and not is_enough:
            raise _too_large(len(self.body), "the stream has at least")
        return is_enough or time.monotonic() >= self._until

    def whole(self) -> bytes:
        """Return the whole items, `MOST_ITEMS` at most."""
        return bytes(self.body[: self._ends[:MOST_ITEMS][-1]]) if self._ends else b""


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
    if is_sequence(content_type):
        items = FirstItems(content_type, seconds)
        try:
            return items.whole() if any(map(items.add, parts)) else bytes(items.body)
        except silent:
            return items.whole()
    body, size, end = bytearray(), 0, time.monotonic() + seconds
    for part in parts:
        size += len(part)
        if size <= MOST_BYTES:
            body += part
        else:
            body.clear()  # what follows is counted
        if time.monotonic() >= end:
            raise BodyTooLarge(f"the body does not end within {seconds:.0f} s, after {_megabytes(size)}")
    if size > MOST_BYTES:
        raise _too_large(size)
    return bytes(body)


def _too_large(size: int, what: str = "the body has") -> BodyTooLarge:
    return BodyTooLarge(f"{what} {_megabytes(size)}, of which at most {_megabytes(MOST_BYTES)} are read")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
