"""Responses of S3, and the ids of requests."""

import base64
import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Self

from .errors import S3Error
from .xml import MEDIA_TYPE, Element, document

_REQUEST_ID_BYTES: Final = 8
_HOST_ID_BYTES: Final = 57


@dataclass(slots=True)
class Response:
    """A response.

    Attributes:
        status: the HTTP status.
        headers: the header fields, in order.
        body: the body, block by block.
        length: its length in bytes.
        code: S3's error code; empty if it is no error.
        message: S3's words for the error.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Iterable[bytes] = ()
    length: int = 0
    code: str = ""
    message: str = ""

    @classmethod
    def of_xml(cls, document: bytes, headers: Iterable[tuple[str, str]] = (), status: int = 200) -> Self:
        """Return a response that is an XML document."""
        return cls(status, [*headers, ("Content-Type", MEDIA_TYPE)], [document], len(document))

    @classmethod
    def of_root(cls, root: str, *content: Mapping[str, Any] | Element) -> Self:
        """Return a response that is an XML document with this root, in S3's namespace."""
        return cls.of_xml(document(root, *content))

    @classmethod
    def of_error(cls, error: S3Error, request_id: str, host_id: str) -> Self:
        """Return the error document of an error."""
        content = {
            "Code": error.code,
            "Message": error.message,
            **error.elements,
            "RequestId": request_id,
            "HostId": host_id,
        }
        response = cls.of_xml(document("Error", content, is_qualified=False), error.headers, error.status)
        response.code, response.message = error.code, error.message
        return response

    def set_body(self, body: bytes) -> None:
        """Replace the body and its length."""
        self.body, self.length = [body] if body else [], len(body)

    def header(self, name: str) -> str | None:
        """Return the value of a header field; None if it is not there."""
        return next((value for field, value in self.headers if field.lower() == name.lower()), None)

    def set_header(self, name: str, value: str) -> None:
        """Replace a header field, or add it."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers.append((name, value))


class RequestIds:
    """Makes the ids of requests: random ones or, with a seed, the same sequence after each reset."""

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        self._numbers: Iterator[int] = itertools.count()

    def draw(self) -> tuple[str, str]:
        """Return the ids of the next request: its own, and that of the host."""
        drawn = self._drawn(next(self._numbers))
        host_id = base64.b64encode(drawn[_REQUEST_ID_BYTES:]).decode()
        return drawn[:_REQUEST_ID_BYTES].hex().upper(), host_id

    def _drawn(self, number: int) -> bytes:
        if self._seed is None:
            return secrets.token_bytes(_REQUEST_ID_BYTES + _HOST_ID_BYTES)
        halves = (blake2b(f"{self._seed}/{number}/{half}".encode()).digest() for half in range(2))
        return b"".join(halves)[: _REQUEST_ID_BYTES + _HOST_ID_BYTES]
