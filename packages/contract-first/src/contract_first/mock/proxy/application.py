"""The proxy: requests go to the upstream, responses to the client, and both are validated."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from contract_first.check.bounded_bodies import FirstItems
from contract_first.check.exchange import RecordedExchange, Validation
from contract_first.check.validation import ValidatedExchange
from contract_first.mock.journal.recording import Recording, refused
from contract_first.mock.reach import cannot_be_rebound, refuse_host, send_problem
from contract_first.service.http.connections import Budget
from contract_first.service.http.proxies import subscriber_of
from contract_first.service.http.server import listen, serving
from contract_first.service.http.turns import Alternation
from contract_first.service.messages.problems import Problem, ServiceUnavailable
from contract_first.service.messages.streaming import until_gone

from .connection import Connection, RawHeaders, UpstreamFailed, has_body, value_of
from .outgoing import Outgoing
from .recorder import FIRST, OWN, ProxyRecorder, violation_fields
from .upstream import Upstream

MOST_BYTES = 1024 * 1024
AT_ONCE_BYTES = 32 * 1024
"""Up to so many are validated in the event loop; more, or compressed ones, in a thread."""
MOST_RECORDED_BYTES = 32 * 1024 * 1024
"""Of bodies whose exchanges are under way; beyond it they pass without being recorded and validated."""


@dataclass(eq=False)
class Proxy:
    """An ASGI app that passes everything on to one upstream, and validates the exchanges.

    Args:
        most_bytes: longest body that is held back and validated.
        names: by which it may be called, beside addresses and localhost: a page that a developer visits could
            else read what the upstream responds, once its own name stands for this machine.
        errors: respond with an error where an exchange violates the contract.
    """

    upstream: Upstream
    recorder: ProxyRecorder
    _: KW_ONLY
    most_bytes: int
    names: Iterable[str]
    errors: bool

    def __post_init__(self) -> None:
        self._names = frozenset(name.lower() for name in self.names)
        self._recorded = Budget(MOST_RECORDED_BYTES, "")
        self._turns = Alternation()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="validation")

    async def start(self) -> None:
        """Do nothing: connections to the upstream are made when they are needed."""

    def end(self) -> None:
        """Do nothing: the server cancels what does not end by itself."""

    async def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        await self.upstream.close()

    async def validate(
        self, recording: Recording, exchange: RecordedExchange, client: str
    ) -> ValidatedExchange:
        """Validate an exchange: heavy ones in one thread, of each client in turn, so that others go on."""
        if recording.is_light(AT_ONCE_BYTES):
            return self.recorder.validate(exchange)
        async with self._turns.turn(client):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self.recorder.validate, exchange)

    def hold(self, client: str, size: int) -> bool:
        """Take room for so much more of a client's bodies, or return some; return whether there is any."""
        try:
            self._recorded.change(client, size)
        except ServiceUnavailable:
            return False
        return True

    def note_refusal(self, scope: Scope, problem: Problem) -> None:
        """Record and count a request that the server refused while its head came in."""
        recording = refused(self.recorder.recording(scope, self.upstream.url_of(scope), 0), problem)
        validated = ValidatedExchange(recording.verdict or Validation())
        self.recorder.record(recording, recording.unmasked(), validated)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = (value_of(scope["headers"], b"host") or b"").decode("latin-1")
        if not cannot_be_rebound(host, self._names):
            await refuse_host(host, "--allow-host lists", send)
            return
        await _Passing(self, scope, receive, send).run()


class _ClientGone(Exception):  # noqa: N818 -- an event, not an error of ours
    """The client went away before its request was whole."""


