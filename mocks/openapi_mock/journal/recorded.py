"""An exchange with the API as it went over the wire, and what a journal makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from openapi_check.exchange import Exchange, Message

if TYPE_CHECKING:
    from openapi_check.masking import Masking
    from openapi_contract import Contract

Headers = list[tuple[bytes, bytes]]
LONGEST_SCOPE = 200
LONGEST_LENGTH = 18


class Content(msgspec.Struct):
    """What is kept of a body: its first bytes, and how many there were."""

    blocks: list[bytes] = []
    kept: int = 0
    length: int = 0

    def keep(self, block: bytes, most: int) -> None:
        """Take in the next block, and keep of it what still fits."""
        self.length += len(block)
        if self.kept < most:
            block = block[: most - self.kept]
            self.blocks.append(block)
            self.kept += len(block)


class Recorded(msgspec.Struct, kw_only=True):
    """An exchange, nothing worked out yet: a journal that nobody reads has to cost little.

    Attributes:
        contract: that the API answers for.
        started: seconds since the epoch.
        seconds: until the answer's end.
        scheme: ``http`` or ``https``.
        method: of the request.
        path: percent-encoded, as it was sent.
        query: the same.
        status: of the answer; 0 if there was none.
        fault: id of the fault that struck.
    """

    contract: Contract
    started: float
    seconds: float
    scheme: str
    method: str
    path: bytes
    query: bytes
    request_headers: Headers
    request: Content
    status: int
    answer_headers: Headers
    answer: Content
    fault: str

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        fields = (*self.request_headers, *self.answer_headers)
        text = sum(len(name) + len(value) for name, value in fields) + len(self.path) + len(self.query)
        return text + self.request.kept + self.answer.kept

    def exchange(self, number: int, masking: Masking) -> Exchange:
        """Return the exchange as the journal shows it."""
        path = self.path.decode("latin-1")
        masking = masking.knowing((*self.request_headers, *self.answer_headers))
        request = _message(masking.headers(self.request_headers), self.request, masking)
        answer = _message(masking.headers(self.answer_headers), self.answer, masking)
        return Exchange(
            number=number,
            server="api",
            request_id=answer.header("x-request-id") or "",
            started=datetime.fromtimestamp(self.started, UTC),
            milliseconds=round(self.seconds * 1000, 3),
            method=self.method,
            url=self._url(request.header("host") or "localhost", path, masking),
            status=self.status,
            request=msgspec.structs.replace(request, body_bytes=_announced(request)),
            response=answer,
            operation=self.contract.route(self.method, path).operation_id,
            scope=(request.header("x-mock-scope") or "")[:LONGEST_SCOPE],
            fault=self.fault,
        )

    def _url(self, host: str, path: str, masking: Masking) -> str:
        query = "?" + self.query.decode("latin-1") if self.query else ""
        return masking.url(f"{self.scheme}://{host}{path}{query}")


def _message(headers: list[tuple[str, str]], content: Content, masking: Masking) -> Message:
    return Message(headers=headers, body=masking.body(b"".join(content.blocks)), body_bytes=content.length)


def _announced(request: Message) -> int:
    """Return how long a body is that was perhaps not read to its end, as of a request that is refused."""
    length = request.header("content-length") or ""
    known = length.isascii() and length.isdecimal() and len(length) <= LONGEST_LENGTH
    return max(request.body_bytes, int(length) if known else 0)
