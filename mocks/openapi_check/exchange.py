"""One exchange: a request, its answer, and what the contract says of both."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- msgspec reads the fields' types when it decodes
from typing import Any, Literal

import msgspec

Server = Literal["api", "s3"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A request or an answer, secrets masked.

    Attributes:
        headers: the fields in the order they were sent.
        body: its beginning; what is longer than a journal keeps is cut.
        body_bytes: length of all of it.
        fields: of the form that an upload to S3 is, whose body is not kept.
    """

    headers: list[tuple[str, str]] = []
    body: bytes = b""
    body_bytes: int = 0
    fields: list[tuple[str, str]] = []

    @property
    def whole(self) -> bool:
        """Whether `body` is all of it."""
        return len(self.body) == self.body_bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header field; None if it is not there."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    @property
    def media_type(self) -> str:
        """The ``Content-Type`` without its parameters, in lower case; empty if there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as a JSON value.

        Raises:
            msgspec.DecodeError: it is none, or only its beginning was kept.
        """
        return msgspec.json.decode(self.body)


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a message breaks the contract.

    Attributes:
        part: what breaks it: ``body``, ``query``, ``path``, ``header``, ``cookie``, ``status``,
            ``media type``, ``operation`` or ``security``.
        where: JSON pointer into the body, or name of the parameter or header; empty for the whole part.
        rule: the keyword or rule that is broken, such as ``maxLength``.
        detail: what is wrong and what the contract wants, in a sentence.
        pointer: JSON pointer to the contract's own words.
    """

    part: str
    where: str = ""
    rule: str
    detail: str
    pointer: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the contract says of an exchange.

    Attributes:
        request: what the request breaks.
        response: what the answer breaks.
        unjudged: why one of them was not judged, if so, such as a body beyond the limit.
    """

    request: list[Violation] = []
    response: list[Violation] = []
    unjudged: str = ""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer.

    Attributes:
        number: counts the exchanges of a journal, from 1.
        server: who was asked.
        request_id: the answer's ``X-Request-ID``.
        started: when the request's head was there, UTC.
        milliseconds: from then to the answer's end.
        method: of the request.
        url: of the request, secrets in its query masked.
        status: of the answer; 0 where the connection ended without one.
        operation: the operationId that the request belongs to; for S3, the name of S3's operation.
        scope: value of ``X-Mock-Scope``.
        fault: id of the fault that struck.
        verdict: what the contract says; None where nobody judged.
    """

    number: int = 0
    server: Server = "api"
    request_id: str = ""
    started: datetime
    milliseconds: float
    method: str
    url: str
    status: int
    request: Message
    response: Message
    operation: str = ""
    scope: str = ""
    fault: str = ""
    verdict: Verdict | None = None
