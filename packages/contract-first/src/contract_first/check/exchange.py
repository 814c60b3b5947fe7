"""One exchange: a request, its response, and how they violate the contract."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from contract_first.contract.document.media_types import essence
from contract_first.contract.schemas.violations import Violation as ValueViolation
from contract_first.masking import Masking

Server = Literal["api", "s3"]
Side = Literal["request", "response"]
LONGEST_SECRET = 10_000
"""Bytes that are masked beyond the end of what is shown of a body, so that no secret is shown in part."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A request or a response, secrets masked.

    Attributes:
        headers: the fields in the order they were sent.
        body: as much of it as was recorded.
        body_bytes: length of all of it.
        fields: form fields of an upload to S3, whose body is not recorded.
    """

    headers: list[tuple[str, str]] = []
    body: bytes = b""
    body_bytes: int = 0
    fields: list[tuple[str, str]] = []

    def masked(self, masking: Masking, most_bytes: int | None = None) -> "Message":
        """Return the message with its secrets masked, and only so many bytes of its body; None for all."""
        body = self.body if most_bytes is None else self.body[: most_bytes + LONGEST_SECRET]
        return msgspec.structs.replace(
            self,
            headers=masking.headers(self.headers),
            body=masking.body(body)[:most_bytes],
            fields=masking.fields(self.fields),
        )

    @property
    def whole(self) -> bool:
        """Whether `body` is all of it."""
        return len(self.body) == self.body_bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header field; None if it is not there."""
        return next((value for field, value in self.headers if field.lower() == name.lower()), None)

    def field(self, name: bytes) -> str | None:
        """Return what `header` does, by a name in bytes, as routers ask."""
        return self.header(name.decode("latin-1"))

    @property
    def media_type(self) -> str:
        """The ``Content-Type`` without its parameters, in lower case; empty if there is none."""
        return essence(self.header("content-type") or "")

    @property
    def text(self) -> str | None:
        """What was recorded of the body, if it is text in UTF-8 without null bytes; else None."""
        try:
            text = getincrementaldecoder("utf-8")().decode(self.body, final=self.whole)
        except UnicodeDecodeError:
            return None
        return None if "\0" in text else text

    def json(self) -> Any:
        """Return the body as a JSON value.

        Raises:
            msgspec.DecodeError: it is none, or only its beginning was recorded.
        """
        return msgspec.json.decode(self.body)


class MessageViolation(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a message violates the contract.

    Attributes:
        part: of the message: ``body``, ``query``, ``path``, ``header``, ``cookie``, ``status``,
            ``media type``, ``operation`` or ``security``.
        where: JSON pointer into the body, or name of the parameter or header; empty for the whole part.
        rule: the keyword or rule that is violated, such as ``maxLength``.
        detail: what is wrong and what the contract expects, in a sentence.
        pointer: JSON pointer to the rule in the contract.
    """

    part: str
    where: str = ""
    rule: str
    detail: str
    pointer: str = ""

    @classmethod
    def of(cls, violation: ValueViolation, pointer: str) -> "MessageViolation":
        """Return the violations of a value, each with its pointer into the contract or else this one."""
        return cls(
            part=violation.location,
            where=violation.name,
            rule=violation.rule,
            detail=violation.detail,
            pointer=violation.pointer or pointer,
        )


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange violates.

    Attributes:
        request: the violations of the request.
        response: the violations of the response.
        unjudged: why one of them was not validated, if so, such as a body beyond the limit.
    """

    request: list[MessageViolation] = []
    response: list[MessageViolation] = []
    unjudged: str = ""

    @property
    def violations(self) -> Iterator[tuple[Side, MessageViolation]]:
        """All of them, each with its side."""
        yield from (("request", violation) for violation in self.request)
        yield from (("response", violation) for violation in self.response)


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its response.

    Attributes:
        number: counts the exchanges of a journal, from 1.
        service: that the request was for, of a mock with several.
        server: that the request was sent to.
        request_id: the response's ``X-Request-ID``.
        started: when the request's head had arrived, UTC.
        milliseconds: from then to the response's end.
        method: of the request.
        url: of the request, secrets in its query masked.
        status: of the response; 0 where the connection ended without one.
        operation: the operationId that the request belongs to; for S3, the name of S3's operation.
        scope: value of ``X-Mock-Scope``.
        fault: id of the fault that was applied.
        by_rule: whether a rule asked for the response, so that its violations are none of the server's.
        verdict: what it violates; None where it was not validated.
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
    by_rule: bool = False
    verdict: Validation | None = None
    service: str | msgspec.UnsetType = msgspec.UNSET

    def masked(self, masking: Masking, most_bytes: int | None = None) -> "RecordedExchange":
        """Return the exchange with its secrets masked, and what it presents as a credential.

        Args:
            most_bytes: of each body; None for all.
        """
        masking = masking.knowing((*self.request.headers, *self.response.headers))
        return msgspec.structs.replace(
            self,
            url=masking.url(self.url),
            request=self.request.masked(masking, most_bytes),
            response=self.response.masked(masking, most_bytes),
        )

    @property
    def violations(self) -> list[tuple[Side, MessageViolation]]:
        """The violations that are known, each with its side; what a rule asked for is none."""
        violations = () if self.verdict is None else self.verdict.violations
        return [(side, violation) for side, violation in violations if side == "request" or not self.by_rule]
