"""Responses as a rule changes them on their way, and problems that no contract documents."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.check.har import phrase_of
from contract_first.contract import Contract
from contract_first.service.access.cors import open_to_pages
from contract_first.service.clock import Clock
from contract_first.service.edge import Edge
from contract_first.service.messages.problems import (
    BY_STATUS,
    Problem,
    ProblemProfile,
)
from contract_first.service.messages.request import STATE
from contract_first.service.messages.response import Rendered, respond

WINDOW_SECONDS = 60
"""``Retry-After`` of a 429 from the API, where the fault does not say."""
STEP_SECONDS = 0.05
MOST_CHANGED_BYTES = 64 * 1024
MOST_WHOLE_BYTES = 16 * 1024 * 1024
MOST_TARGET_BYTES = 64 * 1024
OWN = "contract_first.mock.response"
PROVOKED_DETAIL = "A fault of the mock asks for this response."
Headers = list[tuple[bytes, bytes]]


class Only:
    """A ``send`` that passes on a response of one status, and none of another."""

    def __init__(self, status: int, send: Send) -> None:
        self._status = status
        self._send = send
        self.passed = False

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the response."""
        if message["type"] == "http.response.start":
            self.passed = message["status"] == self._status
            headers = [pair for pair in message.get("headers", []) if pair[0] != b"preference-applied"]
            message = {**message, "headers": headers}  # the client did not ask for it
        if self.passed:
            await self._send(message)


@dataclass(eq=False)
class Rewritten:
    """A ``send`` that changes a response: its head, and its body once that is whole.

    Args:
        head: changes a response that has no body yet.
        body: changes a whole response; raises ValueError where that is not possible.
        has_other_body: tells by the head whether the body is changed.

    Attributes:
        failure: why the body could not be changed, so that it was not sent; empty otherwise.
    """

    send: Send
    head: Callable[[Rendered], Rendered]
    body: Callable[[Rendered], Rendered]
    has_other_body: Callable[[Rendered], bool]
    failure: str = field(default="", init=False)
    _start: Any = field(default=None, init=False)
    _whole: Rendered | None = field(default=None, init=False)

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the response; a body that is changed waits for its end."""
        if message["type"] == "http.response.start":
            head = self.head(Rendered(message["status"], message.get("headers", []), b""))
            self._start = {**message, "status": head.status, "headers": head.headers}
            if self.has_other_body(head):
                self._whole = head
            else:
                await self.send(self._start)
        elif self._whole is None:
            await self.send(message)
        elif not self.failure:
            self._whole.body += message.get("body", b"")
            if len(self._whole.body) > MOST_WHOLE_BYTES:
                self.failure = f"the response has more than {MOST_WHOLE_BYTES} bytes"
            elif not message.get("more_body"):
                await self._pass_whole(self._whole)

    async def _pass_whole(self, whole: Rendered) -> None:
        try:
            response = self.body(whole)
        except ValueError as error:
            self.failure = str(error)
            return
        await self.send({**self._start, "headers": response.headers})
        await self.send({"type": "http.response.body", "body": response.body})


@dataclass(eq=False)
class Paced:
    """A ``send`` that passes no more than so many bytes of a body a second."""

    send: Send
    bytes_per_second: int
    wait: Callable[[float], Awaitable[None]]
    is_closed: Callable[[], bool]

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the response, piece by piece."""
        body = message.get("body", b"")
        if not body:
            await self.send(message)
            return
        step = max(int(self.bytes_per_second * STEP_SECONDS), 1)
        for start in range(0, len(body), step):
            await self.wait(step / self.bytes_per_second)
            if self.is_closed():
                return
            more = start + step < len(body) or message.get("more_body", False)
            piece = {"body": body[start : start + step], "more_body": more}
            await self.send({"type": "http.response.body", **piece})


class Cut:
    """A ``send`` that passes so many bytes of a body, and then ends the connection."""

    def __init__(self, send: Send, most_bytes: int, end: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._rest = most_bytes
        self._end = end

    @property
    def has_ended(self) -> bool:
        """Whether it has ended the connection."""
        return self._rest < 0

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the response, as far as it goes."""
        body = message.get("body", b"")
        if message["type"] == "http.response.start" or len(body) < self._rest:
            self._rest -= len(body)
            await self._send(message)
        elif self._rest >= 0:
            await self._send({"type": "http.response.body", "body": body[: self._rest], "more_body": True})
            self._rest = -1
            await self._end()


class ProvokedProblem(Problem):
    """A problem that a fault asks for.

    Args:
        detail: why.
    """

    def __init__(self, provoked: int, detail: str = PROVOKED_DETAIL) -> None:
        super().__init__(detail)
        kind = BY_STATUS.get(provoked)
        self.status = provoked
        self.title = (kind and kind.title) or phrase_of(provoked) or f"Status {provoked}"
        self.code = kind.code if kind else ""


class RuleResponses:
    """Responds with what rules say, to pages of other origins too."""

    def __init__(self, contract: Contract, clock: Clock, profile: ProblemProfile) -> None:
        limits: dict[str, Any] = {"most_target_bytes": MOST_TARGET_BYTES, "log_failures": False}
        edge = Edge(_respond, clock=clock, pages={}, profile=profile, **limits)
        self._contract = contract
        self._app: ASGIApp = self.opened(edge)

    def opened(self, app: ASGIApp) -> ASGIApp:
        """Return an app whose responses pages of other origins may read."""
        return open_to_pages(app, self._contract)

    async def respond(self, response: Problem | Rendered, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request with a problem, or with a response as it goes out."""
        await self._app({**scope, OWN: response}, receive, send)


async def _respond(scope: Scope, _receive: Receive, send: Send) -> None:
    response, request = scope[OWN], scope[STATE]
    if isinstance(response, Problem):
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise response
        length = [] if response.status in (204, 304) else [(b"content-length", b"0")]
        response = Rendered(response.status, length, b"")
    names = {name for name, _ in response.headers}
    response.headers += [field for field in request.response_headers if field[0] not in names]
    await respond(response, request, send)


def with_fields(headers: Headers, changes: dict[bytes, bytes]) -> Headers:
    """Return headers with these replaced or added."""
    return [pair for pair in headers if pair[0].lower() not in changes] + list(changes.items())


def with_retry_after(seconds: int, clock: Clock, response: Rendered) -> Rendered:
    """Return the head of a response that says when to retry; of a 429 in each header that says so."""
    headers = with_fields(response.headers, {b"retry-after": b"%d" % seconds})
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        quota = {
            b"ratelimit-remaining": b"0",
            b"ratelimit-reset": b"%d" % seconds,
            b"x-ratelimit-remaining": b"0",
            b"x-ratelimit-reset": b"%d" % (ceil(clock.timestamp()) + seconds),
        }
        headers = with_fields(headers, {name: quota[name] for name, _ in headers if name in quota})
    return Rendered(response.status, headers, b"")


def is_short_json(response: Rendered, least_status: int = 0) -> bool:
    """Tell by its head whether a response of a status, or of a higher one, is JSON that is not long."""
    fields = {name.lower(): value for name, value in response.headers}
    length = fields.get(b"content-length", b"")
    is_json = fields.get(b"content-type", b"").partition(b";")[0].strip().endswith(b"json")
    is_short = length.isdigit() and int(length) <= MOST_CHANGED_BYTES
    return response.status >= least_status and is_json and is_short
