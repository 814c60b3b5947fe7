"""Transports of httpx2 that call an ASGI app in an event loop, and that validate what passes."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from typing import Any, NamedTuple, Self

import httpx2
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.check import Credentials
from contract_first.check.bounded_bodies import FirstItems
from contract_first.check.endless import ending_streams

from .exchanges import ContractViolationError, Exchanges

STREAM_SECONDS = 5
"""After which a stream of items ends that goes on."""


class InProcess(httpx2.BaseTransport):
    """Sends by an asynchronous transport, which is entered until this one is closed.

    Args:
        portal: to the event loop that it runs in.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport, portal: BlockingPortal) -> None:
        self._portal = portal
        self._entered = ExitStack()
        self._transport = transport
        self._entered.enter_context(portal.wrap_async_context_manager(transport))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        __tracebackhide__ = True
        request.read()
        try:
            return self._portal.call(self._transport.handle_async_request, request)
        except ContractViolationError as error:
            raise error.with_traceback(None) from None  # without the frames of the other thread

    def close(self) -> None:
        self._entered.close()


class InLoop(httpx2.AsyncBaseTransport):
    """Calls an ASGI app in the running event loop, and starts it by its lifespan until the end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._entered = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._transport: httpx2.ASGITransport | None = None

    async def __aenter__(self) -> Self:
        await self._started()
        return self

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        transport = await self._started()
        copy = httpx2.Request(request.method, request.url, headers=request.headers, content=request.content)
        response = await transport.handle_async_request(copy)
        return _response(response, b"".join([part async for part in response.aiter_raw()]))

    async def aclose(self) -> None:
        self._transport = None
        await self._entered.aclose()

    async def _started(self) -> httpx2.ASGITransport:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            reason = "expected asyncio's event loop; with anyio's plugin the fixture anyio_backend names it."
            raise RuntimeError(f"async_contract_client: {reason}") from None
        async with self._starting:
            if self._transport is None:
                state = await self._entered.enter_async_context(lifespan(self._app))
                self._transport = httpx2.ASGITransport(
                    ending_streams(_with_state(self._app, state), STREAM_SECONDS)
                )
            return self._transport


class ClientValidation(NamedTuple):
    """What a client does with each exchange: adds the credentials that it lacks, and validates it."""

    exchanges: Exchanges
    credentials: Credentials

    def add_credentials(self, request: httpx2.Request) -> None:
        for name, value in self.exchanges.credentials(request, self.credentials).items():
            request.headers.setdefault(name, value)

    def validated(self, request: httpx2.Request, response: httpx2.Response, body: bytes) -> httpx2.Response:
        """Return the response with its body; raises ContractViolationError."""
        __tracebackhide__ = True
        self.exchanges.validate(request, response, body)
        return _response(response, body)


class Validating(httpx2.AsyncBaseTransport):
    """Validates what another transport carries."""

    def __init__(self, transport: httpx2.AsyncBaseTransport, validation: ClientValidation) -> None:
        self._transport = transport
        self._validation = validation

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        __tracebackhide__ = True
        await request.aread()
        self._validation.add_credentials(request)
        response = await self._transport.handle_async_request(request)
        parts, items = list[bytes](), _items(response)
        async for part in response.aiter_raw():
            parts.append(part)
            if items.add(part):
                break
        body = b"".join(parts)[: items.end]
        await response.aclose()
        return self._validation.validated(request, response, body)

    async def aclose(self) -> None:
        await self._transport.aclose()


def _items(response: httpx2.Response) -> FirstItems:
    return FirstItems(response.headers.get("Content-Type", ""), response.headers.get("Content-Encoding", ""))


def _response(response: httpx2.Response, body: bytes) -> httpx2.Response:
    return httpx2.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx2.ByteStream(body),
        extensions=response.extensions,
    )


def _with_state(app: ASGIApp, state: MutableMapping[str, Any]) -> ASGIApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return call


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[MutableMapping[str, Any]]:
    """Start an ASGI app and stop it in the end; yield the state of its lifespan.

    One that raises an error before it says anything has no lifespan, as ASGI defines it.

    Raises:
        RuntimeError: it does not start.
    """
    state: dict[str, Any] = {}
    events, messages = asyncio.Queue[Message](), asyncio.Queue[Message]()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    running = asyncio.create_task(_called(app, scope, events.get, messages.put))
    try:
        await _passed("startup", events, messages, running)
        yield state
        await _passed("shutdown", events, messages, running)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running


async def _called(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _passed(
    phase: str,
    events: asyncio.Queue[Message],
    messages: asyncio.Queue[Message],
    running: asyncio.Future[Any],
) -> None:
    """Send a phase's event, and wait until the app is through it or has ended."""
    await events.put({"type": f"lifespan.{phase}"})
    message: asyncio.Future[Any] = asyncio.ensure_future(messages.get())
    await asyncio.wait([message, running], return_when=asyncio.FIRST_COMPLETED)
    if not message.done():
        message.cancel()
    elif message.result()["type"] == f"lifespan.{phase}.failed":
        reason = message.result().get("message") or "it gives no reason"
        raise RuntimeError(f"The {phase} of the app failed: {reason}")
