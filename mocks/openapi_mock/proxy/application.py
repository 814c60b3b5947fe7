"""The proxy: each request goes to the upstream, each answer to the client, and both before the judge."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from .fields import transfer_coding, value_of
from .outgoing import Outgoing
from .passage import Passage
from .upstream import NAME, UpstreamFailed
from .verdict_fields import verdict_fields

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from openapi_check.validation import Judgement
    from openapi_mock.journal import Exchange

    from .fields import RawHeaders
    from .upstream import Answer, Upstream
    from .watch import Watch

MOST_BYTES = 1024 * 1024
AT_ONCE_BYTES = 32 * 1024
"""Up to so many are judged where they are; more, or compressed ones, would hold up others: a thread does."""


class Proxy:
    """An ASGI app that passes everything on to one upstream, and judges what goes by.

    Args:
        upstream: answers.
        watch: judges, and is told.
        most_bytes: longest body that is held back and judged.
    """

    def __init__(self, upstream: Upstream, watch: Watch, *, most_bytes: int = MOST_BYTES) -> None:
        self.upstream = upstream
        self.watch = watch
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        await _Passing(self, scope, receive, send).run()


class _ClientGone(Exception):  # noqa: N818 -- an event, not an error of ours
    """The client went away before its request was whole."""


class _CutShort(Exception):  # noqa: N818 -- the same
    """The answer ends too early: raised so that the server does not end it as if it were whole."""


class _Passing:
    """One exchange on its way through."""

    def __init__(self, proxy: Proxy, scope: Scope, receive: Receive, send: Send) -> None:
        self._upstream, self._watch = proxy.upstream, proxy.watch
        self._most_bytes = proxy.most_bytes
        self._scope, self._receive, self._send = scope, receive, send
        self._passage = Passage(scope, proxy.upstream.url_of(scope), proxy.most_bytes)
        self._outgoing = Outgoing(send, self._head, proxy.most_bytes)
        self._judgement: Judgement | None = None
        self._task = asyncio.current_task()
        self._listening: asyncio.Task[None] | None = None
        self._gone = self._told = False
        self._waiting = True

    async def run(self) -> None:
        """Pass the request on and the answer back; whatever happens, the watch is told once."""
        try:
            await self._pass_on()
        except UpstreamFailed as failure:
            await self._fail(failure)
        except _ClientGone:
            pass
        except asyncio.CancelledError:
            if not self._gone or self._task is None or self._task.uncancel():
                await self._fail(_ended())
                raise
        finally:
            self._tell()
            self._outgoing.drop()
            if self._listening is not None:
                self._listening.cancel()

    async def _pass_on(self) -> None:
        async with self._upstream.answer(self._scope, self._body()) as answer:
            self._passage.status, self._passage.headers = answer.status, answer.headers
            if self._is_long(answer):
                await self._outgoing.release()
            else:
                self._outgoing.hold()
            async for chunk in answer.chunks():
                self._passage.answer(chunk)
                if self._passage.has_length:
                    await self._conclude()
                await self._outgoing.add(chunk)
            self._waiting = False
            await self._conclude()
            await self._outgoing.end()

    async def _conclude(self) -> None:
        """Judge all that there was; whoever has the whole answer finds it in the journal."""
        if not self._passage.ended:
            self._passage.ended = True
            exchange = self._passage.exchange()
            self._judgement = await self._judge(exchange)
            self._tell(exchange)

    def _body(self) -> AsyncIterator[bytes] | None:
        headers = self._scope["headers"]
        if transfer_coding(headers) or value_of(headers, b"content-length") not in {None, b"0"}:
            return self._chunks()
        self._passage.asked = True
        self._listen()
        return None

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            self._passage.ask(chunk)
            self._passage.asked = not more
            if chunk:
                yield chunk
        self._listen()

    def _listen(self) -> None:
        """From now on, notice if the client goes away, and wait no longer for the upstream then."""
        self._listening = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        # once all is read there is nothing to wait for, and the connection is about to go back into its pool
        if self._waiting and self._task is not None:
            self._gone = True
            self._task.cancel()

    def _is_long(self, answer: Answer) -> bool:
        length = value_of(answer.headers, b"content-length") or b"0"
        is_events = (value_of(answer.headers, b"content-type") or b"").startswith(b"text/event-stream")
        return is_events or not length.isdigit() or int(length) > self._most_bytes

    def _head(self) -> tuple[int, RawHeaders]:
        """Return the answer's head, with what the judge says of what is there by now."""
        if self._judgement is None:
            self._judgement = self._watch.judge(self._passage.exchange())
        headers = [*self._passage.headers, *verdict_fields(self._judgement.verdict)]
        # uvicorn takes the length that these tell for that of a body to come
        if self._passage.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
        return self._passage.status, headers

    async def _judge(self, exchange: Exchange) -> Judgement:
        if self._passage.is_light(AT_ONCE_BYTES):
            return self._watch.judge(exchange)
        return await asyncio.to_thread(self._watch.judge, exchange)

    def _tell(self, exchange: Exchange | None = None) -> None:
        """Tell the watch, once."""
        if self._told:
            return
        self._told = True
        exchange = exchange or self._passage.exchange()
        self._watch.record(exchange, self._judgement or self._watch.judge(exchange))

    async def _fail(self, failure: UpstreamFailed) -> None:
        """Answer for the upstream, if there is still a way to."""
        started = self._outgoing.started
        self._outgoing.drop()
        self._passage.status, self._judgement = 0, None
        self._tell()
        if started:
            raise _CutShort from failure
        document = {
            "type": "about:blank",
            "title": failure.status.phrase,
            "status": int(failure.status),
            "detail": f"No answer from {self._upstream.url}: {failure}.",
        }
        body = msgspec.json.encode(document)
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"proxy-status", f"{NAME}; error={failure.error}".encode()),
        ]
        await self._send({"type": "http.response.start", "status": int(failure.status), "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _ended() -> UpstreamFailed:
    return UpstreamFailed(HTTPStatus.BAD_GATEWAY, "connection_terminated", "the proxy was told to end")
