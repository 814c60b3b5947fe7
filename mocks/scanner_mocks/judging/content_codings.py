"""Bodies without their content coding (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import zlib

MOST_BYTES = 16 * 1024 * 1024
"""A few bytes can hold a great many: longer ones are not judged."""

MOST_CODINGS = 4

WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class NotDecoded(ValueError):  # noqa: N818 -- says what happened
    """The body's coding is not known, is not that of the body, or hides too much; the message says which."""


def decoded(body: bytes, coding: str) -> bytes:
    """Return a body without its content coding.

    Args:
        body: as it was sent.
        coding: the value of ``Content-Encoding``; empty for none.

    Raises:
        NotDecoded: it cannot be decoded, or is longer than 16 MiB then.
    """
    codings = [name.strip().lower() for name in coding.split(",")]
    if len(codings) > MOST_CODINGS:
        raise NotDecoded(f"it has more than {MOST_CODINGS} content codings")
    for each in reversed(codings):
        if each not in {"", "identity"} and body:
            body = _inflated(body, each)
    return body


def _inflated(body: bytes, coding: str) -> bytes:
    if coding not in WINDOWS:
        raise NotDecoded(f"its content coding {coding[:40]!r} is not known here")
    decompressor = zlib.decompressobj(WINDOWS[coding])
    try:
        found = decompressor.decompress(body, MOST_BYTES)
    except zlib.error:
        raise NotDecoded(f"it is not in its content coding {coding!r}") from None
    if decompressor.unconsumed_tail:
        raise NotDecoded(f"it is longer than {MOST_BYTES} bytes without its content coding")
    if not decompressor.eof:
        raise NotDecoded(f"it ends before its content coding {coding!r} does")
    return found
