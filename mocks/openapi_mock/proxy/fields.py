"""Which header fields go through a proxy (RFC 9110, section 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RawHeaders = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Fields of one connection; ``Trailer`` goes with them, as trailers do not get through here."""


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the fields that are for the other end, in their order, repeated ones too."""
    fields = list(headers)
    left_out = HOP_BY_HOP | _named_by_connection(fields)
    return [(name, value) for name, value in fields if name.lower() not in left_out]


def _named_by_connection(fields: RawHeaders) -> frozenset[bytes]:
    options = [value for name, value in fields if name.lower() == b"connection"]
    return frozenset(option.strip().lower() for value in options for option in value.split(b","))


def transfer_coding(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the transfer codings of a message, in lower case; None if it has a length, or no body."""
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    return b", ".join(codings) if codings else None


def value_of(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """Return the first value of a field, named in lower case; None if it is not there."""
    return next((value for name, value in headers if name.lower() == wanted), None)
