"""A contract bound to handler functions, as an ASGI app."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract, load_contract

from .access.authentication import Authenticate, Authenticator, HookAuthenticator
from .access.cors import with_cors
from .access.cross_site import CrossSiteRequests
from .assembly import Assembly, Strictness
from .bound_operation import Fallback
from .clock import SystemClock
from .connexion_adapter import bind
from .context.hooks import Hook, require_operations
from .edge import Edge
from .functions import Function, ResolverError, require_takes
from .handlers import handlers_of
from .http.origins import allowed_origins
from .http.proxies import TrustedProxies
from .idempotency import Idempotency
from .messages.problems import PLAIN, Problem, ProblemProfile, ServiceUnavailable
from .messages.request import Request
from .mounting import mounting
from .observe.observation import observed
from .options import OBSERVABILITY, Exposure, Observability, Seams, require_usable
from .pages import contract_pages, health_pages
from .request.bodies import Limits
from .response.errors import ErrorFunction

Opening = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Opens collaborators when the app starts, and closes them when it stops: an ``@asynccontextmanager``."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
STRICTNESS, EXPOSURE, SEAMS = Strictness(), Exposure(), Seams()
FAILURE = "contract_first.failure"
"""Key of a scope: why the collaborators could not be opened."""

log = logging.getLogger("contract_first.service.errors")


class _Bound(NamedTuple):
    """An app, and the collaborators that its handlers have."""

    app: ASGIApp
    collaborators: Mapping[str, Any]


class _Opening(NamedTuple):
    """What holds the collaborators of an event loop open, and the app once they are."""

    opened: asyncio.Future[_Bound]
    task: asyncio.Task[None]


class Service:
    """An ASGI app, with :meth:`start` before the first request and :meth:`stop` after the last.

    A server that speaks ASGI's lifespan protocol does both by itself. Without it, as below a framework's
    mount, the first request starts the app, and the end of its event loop stops it. Where that fails, the
    requests that wait for it get a 503, and the next one tries again. In each event loop that calls it the
    app has collaborators of that loop, if they are opened.

    Attributes:
        most_target_bytes: longest path and query together; the server refuses longer ones as they come in.
        is_draining: whether this process is about to end.
    """

    def __init__(
        self,
        contract: Contract,
        profile: ProblemProfile,
        make: Callable[..., ASGIApp],
        make_unavailable: Callable[[], ASGIApp],
        collaborators: Mapping[str, Any] | Opening,
        most_target_bytes: int,
        below_root: Callable[[Scope], Scope],
    ) -> None:
        self.contract = contract
        self.most_target_bytes = most_target_bytes
        self.profile = profile
        self._make = make
        self._unavailable = cache(make_unavailable)
        self._below_root = below_root
        self._open = collaborators if callable(collaborators) else lambda: nullcontext(collaborators)
        self._everywhere = None if callable(collaborators) else _Bound(make(collaborators), collaborators)
        self._in_loops: dict[asyncio.AbstractEventLoop, _Bound] = {}
        self._openings: dict[asyncio.AbstractEventLoop, _Opening] = {}
        self.is_draining = False

    def drain(self) -> None:
        """Report not ready from now on, since this process is about to end; requests are served as before."""
        self.is_draining = True

    async def start(self) -> None:
        """Open the collaborators, and bind the contract to them.

        Raises:
            ResolverError: an operation has no handler, or one that does not fit it.
        """
        if self._everywhere is None:
            await self._started()

    async def stop(self) -> None:
        """Close the collaborators of this event loop."""
        if (opening := self._openings.get(asyncio.get_running_loop())) is not None:
            opening.task.cancel()
            await asyncio.wait([opening.task])
            if not opening.task.cancelled():
                opening.task.result()

    async def _started(self, *, logs: bool = False) -> _Bound:
        """Return the app with its collaborators, which are opened once however many requests wait for it.

        Args:
            logs: log the failure to open them, which otherwise is the caller's to report.
        """
        loop = asyncio.get_running_loop()
        if loop not in self._openings:
            self._forget_closed()
            opened = loop.create_future()
            task = loop.create_task(self._hold(opened, logs=logs))
            task.add_done_callback(partial(self._end, opened))
            self._openings[loop] = _Opening(opened, task)
        return await asyncio.shield(self._openings[loop].opened)

    def _forget_closed(self) -> None:
        """Forget the event loops that were closed with their tasks still running."""
        for loop in [*self._openings]:  # those of other threads may come and go
            if loop.is_closed():
                self._forget(loop)

    def _forget(self, loop: asyncio.AbstractEventLoop) -> None:
        self._in_loops.pop(loop, None)
        self._openings.pop(loop, None)

    def _end(self, opened: asyncio.Future[_Bound], task: asyncio.Task[None]) -> None:
        """Forget what is no longer held open; an opening that was cancelled fails for those who wait."""
        if not opened.done():
            opened.set_exception(RuntimeError("The opening of the collaborators was cancelled."))
            opened.exception()  # retrieved, should nobody wait for it
        self._forget(task.get_loop())

    async def _hold(self, opened: asyncio.Future[_Bound], *, logs: bool) -> None:
        """Keep the collaborators open until cancelled, by :meth:`stop` or by the end of the event loop.

        A task of its own, since what is opened in one task can often not be closed in another.
        """
        loop = asyncio.get_running_loop()
        try:
            async with self._open() as collaborators:
                self._in_loops[loop] = _Bound(self._make(collaborators), collaborators)
                opened.set_result(self._in_loops[loop])
                with suppress(asyncio.CancelledError):
                    await loop.create_future()
        except Exception as error:
            if opened.done():
                raise
            if logs:
                log.error("The collaborators could not be opened", exc_info=error)  # noqa: TRY400 -- not here
            opened.set_exception(error)

    def fall_back_on(self, fallback: Fallback) -> None:
        """Bind the contract with this fallback instead of the one that `create_app` has."""
        self._make = partial(self._make, unimplemented=fallback)
        if self._everywhere is not None:
            shared = self._everywhere.collaborators
            self._everywhere = _Bound(self._make(shared), shared)

    @contextmanager
    def override(self, **collaborators: Any) -> Iterator[None]:
        """Put others in the place of collaborators, for tests.

        What is opened when the app starts is not opened in a test that overrides before that: name all that
        handlers need. After it, the others are those of the running event loop, or else of the one that the
        app was started in last.
        """
        before = self._everywhere
        merged = {**(before.collaborators if before else self._opened_here()), **collaborators}
        self._everywhere = _Bound(self._make(merged), merged)
        try:
            yield
        finally:
            self._everywhere = before

    def _opened_here(self) -> Mapping[str, Any]:
        """Return what is open in the running event loop, or else in the one that was started in last."""
        self._forget_closed()
        with suppress(RuntimeError, KeyError):
            return self._in_loops[asyncio.get_running_loop()].collaborators
        bound = [*self._in_loops.values()]
        return bound[-1].collaborators if bound else NOTHING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            bound = self._everywhere or self._in_loops.get(asyncio.get_running_loop())
            app = bound.app if bound else await self._opened(scope)
            await app(self._below_root(scope), receive, send)

    async def _opened(self, scope: Scope) -> ASGIApp:
        """Return the app with its collaborators, or the one that says that they could not be opened."""
        try:
            return (await self._started(logs=True)).app
        except ResolverError:  # which no other try mends
            raise
        except Exception as error:  # noqa: BLE001 -- a collaborator's, of any kind
            scope[FAILURE] = error
            return self._unavailable()

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
    authenticate: Mapping[str, Authenticate] | Authenticator | None = None,
    collaborators: Mapping[str, Any] | Opening = NOTHING,
    hooks: Sequence[Hook] = (),
    middleware: Sequence[Callable[[ASGIApp], ASGIApp]] = (),
    profile: ProblemProfile = PLAIN,
    errors: ErrorFunction | None = None,
    idempotency: Idempotency | None = None,
    limits: Limits | None = None,
    strictness: Strictness = STRICTNESS,
    observability: Observability = OBSERVABILITY,
    exposure: Exposure = EXPOSURE,
    seams: Seams = SEAMS,
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
            collaborators. It returns a value, ``(value, status)`` or a
            :class:`~.messages.response.Response`. What it is annotated with it gets: models, dates, UUIDs and
            the like instead of JSON values.
        authenticate: for each security scheme a function that takes credential and request and returns the
            caller, see :class:`~.access.authentication.HookAuthenticator`; or one `Authenticator` for all
            schemes.
        collaborators: objects that handlers take, by parameter name or by class, some of them opened
            :func:`~.context.collaborators.per_request`; or an ``@asynccontextmanager`` that yields them,
            entered when the app starts.
        hooks: functions before, after and around handlers; see :class:`~.context.hooks.Hook`.
        middleware: each takes an ASGI app and returns the one around it; the first is the outermost.
        profile: members of problems; by default those of RFC 9457 alone.
        errors: a function of a problem, its operation and its status that returns the body of an error which
            the contract declares; None, as without it, for members that are filled in by what they mean.
        idempotency: handles a request once, however often it is sent with its ``Idempotency-Key``, where the
            contract declares that header; see :mod:`.idempotency`. Without it handlers get the header.
        limits: most bytes of target, body and form, and more; see :class:`~.request.bodies.Limits`.
        strictness: how strictly requests and responses are validated.
        observability: metrics, request log and traces; by default those of the command that serves it.
        exposure: CORS, proxies, base paths and health.
        seams: what mocks and tests replace.

    Raises:
        TypeError: an option is not what it may be.
        ContractError: the contract cannot be read, or is not valid.
        ResolverError: an operation has no handler or one that does not fit it, or a security scheme has no
            hook; where collaborators are opened, a handler that does not fit fails the start instead.
    """
    require_usable(locals())
    if errors is not None:
        require_takes(errors, 3, "What makes errors", "a function of a problem, an operation and a status")
    observability, limits = observability.completed(), limits or Limits()
    served = contract if isinstance(contract, Contract) else load_contract(contract)
    require_operations(hooks, served.operations)
    functions = handlers_of(handlers, plain=True) if isinstance(handlers, ModuleType) else handlers
    if inspect.isasyncgenfunction(collaborators):
        collaborators = asynccontextmanager(collaborators)
    if callable(collaborators):
        require_takes(collaborators, 0, "What opens the collaborators", "a function without arguments")
    schemes = NOTHING if authenticate is None else authenticate
    authenticator = HookAuthenticator(served, schemes) if isinstance(schemes, Mapping) else schemes
    observing: dict[str, Any] = {}
    if (metrics := observability.metrics) is not None:
        authenticator = metrics.authenticator(authenticator)
        observing["on_violation"] = metrics.count_violation
        metrics.expect(served.operations)
    proxies = TrustedProxies(exposure.trusted_proxies)
    origins = allowed_origins(exposure.cors_origins)
    if exposure.csrf_protection:
        observing["cross_site"] = CrossSiteRequests(served.security_schemes, origins, proxies)
    pages = contract_pages(served)
    if exposure.checks is not None:
        pages |= health_pages(exposure.checks, exposure.soft_checks, lambda: service.is_draining, metrics)
    layers = _Layers(served, middleware, profile, limits, observability, seams, origins, pages)

    def make(collaborators: Mapping[str, Any], unimplemented: Fallback | None = None) -> ASGIApp:
        assembly = Assembly(
            served,
            authenticator,
            collaborators,
            strictness=strictness,
            limits=limits,
            lazy=seams.lazy,
            base_paths=exposure.base_paths,
            idempotency=idempotency,
            hooks=hooks,
            profile=profile,
            errors=errors,
            **observing,
        )
        refusal = assembly.refusal() if seams.fallback is None else None
        return layers.around(bind(assembly, functions, unimplemented or seams.fallback), refusal)

    below_root = mounting(proxies)
    service = Service(served, profile, make, layers.around_refusal, collaborators, limits.target, below_root)
    return service


