"""W3C Trace Context: the trace that a request belongs to, and the same for requests that it leads to."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARENT = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-"
    rb"(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_STATE = re.compile(rb"[\t\x20-\x7e]{1,512}")


class Trace(NamedTuple):
    """A trace.

    Attributes:
        trace_id: 32 hex digits.
        flags: two hex digits; the lowest bit says that the trace is sampled.
        state: the value of ``tracestate``, empty for none.
    """

    trace_id: str
    flags: str
    state: str


CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the request that is being served."""


def trace_of(headers: Mapping[bytes, bytes]) -> Trace | None:
    """Return the trace that a request belongs to; None without a valid ``traceparent`` (section 3.2).

    Args:
        headers: by lower-case name.
    """
    match = _PARENT.fullmatch(headers[b"traceparent"]) if b"traceparent" in headers else None
    if match is None or (match["more"] and match["version"] == b"00"):
        return None
    state = headers.get(b"tracestate", b"")
    flags = int(match["flags"], 16) & 1  # those of other versions mean nothing here
    return Trace(match["trace"].decode(), f"{flags:02x}", state.decode() if _STATE.fullmatch(state) else "")


def trace_headers() -> dict[str, str]:
    """Return the header fields that make a request of ours part of the current trace, if there is one."""
    trace = CURRENT.get()
    if trace is None:
        return {}
    headers = {"traceparent": f"00-{trace.trace_id}-{os.urandom(8).hex()}-{trace.flags}"}
    return headers | {"tracestate": trace.state} if trace.state else headers
