"""An HTTP/1.1 connection to a server: requests go out, responses come in as they arrive."""

import asyncio
import select
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from starlette.types import Scope

RawHeaders = list[tuple[bytes, bytes]]

MOST_HEAD_BYTES = 100 * 1024
"""Of a response's head, of its trailers, and of what is around its chunks."""
MOST_WAITING_BYTES = 64 * 1024
"""How much of a response waits for the client before no more is read."""
FINAL = range(200, 600)
CONTROLS = bytes(set(range(32)) - {9} | {127})


class UpstreamFailed(Exception):  # noqa: N818 -- says what happened
    """There is no response, or it ended too early.

    Attributes:
        error: its name in RFC 9209.
    """

    def __init__(self, status: HTTPStatus, error: str, reason: str) -> None:
        self.status = status
        self.error = error
        super().__init__(reason)


def not_http(reason: str) -> UpstreamFailed:
    """Return the failure of a server that does not respond as HTTP has it."""
    return UpstreamFailed(HTTPStatus.BAD_GATEWAY, "http_protocol_error", reason)


def not_in_time() -> UpstreamFailed:
    """Return the failure of a server that takes too long."""
    return UpstreamFailed(HTTPStatus.GATEWAY_TIMEOUT, "http_response_timeout", "no response in time")


