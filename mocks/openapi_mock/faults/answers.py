"""Answers as a fault changes them."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_service.problems import RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.types import Send

    from openapi_service.clock import Clock

    from .fault import Effect

WINDOW_SECONDS = 60
"""When to come back after a 429, where the fault does not say."""
STEP_SECONDS = 0.05
MOST_CHANGED_BYTES = 64 * 1024
Headers = list[tuple[bytes, bytes]]


class Only:
    """A ``send`` that passes on an answer of one status, and none of another.

    Args:
        status: of the answer.
        send: sends it on.
    """

    def __init__(self, status: int, send: Send) -> None:
        self._status = status
        self._send = send
        self.passed = False

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the answer."""
        if message["type"] == "http.response.start":
            self.passed = message["status"] == self._status
            headers = [pair for pair in message.get("headers", []) if pair[0] != b"preference-applied"]
            message = {**message, "headers": headers}  # the client has asked for nothing
        if self.passed:
            await self._send(message)


class Changed:
    """A ``send`` that lets an answer say when to come back, and which error it is.

    Args:
        send: sends it on.
        effect: what the fault wants.
        clock: the time.
    """

    def __init__(self, send: Send, effect: Effect, clock: Clock) -> None:
        self._send = send
        self._effect = effect
        self._clock = clock
        self._start: Any = None
        self._body = b""

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the answer; a short JSON body waits for its end."""
        if message["type"] == "http.response.start":
            self._start = {**message, "headers": self._headers(message["status"], message.get("headers", []))}
            if not _is_short_json(self._start["headers"]):
                await self._pass_start()
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._pass_whole()

    async def _pass_start(self) -> None:
        start, self._start = self._start, None
        await self._send(start)

    async def _pass_whole(self) -> None:
        body = self._changed(self._body, self._start["status"])
        headers = self._start["headers"]
        if self._body:  # that of an answer to HEAD stays at home, its length does not
            headers = _with(headers, {b"content-length": b"%d" % len(body)})
        self._start = {**self._start, "headers": headers}
        await self._pass_start()
        await self._send({"type": "http.response.body", "body": body})

    def _seconds(self, status: int) -> int | None:
        told = self._effect.retry_after_seconds
        return WINDOW_SECONDS if told is None and status == HTTPStatus.TOO_MANY_REQUESTS else told

    def _headers(self, status: int, headers: Headers) -> Headers:
        seconds = self._seconds(status)
        if seconds is None:
            return headers
        headers = _with(headers, {b"retry-after": b"%d" % seconds})
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            return headers
        then = ceil(self._clock.now().timestamp()) + seconds
        standing = {
            b"ratelimit-remaining": b"0",
            b"ratelimit-reset": b"%d" % seconds,
            b"x-ratelimit-remaining": b"0",
            b"x-ratelimit-reset": b"%d" % then,
        }
        there = {name for name, _ in headers}
        return _with(headers, {name: value for name, value in standing.items() if name in there})

    def _changed(self, body: bytes, status: int) -> bytes:
        try:
            document = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return body
        if not isinstance(document, dict):
            return body
        changes: dict[str, Any] = {}
        if self._effect.error_code and status >= HTTPStatus.BAD_REQUEST:
            changes["error_code"] = self._effect.error_code
        seconds = self._seconds(status)
        if seconds is not None and "retry_after_seconds" in document:
            changes |= {"retry_after_seconds": seconds, "detail": RateLimited(seconds).detail}
        return msgspec.json.encode({**document, **changes}) if changes else body


class Paced:
    """A ``send`` that passes no more than so many bytes of a body a second.

    Args:
        send: sends it on.
        bytes_per_second: of the body.
        wait: for so many seconds.
        is_gone: returns whether nobody is there any more whom it could be passed to.
    """

    def __init__(
        self,
        send: Send,
        bytes_per_second: int,
        wait: Callable[[float], Awaitable[None]],
        is_gone: Callable[[], bool],
    ) -> None:
        self._send = send
        self._step = max(int(bytes_per_second * STEP_SECONDS), 1)
        self._seconds = self._step / bytes_per_second
        self._wait = wait
        self._is_gone = is_gone

    async def __call__(self, message: Any) -> None:
        """Pass on a message of the answer, piece by piece."""
        body = message.get("body", b"")
        if not body:
            await self._send(message)
            return
        for start in range(0, len(body), self._step):
            await self._wait(self._seconds)
            if self._is_gone():
                return
            last = start + self._step >= len(body)
            piece = body[start : start + self._step]
            more = not last or message.get("more_body", False)
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})


def _with(headers: Headers, changes: dict[bytes, bytes]) -> Headers:
    """Return headers with these in place of what they were, or added."""
    return [pair for pair in headers if pair[0].lower() not in changes] + list(changes.items())


def _is_short_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    fields = {name.lower(): value for name, value in headers}
    length = fields.get(b"content-length", b"")
    is_json = fields.get(b"content-type", b"").partition(b";")[0].strip().endswith(b"json")
    return is_json and length.isdigit() and int(length) <= MOST_CHANGED_BYTES