class _Passing:
    """One exchange on its way through."""

    def __init__(self, proxy: Proxy, scope: Scope, receive: Receive, send: Send) -> None:
        self._proxy, self._upstream, self._recorder = proxy, proxy.upstream, proxy.recorder
        self._most_bytes, self._errors = proxy.most_bytes, proxy.errors
        self._client = subscriber_of(scope["client"][0]) if scope["client"] else ""
        self._held_bytes = 0
        self._scope, self._receive, self._send = scope, receive, send
        self._recording = proxy.recorder.recording(scope, proxy.upstream.url_of(scope), proxy.most_bytes)
        self._outgoing = Outgoing(send, self._head, proxy.most_bytes)
        self._validated: ValidatedExchange | None = None
        self._task = asyncio.current_task()
        self._listening: asyncio.Task[None] | None = None
        self._gone = self._recorded = False
        self._waiting = True

    async def run(self) -> None:
        """Pass the request on and the response back; whatever happens, it is recorded once."""
        try:
            await self._pass_on()
        except UpstreamFailed as failure:
            await self._fail(failure)
        except _ClientGone:
            pass
        except asyncio.CancelledError:
            if not self._gone or self._task is None or self._task.uncancel():
                ended = HTTPStatus.BAD_GATEWAY, "connection_terminated", "the proxy ends"
                await self._fail(UpstreamFailed(*ended))
                raise
        finally:
            self._outgoing.drop()
            if self._listening is not None:
                self._listening.cancel()
            await self._record()

    async def _pass_on(self) -> None:
        async with self._upstream.respond(self._scope, self._body()) as response:
            recording = self._recording
            recording.status, recording.headers = response.status, response.headers
            if self._is_long(response):
                await self._outgoing.release()
            else:
                self._outgoing.hold()
            coding = value_of(response.headers, b"content-encoding") or b""
            items = FirstItems(_media_type(response).decode("latin-1"), coding.decode("latin-1"))
            async for chunk in response.chunks():
                if not recording.ended:
                    recording.respond(chunk, more=True)
                    self._hold()
                    if items.add(chunk) and items.end:
                        recording.cut_response(items.end)
                        await self._conclude()
                if recording.has_whole_response:
                    await self._conclude()
                await self._outgoing.add(chunk)
            self._waiting = False
            await self._conclude()
            validation = self._validated.validation if self._validated else Validation()
            if self._errors and any(validation.violations) and not self._outgoing.started:
                await self._refuse(validation)
            else:
                await self._outgoing.end()

    async def _refuse(self, validation: Validation) -> None:
        """Respond with an error that says what violates the contract: the request, or else the response."""
        self._outgoing.drop()
        status = HTTPStatus.UNPROCESSABLE_ENTITY if validation.request else HTTPStatus.BAD_GATEWAY
        fields = violation_fields(validation)
        violation = "; ".join(value.decode() for name, value in fields if name == FIRST)
        await send_problem(status, f"The exchange violates the contract: {violation}.", self._send, *fields)

    async def _conclude(self) -> None:
        """Validate the exchange; a client that has the whole response finds it in the journal."""
        if not self._recording.ended:
            self._recording.response.complete = True
            self._recording.end()
            exchange = self._recording.unmasked()
            self._validated = await self._validate(exchange)
            await self._record(exchange)

    def _body(self) -> AsyncIterator[bytes] | None:
        if has_body(self._scope):
            return self._chunks()
        self._recording.request.complete = True
        self._listen()
        return None

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            self._recording.ask(chunk, more=more)
            self._hold()
            if chunk:
                yield chunk
        self._listen()

    def _listen(self) -> None:
        """From now on, notice if the client goes away, and wait no longer for the upstream then."""
        self._listening = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        await until_gone(self._receive)
        # once all is read there is nothing to wait for, and the connection is about to go back into its pool
        if self._waiting and self._task is not None:
            self._gone = True
            self._task.cancel()

    def _is_long(self, response: Connection) -> bool:
        length = value_of(response.headers, b"content-length") or b"0"
        is_events = _media_type(response).startswith(b"text/event-stream")
        return is_events or not length.isdigit() or int(length) > self._most_bytes

    async def _head(self) -> tuple[int, RawHeaders]:
        """Return the response's head, with the violations known so far."""
        if self._validated is None:
            validated = await self._validate(self._recording.unmasked())
            self._validated = self._validated or validated  # the whole exchange's, if that has come meanwhile
        headers = [pair for pair in self._recording.headers if pair[0].lower() not in OWN]
        return self._recording.status, [*headers, *violation_fields(self._validated.validation)]

    async def _validate(self, exchange: RecordedExchange) -> ValidatedExchange:
        return await self._proxy.validate(self._recording, exchange, self._client)

    def _hold(self) -> None:
        """Take room for what is recorded, or record no more where there is none."""
        size = self._recording.request.recorded + self._recording.response.recorded
        if size > AT_ONCE_BYTES and size != self._held_bytes and not self._recorded:
            if self._proxy.hold(self._client, size - self._held_bytes):
                self._held_bytes = size
            else:
                self._recording.cut()

    async def _record(self, exchange: RecordedExchange | None = None) -> None:
        """Record the exchange, once."""
        if self._recorded:
            return
        self._recorded = True
        self._recording.end()
        exchange = exchange or self._recording.unmasked()
        try:
            validated = self._validated or await self._validate(exchange)
            self._recorder.record(self._recording, exchange, validated)
        finally:
            self._proxy.hold(self._client, -self._held_bytes)

    async def _fail(self, failure: UpstreamFailed) -> None:
        """Respond for the upstream, unless its response has started."""
        started = self._outgoing.started
        self._outgoing.drop()
        self._recording.status, self._validated = 0, None
        await self._record()
        if started:
            raise failure  # so that the server does not end the response as if it were whole
        detail = f"No response from {self._upstream.url}: {failure}."
        proxy_status = (b"proxy-status", f"{self._upstream.name}; error={failure.error}".encode())
        await send_problem(failure.status, detail, self._send, proxy_status)


def _media_type(response: Connection) -> bytes:
    return value_of(response.headers, b"content-type") or b""


@contextmanager
def proxying(
    upstream: Upstream,
    recorder: ProxyRecorder,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    most_bytes: int = MOST_BYTES,
    names: Iterable[str] = (),
    errors: bool = False,
) -> Iterator[str]:
    """Run the proxy in a thread for the length of a ``with`` block, and yield its URL.

    Args:
        port: 0 takes a free one; see `Proxy` for the others.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
    """
    # uvicorn logs the exception that cuts a response short as an error
    options = {"log_level": "critical", "date_header": False}
    proxy = Proxy(upstream, recorder, most_bytes=most_bytes, names=[host, *names], errors=errors)
    with listen(host, port) as listening, serving(proxy, listening, "proxy", **options) as url:
        yield url
