"""One operation of the contract, bound to its handler: all that a request goes through, in order."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Operation

from .access.security import alternatives_of
from .assembly import Assembly
from .context.hooks import hooked
from .functions import Function, ResolverError
from .handlers import QUERY, Handler
from .idempotency import HEADER, Attempt, Idempotency, fingerprint_of
from .messages.problems import (
    BadRequest,
    NotAcceptable,
    NotImplementedYet,
    Problem,
    UnsupportedMediaType,
    ValidationFailed,
    Violation,
)
from .messages.request import STATE, Request
from .messages.response import Rendered, Streamed, respond
from .observe.stages import spent
from .request.bodies import CompiledBody
from .request.decoding import decode_form
from .request.parameters import compile_parameters, undeclared
from .request.typed_values import NOTHING, converted
from .response.errors import ErrorRenderer
from .response.negotiation import Negotiation
from .response.rendering import ResponseRenderer, accepts, produced

log = logging.getLogger("contract_first.service.errors")
Responder = Callable[["Request"], Awaitable["Rendered"]]
"""Admits a request and returns its response, or raises a Problem."""


class Fallback(Protocol):
    """Handles operations without a handler, and others where it chooses to; a mock has one.

    Attributes:
        request_headers: what it reads beside the headers of the contract.
        response_headers: what it sends beside them.
    """

    @property
    def request_headers(self) -> Sequence[str]: ...

    @property
    def response_headers(self) -> Sequence[str]: ...

    def responder(self, operation: "BoundOperation", assembly: Assembly, /) -> Responder:
        """Return the responder of an operation; called once, when it is bound."""


class BoundOperation:
    """Admits, reads and validates the requests of one operation, and responds to them.

    Attributes:
        admit: sets the caller of a request, or raises its problem.
        has_handler: whether a function handles it; one without is left to the fallback.
        errors: renders what goes wrong.
    """

    def __init__(
        self,
        operation: Operation,
        function: Function | None,
        assembly: Assembly,
        fallback: Fallback | None = None,
    ) -> None:
        self.contract_operation = operation
        self.admit = assembly.admission(alternatives_of(operation))
        self._negotiation = Negotiation(produced(operation), accepts(operation, assembly.schemas))
        self.parameters = compile_parameters(operation.parameters, assembly.schemas.of)
        in_query = [parameter.name for parameter in self.parameters if parameter.location == "query"]
        takes_any = any(parameter.location == "querystring" for parameter in self.parameters)
        is_closed = assembly.strictness.closed_query and not takes_any
        self._known_query = [*in_query, *assembly.credentials.in_query] if is_closed else None
        self._places = {"body": ("body", ""), QUERY: ("query", "")} | {
            parameter.argument: (parameter.location, parameter.name) for parameter in self.parameters
        }
        body = operation.request_body
        self._bodies = assembly.bodies
        self._seconds = assembly.limits.response_seconds
        self._body = (
            None if body is None else CompiledBody(body, assembly.schemas, assembly.limits, assembly.bodies)
        )
        validator, on_violation = assembly.response_validator, assembly.on_violation
        self._renderer = ResponseRenderer(
            operation, validator, on_violation, reveal=assembly.strictness.reveal
        )
        self.errors = ErrorRenderer(
            operation, assembly.contract, self._renderer, assembly.profile, assembly.errors
        )
        self._hooks = [hook for hook in assembly.hooks if hook.is_of(operation)]
        self._collaborators = assembly.shared
        self._idempotency = assembly.idempotency
        self._key = None if assembly.idempotency is None else self._argument("header", HEADER)
        self.has_handler = function is not None
        if function is not None:
            self._handler = self._handler_of(function, assembly)
            self._in_object = {
                member: self._places[argument][1] for argument, member in self._handler.query.items()
            }
        serve = self.serve if self._seconds is None else self._serve_in_time
        self._respond = serve if fallback is None else fallback.responder(self, assembly)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        """Respond to one request, or raise a Problem."""
        request: Request = scope[STATE]
        request.declared_error = self.errors.render
        try:
            await respond(await self._respond(request), request, send)
        finally:
            if request.held[1]:
                self._bodies.release(request)
        for work in request.background:
            await _done(work, request)

    async def serve(self, request: Request) -> Rendered:
        """Admit a request and return the handler's response to it."""
        await self.admit(request)
        return await self.handled(await self.arguments(request), request)

    async def _serve_in_time(self, request: Request) -> Rendered:
        """Serve a request; raise TimeoutError if it takes longer than a response may."""
        async with asyncio.timeout(self._seconds) as limit:
            await self.admit(request)
            if self._body is None:
                return await self.handled(await self.arguments(request), request)
            end, start = limit.when(), time.monotonic()
            limit.reschedule(None)  # a client may take its time to send
            arguments = await self.arguments(request)
            limit.reschedule(end and end + time.monotonic() - start)
            return await self.handled(arguments, request)

    def handled(self, arguments: dict[str, Any], request: Request) -> Awaitable[Rendered]:
        """Return the handler's response to an admitted request of which these are the arguments.

        Where the request has an ``Idempotency-Key`` it is that of the first try.
        """
        key = None if self._key is None else arguments.pop(self._key, None)
        if key is None or self._idempotency is None:
            return self._handled(arguments, request)
        return self._handled_once(self._idempotency, key, arguments, request)

    async def _handled_once(
        self, idempotency: Idempotency, key: str, arguments: dict[str, Any], request: Request
    ) -> Rendered:
        async def run() -> bytes:
            rendered = await self._handled(arguments, request)
            if isinstance(rendered, Streamed):
                raise TypeError(f"A response to a request with {HEADER} is stored, and cannot be a stream.")
            del rendered.headers[len(rendered.headers) - len(request.response_headers) :]
            return msgspec.msgpack.encode(rendered)

        fingerprint = await fingerprint_of(arguments, has_files=bool(request.files))
        attempt = Attempt(self.contract_operation.operation_id, request.caller, key, fingerprint)
        first = msgspec.msgpack.decode(await idempotency.once(attempt, run), type=Rendered)
        first.headers += request.response_headers
        return first

    async def _handled(self, arguments: dict[str, Any], request: Request) -> Rendered:
        handler = self._handler
        if handler.query:
            members = {name: arguments.pop(argument) for argument, name in handler.query.items()}
            arguments[QUERY] = {name: value for name, value in members.items() if value is not None}
        for name, convert in handler.converters:
            if arguments[name] is not None:
                parameters = self._in_object if name == QUERY else NOTHING
                arguments[name] = converted(convert, arguments[name], *self._places[name], parameters)
        for name, default in handler.defaults:
            if arguments[name] is None and not (name == "body" and request.has_body):
                arguments[name] = default
        for name, source in handler.context:
            arguments[name] = request if source == "request" else request.caller
        if not handler.needs.opened:
            return await self._called(arguments, request)
        async with AsyncExitStack() as stack:
            arguments |= await self._collaborators.open(handler.needs, request, stack)
            rendered = await self._called(arguments, request)
            if isinstance(rendered, Streamed):
                rendered.scope = stack.pop_all()
            return rendered

    async def _called(self, arguments: dict[str, Any], request: Request) -> Rendered:
        call, start = self._handler.call, time.perf_counter()
        try:
            returned = (
                await hooked(self._hooks, call, arguments, request)
                if self._hooks
                else await call(**arguments)
            )
        finally:
            spent("handler", start)
        return self._renderer.render(returned, request)

    async def arguments(self, request: Request, problems: list[Problem] | None = None) -> dict[str, Any]:
        """Return the arguments of an admitted request by name, or raise its problem.

        Args:
            problems: takes all problems of the request, of which arguments are read as far as they can be.
        """
        arguments: dict[str, Any] = {}
        violations: list[Violation] = []
        try:
            accept = request.headers.get(b"accept")
            if accept is not None and accept != b"*/*":
                self._negotiation.check(accept.decode("latin-1"))
        except NotAcceptable as problem:
            _refuse(problem, problems)
        try:
            pairs = decode_form(request.query_string, "query") if request.query_string else []
            for parameter in self.parameters:
                arguments[parameter.argument] = parameter.argument_of(request, pairs, violations)
            if self._known_query is not None:
                violations += undeclared(pairs, self._known_query)
        except BadRequest as problem:
            _refuse(problem, problems)
            arguments = {**dict.fromkeys(parameter.argument for parameter in self.parameters), **arguments}
        try:
            if self._body is not None:
                arguments["body"] = await self._body.read(request, violations)
        except (BadRequest, UnsupportedMediaType) as problem:
            _refuse(problem, problems)
            arguments["body"] = None
        if violations:
            _refuse(ValidationFailed(violations), problems)
        return arguments

    def _argument(self, location: str, name: str) -> str | None:
        """Return the argument that a parameter is, None if the operation does not have it."""
        for parameter in self.parameters:
            if parameter.location == location and parameter.name.lower() == name.lower():
                return parameter.argument
        return None

    def _handler_of(self, function: Function, assembly: Assembly) -> Handler:
        arguments = {parameter.argument for parameter in self.parameters} - {self._key}
        arguments |= {"body"} if self._body else set()
        in_query = {
            parameter.argument: parameter.name
            for parameter in self.parameters
            if parameter.location == "query"
        }
        operation_id = self.contract_operation.operation_id
        return Handler.of(function, operation_id, arguments, in_query, assembly.shared)


