"""W3C Trace Context: the trace of a request, and of the requests that it causes."""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, NamedTuple

from contract_first.contexts import assignment

Note = Callable[[str, str | int], object]

_PARENT = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-"
    rb"(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
TRACE_FIELDS: Final = ("traceparent", "tracestate")
_STATE = re.compile(rb"[\t\x20-\x7e]{1,512}")


class Call(NamedTuple):
    """An outgoing call: header fields of its trace, and a function that adds an attribute to its span."""

    headers: dict[str, str]
    note: Note


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace, whose spans are not recorded here.

    Attributes:
        trace_id: 32 hex digits.
        flags: two hex digits; the lowest bit says that the trace is sampled.
        state: the value of ``tracestate``, empty for none.
    """

    trace_id: str
    flags: str
    state: str

    def headers(self) -> dict[str, str]:
        """Return the header fields that make a request of ours part of it."""
        headers = {"traceparent": f"00-{self.trace_id}-{os.urandom(8).hex()}-{self.flags}"}
        return headers | {"tracestate": self.state} if self.state else headers

    def calling(self, name: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[Call]:  # noqa: ARG002 -- for those that record it
        """Return the context manager of a call to another service; see :func:`calling`."""
        return nullcontext(Call(self.headers(), _ignore))


CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the request that is being served."""


def trace_of(headers: Mapping[bytes, bytes]) -> Trace | None:
    """Return the trace that a request belongs to; None without a valid ``traceparent`` (section 3.2)."""
    match = _PARENT.fullmatch(headers[b"traceparent"]) if b"traceparent" in headers else None
    if match is None or (match["more"] and match["version"] == b"00"):
        return None
    state = headers.get(b"tracestate", b"")
    flags = int(match["flags"], 16) & 1  # those of other versions mean nothing here
    return Trace(match["trace"].decode(), f"{flags:02x}", state.decode() if _STATE.fullmatch(state) else "")


def trace_headers() -> dict[str, str]:
    """Return the header fields that make a request of ours part of the current trace, if there is one."""
    trace = CURRENT.get()
    return {} if trace is None else trace.headers()


def calling(name: str, **attributes: str | int) -> AbstractContextManager[Call]:
    """Enter this while something else is called: a span of the current trace, where spans are recorded.

    Args:
        attributes: by the names of OpenTelemetry's semantic conventions, with ``_`` for ``.``.
    """
    trace = CURRENT.get()
    if trace is None:
        return nullcontext(Call({}, _ignore))
    return trace.calling(name, {key.replace("_", "."): value for key, value in attributes.items()})


def continued(name: str, headers: Mapping[str, str]) -> AbstractContextManager[None]:  # noqa: ARG001 -- of what is done, for those that record it
    """Go on with the trace of these header fields, of :func:`trace_headers`, inside the ``with`` block."""
    fields = {name.encode(): value.encode() for name, value in headers.items()}
    return assignment(CURRENT, trace_of(fields))


def _ignore(name: str, value: str | int) -> None:
    """Record nothing."""