class _Layers(NamedTuple):
    """What stands around the operations of an app: observers outermost, middleware, CORS, the edge."""

    contract: Contract
    middleware: Sequence[Callable[[ASGIApp], ASGIApp]]
    profile: ProblemProfile
    limits: Limits
    observability: Observability
    seams: Seams
    origins: tuple[str, ...]
    pages: Mapping[str, ASGIApp]

    def around(self, app: ASGIApp, refusal: Callable[[Request], Problem | None] | None = None) -> ASGIApp:
        """Return an app with all layers around it."""
        fallback, served = self.seams.fallback, self.contract
        edge = Edge(
            app,
            refusal=refusal,
            clock=self.seams.clock or SystemClock(),
            pages={path: page for path, page in self.pages.items() if path not in served.paths},
            most_target_bytes=self.limits.target,
            profile=self.profile,
            random_bytes=self.seams.random_bytes,
            log_failures=self.observability.request_log is None,
            tracing=self.observability.tracing,
        )
        app = with_cors(
            edge,
            served,
            self.origins,
            request_headers=() if fallback is None else fallback.request_headers,
            response_headers=() if fallback is None else fallback.response_headers,
        )
        for wrap in reversed(self.middleware):
            app = wrap(app)
        observers = self.observability.observers(served)
        return observed(app, observers) if observers else app

    def around_refusal(self) -> ASGIApp:
        """Return the app whose collaborators could not be opened: it refuses, and is not ready."""
        pages = {path: page for path, page in self.pages.items() if path != "/readyz"}
        return self._replace(pages=pages).around(_refuse)


async def _refuse(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ServiceUnavailable("What the service needs could not be opened; try again.") from scope[FAILURE]