def _refuse(problem: Problem, problems: list[Problem] | None) -> None:
    """Add a problem to those of a request; raise it where nothing takes them."""
    if problems is None:
        raise problem
    problems.append(problem)


async def _done(work: Callable[[], Awaitable[Any]], request: Request) -> None:
    try:
        await work()
    except Exception:  # the response is sent: others are to be done all the same
        log.exception("Work after the response failed (request %s)", request.request_id)


def bound(
    operation: Operation, function: Function | None, assembly: Assembly, fallback: Fallback | None
) -> ASGIApp:
    """Bind one operation, now or when it is first asked for.

    Raises:
        ResolverError: it cannot be bound; the message names the operation and says why.
    """
    bind = partial(_bound, operation, function, assembly, fallback)
    return LazyApp(bind) if assembly.lazy else bind()


def _bound(
    operation: Operation, function: Function | None, assembly: Assembly, fallback: Fallback | None
) -> BoundOperation:
    if operation.defect:
        raise ResolverError(f"The contract's operation cannot be understood. {operation.defect}")
    try:
        return BoundOperation(operation, function, assembly, fallback)
    except (LookupError, ValueError) as error:
        raise ResolverError(
            f"The operation {operation.operation_id!r} at {operation.pointer} cannot be bound: "
            f"{str(error).partition(chr(10))[0]}"
        ) from error


class LazyApp:
    """An app that is bound, in a thread, when it is first asked for: one of thousands of operations, say."""

    def __init__(self, bind: Callable[[], ASGIApp]) -> None:
        self._bind = bind
        self._binding = asyncio.Lock()
        self._bound: ASGIApp | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Respond to one request, with 501 if it cannot be bound."""
        return (self._bound or self._bind_first)(scope, receive, send)

    async def _bind_first(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._binding:
            if self._bound is None:
                try:
                    self._bound = await asyncio.to_thread(self._bind)
                except ResolverError as error:
                    raise NotImplementedYet(str(error)) from error
        await self._bound(scope, receive, send)


class Unrouted:
    """Responds to requests that no operation matches: to OPTIONS, and to all others with problems."""

    def __init__(self, assembly: Assembly) -> None:
        self._admit = assembly.admission(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        """Admit the request as an anonymous one, then raise its problem or respond to OPTIONS."""
        request: Request = scope[STATE]
        await self._admit(request)
        problem = request.misrouted or Problem()
        allow = problem.headers.get("Allow")
        if request.method == "OPTIONS" and allow is not None:
            headers = [(b"allow", allow.encode()), *request.response_headers]
            await respond(Rendered(204, headers, b""), request, send)
            return
        raise problem