class Connection(asyncio.Protocol):
    """A connection, for one exchange after the other.

    Args:
        seconds: from one sign of the server to the next.

    Attributes:
        status: of the response, from 200 to 599.
        has_data: whether anything of it has come.
        idle_since: the event loop's time when its last exchange was over.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._waiter: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._is_open = True
        self.idle_since = 0.0
        self._begin(is_head=False)
        self._is_complete = True

    def _begin(self, *, is_head: bool) -> None:
        self._parser = HttpResponseParser(self)
        self._is_head = is_head
        self.status = 0
        self.headers: RawHeaders = []
        self._pieces: list[bytes] = []
        self._waiting_bytes = self._bytes_between = 0
        self.has_data = self._has_head = self._ends_by_close = False
        self._is_sent = self._is_complete = self._is_kept_alive = False
        self._failure: BaseException | None = None

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent: the last exchange is over, and both sides leave it open."""
        is_over = self._is_sent and self._is_complete and not self._pieces
        return is_over and self._is_open and self._is_kept_alive

    @property
    def has_news(self) -> bool:
        """Whether there is something, such as the end, that the event loop has not read yet."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    async def send(
        self, method: bytes, target: bytes, headers: RawHeaders, body: AsyncIterator[bytes] | None
    ) -> None:
        """Send a request, and wait for the head of its response, which may come before the body is sent.

        Args:
            headers: all of them; where they have a transfer coding it is ``chunked``.
            body: its pieces; None for none.

        Raises:
            UpstreamFailed: the request cannot be sent, or there is no response.
            Exception: what the body raises.
        """
        lines = [b"%b %b HTTP/1.1" % (method, target), *map(b": ".join, headers), b"", b""]
        head = b"\r\n".join(lines)
        if len(head) - len(head.translate(None, CONTROLS)) != 2 * (len(lines) - 1):
            invalid = "it has a control character in its head"
            raise UpstreamFailed(HTTPStatus.BAD_REQUEST, "http_request_error", invalid)
        self._begin(is_head=method == b"HEAD")
        self._transport.write(head)
        if body is not None:
            sending = self._send_body(body, is_chunked=transfer_coding(headers) is not None)
            self._sending = self._loop.create_task(sending)
            self._sending.add_done_callback(self._on_sent)
        else:
            self._is_sent = True
        while not self._has_head:
            await self._wait()

    async def _send_body(self, body: AsyncIterator[bytes], *, is_chunked: bool) -> None:
        async for piece in body:
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            await self._can_write.wait()
        if is_chunked:
            self._transport.write(b"0\r\n\r\n")
        self._is_sent = True

    def _on_sent(self, sending: asyncio.Task[None]) -> None:
        """Wait from now on for the server alone, or for nothing where the body has failed."""
        if not sending.cancelled() and (error := sending.exception()) is not None:
            self._fail(error)
        self._wake()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the response's body as it comes, in its content coding.

        Raises:
            UpstreamFailed: it ends too early.
        """
        while True:
            if self._pieces:
                pieces, self._pieces, self._waiting_bytes = self._pieces, [], 0
                if self._is_open:
                    self._transport.resume_reading()
                yield b"".join(pieces)
            elif self._is_complete:
                return
            else:
                await self._wait()

    def close(self) -> None:
        """Close at once."""
        self._is_open = False
        if self._sending is not None:
            self._sending.cancel()
        self._transport.abort()

    async def _wait(self) -> None:
        """Wait until something happens; for the next piece of the request's body as long as that takes."""
        if self._failure is None:
            self._waiter = self._loop.create_future()
            waits_for_body = not self._is_sent and self._can_write.is_set()
            timer = (
                None if waits_for_body else self._loop.call_later(self._seconds, self._fail, not_in_time())
            )
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        if self._failure is not None:
            raise self._failure

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: BaseException) -> None:
        if not self._is_complete:
            self._failure = self._failure or failure
        self.close()
        self._wake()

    # what the event loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take in a part of the response."""
        if self._is_complete:  # nobody has asked
            self.close()
            return
        self._bytes_between += len(data)
        self.has_data = True
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail(not_http("it responded with 101"))
        except HttpParserError as error:
            self._fail(not_http(str(error)))
        if self._bytes_between > MOST_HEAD_BYTES:
            self._fail(not_http(f"it sent more than {MOST_HEAD_BYTES} bytes beside a body"))

    def eof_received(self) -> None:
        self._is_open = False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response, which may have had no other end."""
        self._is_open = False
        if exc is not None:
            broken = "the connection broke"
            self._fail(UpstreamFailed(HTTPStatus.BAD_GATEWAY, "connection_terminated", broken))
        elif self._has_head and self._ends_by_close:
            self._is_complete = True
        else:
            self._fail(not_http("it closed the connection before its response was whole"))
        self._wake()

    def pause_writing(self) -> None:
        """Send no more for a while, in which the server has to read something."""
        self._can_write.clear()
        self._wake()

    def resume_writing(self) -> None:
        self._can_write.set()
        self._wake()

    # what the parser says

    def on_message_begin(self) -> None:
        """Note a response too many."""
        self._is_kept_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field; trailers are left out."""
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Let the response go on to the client, unless it is an interim one (RFC 9110, section 15.2)."""
        if self._is_complete:
            return
        self.status = self._parser.get_status_code()
        if self.status < FINAL.start:
            self.headers = []
            return
        coding, length = transfer_coding(self.headers), value_of(self.headers, b"content-length")
        if coding not in {None, b"chunked"}:  # the field stays on this connection, and with it what to decode
            self._fail(not_http("it responded in a transfer coding that is not known here"))
            return
        self._has_head = True
        self._ends_by_close = length is None and coding is None
        if self._is_head:
            self._end()
        self._wake()

    def on_body(self, body: bytes) -> None:
        self._bytes_between = 0
        if self._is_complete:  # the body of a response to HEAD
            self._is_kept_alive = False
            return
        self._pieces.append(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self._has_head and not self._is_complete:
            self._end()
            self._wake()

    def _end(self) -> None:
        self._is_complete = True
        self._is_kept_alive = self._parser.should_keep_alive()


def transfer_coding(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the transfer codings of a message, in lower case; None if it has a length, or no body."""
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    return b", ".join(codings) if codings else None


def has_body(scope: Scope) -> bool:
    """Tell whether a request has a body, as its header fields say."""
    headers: RawHeaders = scope["headers"]
    return transfer_coding(headers) is not None or value_of(headers, b"content-length") not in {None, b"0"}


def value_of(headers: Iterable[tuple[bytes, bytes]], field: bytes) -> bytes | None:
    """Return the first value of a field, named in lower case; None if it is not there."""
    return next((value for name, value in headers if name.lower() == field), None)
