"""Bounds the bodies that a run reads, of Schemathesis's responses and of those of our own checks."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx2
import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError

from contract_first.check.bounded_bodies import PART_BYTES, BodyTooLarge, read_body


class _Body(BytesIO):
    """A body that was read, in place of the connection."""

    def __init__(self, content: bytes, raw: Any) -> None:
        super().__init__(content)
        self.headers, self.version = raw.headers, raw.version
        self._original_response = raw._original_response  # noqa: SLF001 -- whose cookies requests reads

    def read1(self, size: int | None = -1, *, decode_content: bool = True) -> bytes:  # noqa: ARG002 -- urllib3's
        return super().read1(-1 if size is None else size)


def read_by_httpx2(response: httpx2.Response, seconds: float) -> None:
    """Read a response within limits.

    Raises:
        httpx2.DecodingError: its body is too large.
    """
    try:
        content = read_body(
            response.iter_bytes(), _type(response), seconds, _length(response), httpx2.ReadTimeout
        )
    except BodyTooLarge as error:
        raise httpx2.DecodingError(str(error), request=response.request) from None
    response.close()
    response._content = content  # noqa: SLF001 -- what `read` returns


def read_by_requests(response: requests.Response, seconds: float) -> None:
    """Read a response within limits, as a hook of requests.

    Raises:
        requests.exceptions.ChunkedEncodingError: its body is too large.
    """
    raw = response.raw
    try:
        content = read_body(
            _parts(raw), _type(response), seconds, _length(response), requests.ConnectionError
        )
    except BodyTooLarge as error:
        raw.close()
        raise requests.exceptions.ChunkedEncodingError(str(error)) from error
    raw.close()
    response.raw = _Body(content, raw)


def _parts(raw: Any) -> Iterator[bytes]:
    """Yield the decoded parts of a body as they come, with the errors of requests."""
    try:
        while part := raw.read1(PART_BYTES, decode_content=True):
            yield part
    except ReadTimeoutError as error:
        raise requests.ConnectionError(error) from error
    except ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    except DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error


def _type(response: Any) -> str:
    return str(response.headers.get("Content-Type", ""))


def _length(response: Any) -> str:
    """Return the length of a body by its head; empty if it is encoded, or has no body."""
    is_plain = response.request.method != "HEAD" and "Content-Encoding" not in response.headers
    return response.headers.get("Content-Length", "") if is_plain else ""
