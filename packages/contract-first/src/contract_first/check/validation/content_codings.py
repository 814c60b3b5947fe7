"""Bodies without their content coding (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from contract_first.check.exchange import Message
from contract_first.distribution import CONTRACT_FIRST

if TYPE_CHECKING:
    import brotli

MOST_BYTES = 8 * 1024 * 1024
"""A few bytes can hold a great many, and JSON takes forty times its size: longer ones are not validated."""

MOST_CODINGS = 4

WINDOW_BITS = 23
"""Of zstd: HTTP has no wider windows (RFC 9659), and one takes memory whatever comes in it."""


class NotDecoded(ValueError):  # noqa: N818 -- says what happened
    """The coding is unknown, is not that of the body, or expands to too much; the message says which."""


def decoded(message: Message) -> bytes:
    """Return the body of a message without its content coding.

    Raises:
        NotDecoded: it cannot be decoded, or is longer than 8 MiB then.
    """
    fields = ",".join(value for name, value in message.headers if name.lower() == "content-encoding")
    codings = [name.strip().lower() for name in fields.split(",")]
    if len(codings) > MOST_CODINGS:
        raise NotDecoded(f"it has more than {MOST_CODINGS} content codings")
    body = message.body
    for coding in reversed(codings):
        if coding not in {"", "identity"} and body:
            body = _inflated(body, coding)
    if len(body) > MOST_BYTES:
        raise NotDecoded(f"it is longer than {MOST_BYTES} bytes")
    return body


def _inflated(body: bytes, coding: str) -> bytes:
    decompressor, wrong = _opened(coding)
    try:
        content: bytes = decompressor.decompress(body, MOST_BYTES + 1)
    except wrong:
        raise NotDecoded(f"it is not in its content coding {coding!r}") from None
    if len(content) > MOST_BYTES:
        raise NotDecoded(f"it is longer than {MOST_BYTES} bytes without its content coding")
    if not decompressor.eof:
        raise NotDecoded(f"it ends before its content coding {coding!r} does")
    if decompressor.unused_data:
        raise NotDecoded(f"it continues after the end of its content coding {coding!r}")
    return content


def _opened(coding: str) -> tuple[Any, type[Exception]]:
    if coding not in CODINGS:
        raise NotDecoded(f"its content coding {coding[:40]!r} is not known here")
    try:
        return CODINGS[coding]()
    except ImportError:
        raise NotDecoded(
            f"decoding {coding!r} needs the extra 'check'; {CONTRACT_FIRST.how_to_install('check')}"
        ) from None


def _zlib(window_bits: int) -> tuple[Any, type[Exception]]:
    return zlib.decompressobj(window_bits), zlib.error


def _zstd() -> tuple[Any, type[Exception]]:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 -- an extra's
    else:
        from backports import zstd  # noqa: PLC0415 -- the same
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_BITS}
    return zstd.ZstdDecompressor(options=options), zstd.ZstdError


def _brotli() -> tuple[Any, type[Exception]]:
    import brotli  # noqa: PLC0415 -- an extra's

    return _Brotli(brotli.Decompressor()), brotli.error


class _Brotli:
    """A decompressor of brotli, to which more data after its end is an error."""

    unused_data = b""

    def __init__(self, decompressor: brotli.Decompressor) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.is_finished())

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        content: bytes = self._decompressor.process(data, output_buffer_limit=max_length)
        return content


CODINGS: dict[str, Callable[[], tuple[Any, type[Exception]]]] = {
    "gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "x-gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "deflate": partial(_zlib, zlib.MAX_WBITS),
    "br": _brotli,
    "zstd": _zstd,
}
