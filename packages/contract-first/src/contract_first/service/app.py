"""A contract bound to handler functions, as an ASGI app."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract, load_contract

from .access.authentication import Authenticator, Hook, HookAuthenticator
from .access.cors import with_cors
from .assembly import Assembly
from .clock import Clock, SystemClock
from .connexion_adapter import bind
from .edge import Edge
from .functions import Function
from .handlers import handlers_of
from .idempotency import Idempotency
from .messages.problems import PLAIN, ProblemProfile
from .observe.observation import Observer, observed
from .observe.request_log import RequestLog
from .operation import Fallback
from .pages import Check, contract_pages, health_pages
from .randomness import RandomBytes
from .request.bodies import Limits

if TYPE_CHECKING:
    from .observe.metrics import Metrics
    from .observe.spans import Tracing

Opening = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Opens collaborators when the app starts, and closes them when it stops: an ``@asynccontextmanager``."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Service:
    """An ASGI app, with :meth:`start` before the first request and :meth:`stop` after the last.

    A server that speaks ASGI's lifespan protocol does both by itself; where all collaborators are there
    already, the app responds without it.

    Attributes:
        most_target_bytes: longest path and query together; the server refuses longer ones as they come in.
        is_draining: whether this process is about to end.
    """

    def __init__(
        self,
        contract: Contract,
        profile: ProblemProfile,
        make: Callable[[Mapping[str, Any]], ASGIApp],
        collaborators: Mapping[str, Any] | Opening,
        most_target_bytes: int,
    ) -> None:
        self.contract = contract
        self.most_target_bytes = most_target_bytes
        self.profile = profile
        self._make = make
        self._running = AsyncExitStack()
        self._open = collaborators if callable(collaborators) else None
        self._app = None if callable(collaborators) else make(collaborators)
        self.is_draining = False

    def drain(self) -> None:
        """Report not ready from now on, since this process is about to end; requests are served as before."""
        self.is_draining = True

    async def start(self) -> None:
        """Open the collaborators, and bind the contract to them.

        Raises:
            ResolverError: an operation has no handler, or one that does not fit it.
        """
        if self._open is not None:
            self._app = self._make(await self._running.enter_async_context(self._open()))

    async def stop(self) -> None:
        """Close the collaborators."""
        await self._running.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if self._app is None:
                raise RuntimeError("The app has not started: run it by a server that speaks ASGI's lifespan.")
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            await self.stop()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(  # noqa: PLR0913 -- each is a keyword of its own
    contract: Contract | Path | str,
    handlers: ModuleType | Mapping[str, Function],
    *,
    authenticate: Mapping[str, Hook] | Authenticator | None = None,
    collaborators: Mapping[str, Any] | Opening = NOTHING,
    checks: Mapping[str, Check] | None = NOTHING,
    soft_checks: Mapping[str, Check] = NOTHING,
    cors_origins: Sequence[str] = (),
    limits: Limits | None = None,
    profile: ProblemProfile = PLAIN,
    reveal: bool = False,
    formats: bool = False,
    closed_query: bool = False,
    fallback: Fallback | None = None,
    lazy: bool = False,
    base_paths: bool = True,
    idempotency: Idempotency | None = None,
    metrics: Metrics | None = None,
    request_log: RequestLog | None = None,
    tracing: Tracing | None = None,
    clock: Clock | None = None,
    random_bytes: RandomBytes = os.urandom,
) -> Service:
    """Return an ASGI app that serves a contract: a handler function for each operation.

    The app validates requests and responses, and reports violations as RFC 9457 problems. Beside the
    contract's paths it serves the document at ``/openapi.json``, Swagger UI at ``/docs``, and health at
    ``/healthz`` and ``/readyz``, except where the contract has such a path itself.

    Args:
        contract: an OpenAPI document as a `Contract`, or the path or URL of one.
        handlers: functions by name, or a module or package of them; see :mod:`.names` for which function
            handles which operation. A function, ``async def`` or ``def`` (which runs in a thread), takes the
            parameters of its operation by name, ``body``, ``caller`` and ``request`` if it asks for them, and
            collaborators. It returns a value, ``(value, status)`` or a :class:`~.responses.Response`.
        authenticate: for each security scheme a function that takes credential and request and returns the
            caller, see :class:`~.authentication.HookAuthenticator`; or one `Authenticator` for all schemes.
        collaborators: objects that handlers take, by parameter name; or an ``@asynccontextmanager`` that
            yields them, entered when the app starts.
        checks: checks of ``/readyz`` by name; the app is ready if none raises. None serves no health.
        soft_checks: further checks of ``/readyz``; one that raises is reported, and the app stays ready.
        cors_origins: origins whose pages may call the app (CORS); ``*`` for any.
        limits: most bytes of target, body and form, and more; see :class:`~.bodies.Limits`.
        profile: members of problems; by default those of RFC 9457 alone.
        reveal: send clients the violations of a response, which otherwise only the log has.
        formats: validate ``format`` in requests, which JSON Schema takes for an annotation.
        closed_query: refuse query parameters that the contract does not have.
        fallback: handles operations without a handler; without it, each needs one.
        lazy: bind each operation at its first request, instead of all at the start.
        base_paths: serve the operations below the base paths of the contract's servers as well.
        idempotency: handles a request once, however often it is sent with its ``Idempotency-Key``, where the
            contract declares that header; see :mod:`.idempotency`. Without it handlers get the header.
        metrics: counts requests, and the violations in them; see :class:`~.metrics.Metrics`.
        request_log: writes a line for each request, see :class:`~.request_log.RequestLog`.
        tracing: records a span for each request, see :class:`~.spans.Tracing`.
        clock: returns the time that problems have; by default the machine's.
        random_bytes: returns so many random bytes, for request ids.

    Raises:
        ContractError: the contract cannot be read, or is not valid.
        ResolverError: an operation has no handler or one that does not fit it, or a security scheme has no
            hook; where collaborators are opened, a handler that does not fit fails the start instead.
    """
    served = contract if isinstance(contract, Contract) else load_contract(contract)
    limits = limits or Limits()
    functions = handlers_of(handlers, plain=True) if isinstance(handlers, ModuleType) else handlers
    hooks = NOTHING if authenticate is None else authenticate
    authenticator = HookAuthenticator(served, hooks) if isinstance(hooks, Mapping) else hooks
    observing: dict[str, Any] = {}
    if metrics is not None:
        authenticator = metrics.authenticator(authenticator)
        observing["on_violation"] = metrics.count_violation
    pages = contract_pages(served)
    if checks is not None:
        pages |= health_pages(checks, soft_checks, lambda: service.is_draining)

    def make(collaborators: Mapping[str, Any]) -> ASGIApp:
        assembly = Assembly(
            served,
            authenticator,
            collaborators,
            reveal=reveal,
            limits=limits,
            lazy=lazy,
            formats=formats,
            closed_query=closed_query,
            base_paths=base_paths,
            idempotency=idempotency,
            profile=profile,
            **observing,
        )
        edge = Edge(
            bind(assembly, functions, fallback),
            refusal=assembly.refusal() if fallback is None else None,
            clock=clock or SystemClock(),
            pages={path: page for path, page in pages.items() if path not in served.paths},
            most_target_bytes=limits.target,
            profile=profile,
            random_bytes=random_bytes,
            log_failures=request_log is None,
            tracing=tracing,
        )
        app = with_cors(
            edge,
            served,
            cors_origins,
            request_headers=() if fallback is None else fallback.request_headers,
            response_headers=() if fallback is None else fallback.response_headers,
        )
        observers: list[Observer] = [part.observe for part in (metrics, request_log) if part]
        if tracing is not None:
            observers.append(tracing.observer(served))
        return observed(app, observers) if observers else app

    service = Service(served, profile, make, collaborators, limits.target)
    return service
