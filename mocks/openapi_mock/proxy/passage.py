"""What goes through the proxy in one exchange, as far as it is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter, time
from typing import TYPE_CHECKING

import msgspec

from openapi_check.validation.content_codings import NotDecoded, decoded
from openapi_mock.journal import Exchange, Message, Verdict
from openapi_mock.journal.recorded import Content

from .fields import value_of

if TYPE_CHECKING:
    from starlette.types import Scope

    from openapi_mock.journal import Masking

    from .fields import RawHeaders


class Passage:
    """One exchange, as it goes on.

    Args:
        scope: the request's head.
        url: where it is passed on to.
        most_bytes: how much is kept of a body.

    Attributes:
        status: of the answer; 0 until there is one.
        headers: of the answer.
        asked: whether all of the request is there.
        ended: whether all of the answer is.
    """

    def __init__(self, scope: Scope, url: str, most_bytes: int) -> None:
        self._scope = scope
        self._url = url
        self._most_bytes = most_bytes
        self._started, self._began = time(), perf_counter()
        self._request, self._answer = Content(), Content()
        self.status = 0
        self.headers: RawHeaders = []
        self.asked = self.ended = False

    def ask(self, chunk: bytes) -> None:
        """Take in a chunk of the request's body."""
        self._request.keep(chunk, self._most_bytes)

    def answer(self, chunk: bytes) -> None:
        """Take in a chunk of the answer's body."""
        self._answer.keep(chunk, self._most_bytes)

    @property
    def has_length(self) -> bool:
        """Whether the answer's body is as long as its head says."""
        length = value_of(self.headers, b"content-length")
        return length is not None and length.isdigit() and self._answer.length == int(length)

    def is_light(self, most_bytes: int) -> bool:
        """Whether no more than so many bytes are to be judged: of compressed bodies nobody knows before."""
        sides = ((self._scope["headers"], self._request), (self.headers, self._answer))
        coded = any(content.kept and value_of(fields, b"content-encoding") for fields, content in sides)
        return not coded and self._request.kept + self._answer.kept <= most_bytes

    def exchange(self) -> Exchange:
        """Return the exchange as it is so far, its secrets in it."""
        return Exchange(
            started=datetime.fromtimestamp(self._started, UTC),
            milliseconds=round((perf_counter() - self._began) * 1000, 3),
            method=self._scope["method"],
            url=self._url,
            status=self.status,
            request=_message(self._scope["headers"], self._request, whole=self.asked),
            response=_message(self.headers, self._answer, whole=self.ended),
        )


class Witnessed(msgspec.Struct, kw_only=True):
    """An exchange for the journal, whose secrets are masked when it is asked for.

    Attributes:
        seen: the exchange, its secrets in it.
        most_bytes: how much of a body goes into the journal.
    """

    seen: Exchange
    operation: str
    verdict: Verdict
    most_bytes: int

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        messages = (self.seen.request, self.seen.response)
        fields = sum(len(name) + len(value) for each in messages for name, value in each.headers)
        return fields + len(self.seen.url) + sum(len(each.body) for each in messages)

    def exchange(self, number: int, masking: Masking) -> Exchange:
        """Return the exchange as the journal shows it."""
        seen = self.seen
        masking = masking.knowing((*_raw(seen.request), *_raw(seen.response)))
        return msgspec.structs.replace(
            seen,
            number=number,
            url=masking.url(seen.url),
            request_id=seen.response.header("x-request-id") or "",
            request=_masked(seen.request, masking, self.most_bytes),
            response=_masked(seen.response, masking, self.most_bytes),
            operation=self.operation,
            verdict=self.verdict,
        )


def _message(headers: RawHeaders, content: Content, *, whole: bool) -> Message:
    return Message(
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
        body=b"".join(content.blocks),
        body_bytes=content.length + (not whole),
    )


def _masked(message: Message, masking: Masking, most_bytes: int) -> Message:
    plain = _plain(message)
    body = masking.body(plain.body)[:most_bytes]
    return msgspec.structs.replace(plain, headers=masking.headers(_raw(message)), body=body)


def _plain(message: Message) -> Message:
    """Return a message whose body is in no content coding, in which no secret would be found to be masked."""
    try:
        body = decoded(message)
    except NotDecoded:
        return msgspec.structs.replace(message, body=b"")
    coded = body is not message.body
    return msgspec.structs.replace(message, body=body, body_bytes=len(body)) if coded else message


def _raw(message: Message) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in message.headers]
