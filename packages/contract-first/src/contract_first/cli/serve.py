"""``serve``: a contract and its handlers over HTTP."""

import inspect
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, reduce
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args

import typer
import uvloop

from contract_first.contexts import assignment
from contract_first.contract import Contract, ContractError
from contract_first.imports import resting_collector
from contract_first.service.app import Service, create_app
from contract_first.service.functions import ResolverError
from contract_first.service.handlers import handlers_of
from contract_first.service.http.connections import ConnectionLimits
from contract_first.service.http.listening import claim, reserve
from contract_first.service.http.origins import allowed_origins
from contract_first.service.http.processes import Supervisor
from contract_first.service.http.server import CannotListen, CannotStart, Shutdown, listen, starting, url_of
from contract_first.service.http.server import serve as serve_app
from contract_first.service.observe.logs import Form, Level, LogOptions, logging_to_stderr
from contract_first.service.observe.request_log import RequestLog
from contract_first.service.observe.telemetry import Telemetry
from contract_first.service.options import OF_PROCESS, Exposure, Observability
from contract_first.signatures import Flag, read_fields

from .commands import failure, takes
from .options import options_of, record_of
from .reading import follows_references, read_contract
from .reload import Reload, Reloader

START_ERRORS = (CannotListen, ContractError, ResolverError, ValueError)
"""What keeps a service from starting; each message says what to do."""
PAGE = "service#from-the-command-line"
Create = Callable[[Telemetry, RequestLog | None], Any]
"""Makes an app that has a contract, reports to this telemetry and has this request log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOptions:
    """The options of ``serve``.

    Attributes:
        contract: contract: JSON or YAML, a file or a URL.
        overlay: OpenAPI Overlay to apply to the contract, in this order.
        handlers: package with the handlers, importable from the current folder.
        authenticate: a mapping from each security scheme of the contract to a function that returns the
            caller of a credential, or an Authenticator.
        collaborators: what handlers ask for by name: a mapping, or an @asynccontextmanager function that
            yields one when the app starts and closes it at the end.
        app: what create_app returned, or a function that returns that, instead of a contract and handlers.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        cors_origin: origin whose pages may call the API, `*` for any.
        log_level: how much is logged.
        log_format: how it is logged.
        request_log: log a line for each request.
        workers: processes that share the port; one that dies is started again.
        metrics_port: port of metrics for Prometheus.
        lame_duck_seconds: how long new requests are accepted after SIGTERM, while `/readyz` is 503.
        reload: reload handlers and contract when a file changes; where handlers raise NotImplementedYet, the
            contract responds.
    """

    contract: Annotated[str | None, Flag("FILE|URL")] = None
    overlay: Annotated[tuple[Path, ...], Flag()] = ()
    handlers: Annotated[str | None, Flag("PACKAGE")] = None
    authenticate: Annotated[str | None, Flag("MODULE:NAME")] = None
    collaborators: Annotated[str | None, Flag("MODULE:NAME")] = None
    app: Annotated[str | None, Flag("MODULE:NAME")] = None
    host: Annotated[str, Flag("ADDRESS")] = "127.0.0.1"
    port: Annotated[int, Flag("PORT", minimum=0, maximum=65535)] = 8000
    cors_origin: Annotated[Sequence[str], Flag("ORIGIN", allowed_origins, "none")] = ()
    log_level: Annotated[Level, Flag()] = "info"
    log_format: Annotated[Form, Flag()] = "text"
    request_log: Annotated[bool, Flag(names=("--request-log/--no-request-log",))] = True
    workers: Annotated[int, Flag(minimum=1)] = 1
    metrics_port: Annotated[int | None, Flag("PORT", default="none", minimum=0, maximum=65535)] = None
    lame_duck_seconds: Annotated[float, Flag("SECONDS", minimum=0)] = 0.0
    reload: Annotated[bool, Flag()] = False

    def __post_init__(self) -> None:
        read_fields(self)


OPTIONS = options_of(ServeOptions)
OF_CREATE_APP = [
    "contract",
    "overlay",
    "handlers",
    "authenticate",
    "collaborators",
    "cors_origin",
]
"""Options that an app has got already."""
Handlers = Annotated[str | None, get_args(OPTIONS["handlers"])[1]]


@follows_references
@takes(**OPTIONS)
def serve(**values: Any) -> None:
    """Serve a contract with handlers, functions named after its operations, or an app of create_app.

    Requests (their formats too) and responses are validated. It also serves /openapi.json, an explorer at
    /docs, and health checks at /healthz and /readyz. Modules are imported from the current folder and
    its `src` too.

    Exit codes: 0 stopped, 2 could not start.
    """
    options = record_of(ServeOptions, values)
    if options.app is not None:
        if any(getattr(options, name) for name in OF_CREATE_APP):
            raise failure(
                f"--app {options.app} has options of its own: set them where it calls create_app.", page=PAGE
            )
    elif options.contract is None or options.handlers is None:
        raise failure(
            "Nothing to serve: give --contract FILE and --handlers PACKAGE, or --app MODULE:NAME.", page=PAGE
        )
    is_shared = options.workers > 1 or options.metrics_port is not None
    if options.reload and (is_shared or not hasattr(os, "fork")):
        raise failure("--reload is for one process on Linux or macOS, without --workers and --metrics-port.")

    def run(reload: Reload | None = None) -> None:
        create, title = _created(options) if options.app is None else _ready_made(options.app)
        if reload:
            create = partial(_mocked, create)
        serve_until_ended(
            create,
            START_ERRORS,
            host=options.host,
            port=options.port,
            log=LogOptions(options.log_level, options.log_format, options.request_log),
            title=title,
            workers=options.workers,
            metrics_port=options.metrics_port,
            shutdown=Shutdown(options.lame_duck_seconds),
            reload=reload,
        )

    if not options.reload:
        run()
        return
    try:
        files = [str(file) for file in (options.contract, *options.overlay) if file]
        Reloader(options.host, options.port, files, run).run()
    except CannotListen as error:
        raise failure(error, what="Cannot start: ") from None


def _mocked(create: Create, *observers: Any) -> Service:
    """Return an app that responds from its contract where handlers are yet to be written."""
    from contract_first.mock.unimplemented import mock_unimplemented  # noqa: PLC0415 -- not in production

    service: Service = create(*observers)
    return mock_unimplemented(service)


def _ready_made(place: str) -> tuple[Create, str]:
    """Return what makes the app at a place, unless it is there, and the name of its package."""

    def create(telemetry: Telemetry, requests: RequestLog | None) -> Service:
        with assignment(OF_PROCESS, Observability(request_log=requests, **telemetry._asdict())):
            return _service(place)

    return create, place.partition(":")[0].partition(".")[0]


def _created(options: ServeOptions) -> tuple[Create, str]:
    """Return what makes the app of a contract and its handlers, and its title."""
    read = read_contract(options.contract, overlays=options.overlay)
    handlers, authenticate, collaborators = options.handlers, options.authenticate, options.collaborators
    functions = imported(handlers or "")
    if not isinstance(functions, ModuleType | Mapping):
        raise _unusable(handlers, functions, "a package of handlers")
    hooks = None if authenticate is None else imported(authenticate)
    is_authenticator = hasattr(hooks, "admit") and not isinstance(hooks, type)
    if not (is_authenticator or isinstance(hooks, Mapping | None)):
        raise _unusable(
            authenticate, hooks, "a mapping from each security scheme to a function, or an Authenticator"
        )
    shared = {} if collaborators is None else imported(collaborators)
    if not (isinstance(shared, Mapping) or callable(shared)):
        raise _unusable(collaborators, shared, "a mapping, or an @asynccontextmanager function")

    def create(telemetry: Telemetry, requests: RequestLog | None) -> Service:
        return create_app(
            read,
            functions,
            authenticate=hooks,
            collaborators=shared,
            exposure=Exposure(cors_origins=options.cors_origin),
            observability=Observability(request_log=requests, **telemetry._asdict()),
        )

    return create, read.document["info"]["title"]


def serve_until_ended(  # noqa: PLR0913 -- one for each option
    create: Create,
    start_errors: tuple[type[Exception], ...],
    *,
    host: str,
    port: int,
    log: LogOptions,
    title: str,
    workers: int,
    metrics_port: int | None,
    limits: ConnectionLimits | None = None,
    shutdown: Shutdown | None = None,
    reload: Reload | None = None,
) -> None:
    """Serve an app until SIGINT or SIGTERM; an error of the start ends the command with exit code 1.

    Args:
        start_errors: what keeps it from starting; each message says what to do.
        title: names the process in traces.
        workers: processes that share the port.
        metrics_port: of the metrics, if any; that of the first process, the others have those above it.
        limits: of connections of a process.
        reload: where it listens, and what it does once it responds, instead of another before it.
    """
    serve = partial(serve_app, start_errors=start_errors, limits=limits, shutdown=shutdown)
    is_shared = workers > 1 and sys.platform == "linux"  # elsewhere one process would get all connections
    try:
        with logging_to_stderr(log) as stderr, ExitStack() as sockets:
            requests = RequestLog(stderr, log) if log.requests else None
            telemetry = Telemetry.of_process(title, has_metrics=metrics_port is not None)
            with starting(*start_errors):
                app = _app_of(create, telemetry, requests)
                open_port = reload.listen if reload else partial(claim if is_shared else listen, host, port)
                listening = sockets.enter_context(open_port())
                metrics = [
                    sockets.enter_context(listen(host, number, "--metrics-port"))
                    for number in _metrics_ports(metrics_port, workers)
                ]
            title = app.contract.document["info"]["title"]
            line = f"{title} {app.contract.version} on {url_of(listening)} (explorer: /docs)"
            if metrics:
                line = f"{line}, metrics on {', '.join(map(url_of, metrics))}"
            if workers == 1:
                ready = partial(_announce, stderr.announce, line, app.contract, reload)
                uvloop.run(_served(telemetry, metrics, partial(serve, app, listening, ready)))
                return

            def run(index: int, ready: Callable[[], None]) -> None:
                forked = telemetry.forked()
                with starting(*start_errors):
                    in_fork = _app_of(create, forked, requests)
                    beside = (
                        reserve(host, listening.getsockname()[1], shared=True) if is_shared else listening
                    )
                # an app that was there before the fork counts where it did
                observing = telemetry if in_fork is app else forked
                uvloop.run(_served(observing, metrics[index:], partial(serve, in_fork, beside, ready)))

            line = f"{line}, {workers} processes"
            Supervisor(workers, run, partial(stderr.announce, line), sockets.close).run()
    except CannotStart as error:
        raise failure(error, what="Cannot start: ") from None


def _announce(announce: Callable[[str], None], line: str, contract: Contract, reload: Reload | None) -> None:
    """Print that the app responds, and how its contract has changed since the last time."""
    for text in [line, *(reload.changes(contract) if reload else ())]:
        announce(text)
    if reload:
        reload.report()


@resting_collector(own_process=True)
def _app_of(create: Create, telemetry: Telemetry, requests: RequestLog | None) -> Any:
    return create(telemetry, requests)


async def _served(
    telemetry: Telemetry, metrics: Sequence[socket.socket], serve: Callable[[], Awaitable[None]]
) -> None:
    """Serve an app, and its metrics on the first of these sockets, if there is one."""
    async with telemetry.served(next(iter(metrics), None)):
        await serve()


def _metrics_ports(first: int | None, workers: int) -> Iterable[int]:
    """Return a port for each process: the first and those above it, or free ones; none without a first."""
    return () if first is None else range(first, first + workers) if first else [0] * workers


def imported(place: str) -> Any:
    """Return a ``module``, or a ``module:name`` of one, also from here or ``src``; else end with 2."""
    sys.path[:0] = [folder for folder in ("", "src") if folder not in sys.path]
    module, _, name = place.partition(":")
    if module.endswith(".py") or not all(map(str.isidentifier, module.split("."))):
        raise failure(
            f"{place!r} is not the name of a module; expected one that can be imported from here or from "
            "`src`, such as shop.handlers, and for what is in it shop.app:app.",
            page=PAGE,
        )
    try:
        return reduce(getattr, filter(None, name.split(".")), import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise failure(f"Cannot import {place!r}: {error}.", page=PAGE) from None


def _service(place: str) -> Service:
    """Return the app at a place, or the one that the function there makes; else end with 2."""
    value = service = imported(place)
    expected = "what create_app returned, or a function without arguments that returns that"
    if inspect.isfunction(value):
        if any(
            parameter.default is parameter.empty for parameter in inspect.signature(value).parameters.values()
        ):
            raise _unusable(place, value, expected)
        service = value()
    if not isinstance(service, Service):
        raise _unusable(place, value, expected)
    return service


def _unusable(place: str | None, value: object, expected: str) -> typer.Exit:
    return failure(f"{place!r} is of type {type(value).__name__}; expected {expected}.", page=PAGE)


def imported_handlers(package: str) -> dict[str, Callable[..., object]]:
    """Return the handlers of a package by name, none for the empty name; else end with exit code 2."""
    try:
        return dict(handlers_of(imported(package), plain=True)) if package else {}
    except ResolverError as error:
        raise failure(f"{package!r} is not a package of handlers: {error}.", page=error.page) from None
