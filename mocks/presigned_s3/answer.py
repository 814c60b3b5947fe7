"""An answer of S3, before the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from .xml import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .errors import S3Error


@dataclass(slots=True)
class Answer:
    """An answer.

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
    def of_xml(cls, status: int, document: bytes, headers: Iterable[tuple[str, str]] = ()) -> Self:
        """Return an answer that is an XML document."""
        return cls(status, [*headers, ("Content-Type", MEDIA_TYPE)], [document], len(document))

    @classmethod
    def of_error(cls, error: S3Error, request_id: str, host_id: str) -> Self:
        """Return the answer that an error is."""
        answer = cls.of_xml(error.status, error.document(request_id, host_id), error.headers)
        answer.code, answer.message = error.code, error.message
        return answer

    def header(self, name: str) -> str | None:
        """Return the value of a header field; None if it is not there."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    def set_header(self, name: str, value: str) -> None:
        """Set a header field in place of what it was."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers.append((name, value))
