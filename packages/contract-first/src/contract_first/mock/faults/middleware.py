"""The layer in which simulated failures of the API happen."""

import asyncio
from asyncio import Transport
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import cached_property, partial
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.contract.routing import Route
from contract_first.mock.extension import Extension
from contract_first.mock.fault import Effect
from contract_first.mock.journal.matching import is_beside_contracts
from contract_first.mock.journal.recording import FAULT_KEY
from contract_first.mock.responses.preferences import FIRST
from contract_first.service.clock import Clock
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.messages.problems import Problem, ProblemProfile

from .reading import FaultReader
from .registry import Faults, Injection
from .responses import Changed, Only, Paced, ProvokedProblem, ProvokedProblems

HEADER = b"x-mock-fault"
SCOPE_HEADER = b"x-mock-scope"
TRANSPORT = "contract_first.mock.transport"
LONGEST_NAP = 0.25
"""Seconds after which a delayed request looks whether its client is still connected."""
MOST_READ_BYTES = 64 * 1024


class TransportProtocol(HttpProtocol):
    """The service's HTTP, which hands the app the transport: ASGI has no word for closing a connection."""

    def _scope(self, scope: Scope) -> Scope:
        """Return the scope with the transport."""
        scope["extensions"] = {TRANSPORT: self.transport}
        return scope


class ApiRequest:
    """A request to the API, for faults to match; its parts are computed when a fault uses them."""

    key = ""
    """No request to the API is for an object in S3."""

    def __init__(self, scope: Scope, contract: Contract, beginning: bytes = b"") -> None:
        self._scope = scope
        self._contract = contract
        self._beginning = beginning
        self.method: str = scope["method"]
        self.path: str = scope["path"]

    @cached_property
    def route(self) -> Route:
        raw: bytes = self._scope.get("raw_path") or self.path.encode()
        query = self._scope.get("query_string", b"")
        return self._contract.route(self.method, raw.decode("latin-1"), query, partial(_header, self._scope))

    @property
    def operation(self) -> str:
        """The operationId; empty if there is none."""
        return self.route.operation_id

    @cached_property
    def is_beside(self) -> bool:
        """Whether it is for no contract, such as a browser's for an icon: a fault has to name its path."""
        return is_beside_contracts(self.path) and not self.route.methods

    @cached_property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""
        return _header(self._scope, SCOPE_HEADER) or ""

    def mentions(self, text: str) -> bool:
        """Return whether a text is a segment of the path, or in the query or the beginning of the body."""
        return (
            text in self.path.split("/")
            or text.encode() in self._scope["query_string"]
            or text.encode() in self._beginning
        )


@dataclass(eq=False)
class FaultMiddleware:
    """An ASGI app to whose requests faults apply: the active ones, or the one that a request asks for.

    Args:
        app: serves requests, with the documented response that ``Prefer: code=N`` asks for.
    """

    app: ASGIApp
    faults: Faults
    contract: Contract
    clock: Clock
    extension: Extension
    profile: ProblemProfile

    def __post_init__(self) -> None:
        self._problems = ProvokedProblems(self.contract, self.clock, self.profile)
        self._reader = FaultReader(self.extension)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if (
            scope["type"] != "http"
            or not (self.faults.on_api or HEADER in dict(scope["headers"]))
            or scope["method"] == "OPTIONS"  # a page cannot tell why a pre-flight failed, so none does
        ):
            return self.app(scope, receive, send)
        return self._apply_faults(scope, receive, send)

    async def _apply_faults(self, scope: Scope, receive: Receive, send: Send) -> None:
        beginning = b""
        if self.faults.reads_bodies:
            beginning, receive = await _beginning(receive)
        try:
            injection = self._injection(ApiRequest(scope, self.contract, beginning), scope)
        except Problem as problem:
            await self._problems.respond(problem, scope, receive, send)
            return
        if injection is None:
            await self.app(scope, receive, send)
        else:
            scope[FAULT_KEY] = injection.fault
            await self._inject(injection, scope, receive, send)

    def _injection(self, request: ApiRequest, scope: Scope) -> Injection | None:
        text = _header(scope, HEADER)
        if text is None:
            return self.faults.injection(
                request, lambda fault: fault.on == "api" and (bool(fault.match.path) or not request.is_beside)
            )
        return self._reader.injection(text, "api")

    async def _inject(self, injection: Injection, scope: Scope, receive: Receive, send: Send) -> None:
        effect = injection.effect
        await self._wait(injection.seconds, scope)
        if effect.drop or self._is_over(scope):
            await _drop(scope, receive)
            return
        if effect.bytes_per_second is not None:
            pace = effect.bytes_per_second
            send = Paced(send, pace, lambda seconds: self._wait(seconds, scope), lambda: _is_closed(scope))
        if (
            effect.error_code
            or effect.retry_after_seconds is not None
            or effect.status == HTTPStatus.TOO_MANY_REQUESTS
        ):
            send = Changed(send, effect, self.clock)
        with effect.applied():
            await self._respond(effect, scope, receive, _unsent if effect.drop_response else send)
        if effect.drop_response:
            await _drop(scope, receive)

    async def _wait(self, seconds: float, scope: Scope) -> None:
        while seconds > 0 and not self._is_over(scope):
            nap = min(seconds, LONGEST_NAP)
            await asyncio.sleep(nap)
            seconds -= nap

    def _is_over(self, scope: Scope) -> bool:
        """Return whether nobody waits for the response any more, or nothing may be delayed any more."""
        return self.faults.ended or _is_closed(scope)

    async def _respond(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> None:
        if effect.status is None:
            await self.app(scope, receive, send)
            return
        operation = ApiRequest(scope, self.contract).route.operation
        if operation is not None and operation.response_for(effect.status) is not None:
            documented = Only(effect.status, send)
            headers = [pair for pair in scope["headers"] if pair[0] != b"prefer"]
            headers.append((b"prefer", b"code=%d" % effect.status))
            await self.app({**scope, "headers": headers, FIRST: True}, receive, documented)
            if documented.passed:
                return  # else the app had another reason to refuse, such as a missing credential
        problem = ProvokedProblem(effect.status, effect.error_code)
        await self._problems.respond(problem, scope, receive, send)


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for field, value in scope["headers"] if field == name), None)


async def _beginning(receive: Receive) -> tuple[bytes, Receive]:
    """Return the first 64 KiB of a body, and a ``receive`` that returns all of it."""
    messages: list[Any] = []
    read = 0
    while read < MOST_READ_BYTES:
        message = await receive()
        messages.append(message)
        read += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)
    waiting = iter(messages)

    async def replay() -> Any:
        message = next(waiting, None)
        return await receive() if message is None else message

    return body, replay


def _transport(scope: Scope) -> Transport | None:
    transport: Transport | None = scope.get("extensions", {}).get(TRANSPORT)
    return transport


def _is_closed(scope: Scope) -> bool:
    transport = _transport(scope)
    return transport is not None and transport.is_closing()


async def _unsent(message: Message) -> None:
    """Send nothing."""


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request.

    Raises:
        ConnectionAbortedError: the server does not hand over the connection.
    """
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError("A fault drops this connection, which the server does not hand over.")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # a server that does not know of it yet would respond with 500
