"""Forwards requests of a mock to its upstream."""

from collections.abc import AsyncIterator, Collection
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.mock.override import OF_MOCKS
from contract_first.mock.rules.forwarding import ForwardFailed
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.mounting import mounting
from contract_first.service.request.budget import hold

from .connection import Connection, UpstreamFailed, has_body
from .upstream import Upstream

MOST_HELD_BYTES = 16 * 1024 * 1024
"""Of a body, for the mock to respond to where the upstream does not; to a longer one the upstream has to."""
OWN = (b"date", b"server", *(name.encode() for name in OF_MOCKS))
"""What the names of fields begin with that are the mock's to send."""
BELOW_ROOT = mounting(TrustedProxies(()))
SOURCE = (b"x-mock-answer", b"upstream")


class Forwarding:
    """Forwards requests to one upstream, and its responses to the client as they come in."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def stop(self) -> None:
        await self._upstream.close()

    async def respond(
        self, otherwise: ASGIApp, mock_on: Collection[int], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Respond as the upstream does, or as another app where the upstream's status is one of these.

        Raises:
            ForwardFailed: there is no response.
        """
        body, started = _Body(scope, receive, MOST_HELD_BYTES if mock_on else 0), False
        try:
            passed = BELOW_ROOT(scope) if scope.get("root_path") else scope
            async with self._upstream.respond(passed, body.chunks() if has_body(scope) else None) as response:
                is_mocked = response.status in mock_on and body.can_be_replayed
                if not is_mocked:
                    started = True
                    await _pass_on(response, send)
        except UpstreamFailed as failure:
            if started:
                raise  # cuts the connection
            raise ForwardFailed(failure.status, f"no response from {self._upstream.url}: {failure}") from None
        if is_mocked:
            await otherwise(scope, body.replay(), send)


class _Body:
    """A request's body on its way to the upstream; some of it is held to be read again."""

    def __init__(self, scope: Scope, receive: Receive, most_bytes: int) -> None:
        self._scope, self._receive = scope, receive
        self._most_bytes = most_bytes
        self._held: list[Message] = []
        self._held_bytes = 0

    @property
    def can_be_replayed(self) -> bool:
        """Whether all that was read is held."""
        return self._held_bytes <= self._most_bytes

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise UpstreamFailed(HTTPStatus.BAD_REQUEST, "http_request_error", "the client went away")
            chunk, more = message.get("body", b""), message.get("more_body", False)
            self._held_bytes += len(chunk)
            try:
                hold(self._scope, len(chunk) if self.can_be_replayed else 0)
            except ServiceUnavailable:
                self._most_bytes = 0
            if self.can_be_replayed:
                self._held.append(message)
            else:
                hold(self._scope, -sum(len(message.get("body", b"")) for message in self._held))
                self._held.clear()
            if chunk:
                yield chunk

    def replay(self) -> Receive:
        """Return a ``receive`` that returns what was read, and then the rest."""
        waiting = iter(self._held)

        async def receive() -> Any:
            message = next(waiting, None)
            return await self._receive() if message is None else message

        return receive


async def _pass_on(response: Connection, send: Send) -> None:
    headers = [(name.lower(), value) for name, value in response.headers]
    headers = [pair for pair in headers if not pair[0].startswith(OWN)]
    start = {"type": "http.response.start", "status": response.status, "headers": [*headers, SOURCE]}
    await send(start)
    async for chunk in response.chunks():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
