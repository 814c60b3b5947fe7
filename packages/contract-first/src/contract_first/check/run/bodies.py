"""Bounds the bodies that a run reads, of Schemathesis's responses and of those of our own checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx2
import requests
from schemathesis.transport.requests import SameHostRedirectsSession, _iter_event_stream

from contract_first.check.bounded_bodies import BodyTooLarge, read_body


class _Body(BytesIO):
    """A body that was read, in place of the connection."""

    def __init__(self, content: bytes, raw: Any) -> None:
        super().__init__(content)
        self.headers, self.version = raw.headers, raw.version
        self._original_response = raw._original_response  # noqa: SLF001 -- whose cookies requests reads

    def read1(self, size: int | None = -1, *, decode_content: bool = True) -> bytes:  # noqa: ARG002 -- urllib3's
        return super().read1(-1 if size is None else size)


@contextmanager
def bounded_sessions(seconds: float) -> Iterator[None]:
    """Read all responses of Schemathesis within limits, of one run at a time: a process has these sessions.

    Args:
        seconds: how long a body may take; that the budget ends before is no fault of the server.
    """

    def read(response: requests.Response, **_: Any) -> None:
        _read_by_requests(response, seconds)

    def send(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        request.hooks = {"response": [read]}
        return requests.Session.send(session, request, **options)

    SameHostRedirectsSession.send = send  # type: ignore[assignment, method-assign]  # of all of its sessions
    try:
        yield
    finally:
        del SameHostRedirectsSession.send


def read_by_httpx2(response: httpx2.Response, seconds: float) -> None:
    """Read a response within limits.

    Raises:
        httpx2.DecodingError: its body is too large.
    """
    parts = response.iter_bytes()
    try:
        content = read_body(parts, _type(response), seconds, _length(response), httpx2.ReadTimeout)
    except BodyTooLarge as error:
        raise httpx2.DecodingError(str(error), request=response.request) from None
    response.close()
    response._content = content  # noqa: SLF001 -- what `read` returns


def _read_by_requests(response: requests.Response, seconds: float) -> None:
    """Read a response within limits.

    Raises:
        requests.exceptions.ChunkedEncodingError: its body is too large.
    """
    raw, parts = response.raw, _iter_event_stream(response)  # any body, as it comes
    try:
        response.raw = _Body(read_body(parts, _type(response), seconds, _length(response)), raw)
    except TimeoutError as error:
        raise requests.ConnectionError(error) from error
    except BodyTooLarge as error:
        raise requests.exceptions.ChunkedEncodingError(str(error)) from error
    finally:
        raw.close()


def _type(response: Any) -> str:
    return str(response.headers.get("Content-Type", ""))


def _length(response: Any) -> str:
    """Return the length of a body by its head; empty if it is encoded, or has no body."""
    is_plain = response.request.method != "HEAD" and "Content-Encoding" not in response.headers
    return response.headers.get("Content-Length", "") if is_plain else ""
