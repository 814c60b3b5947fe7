"""``serve`` a contract of one's own by handlers of one's own."""

from __future__ import annotations

import sys
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import uvloop

from openapi_contract import ContractError
from openapi_contract.cli.commands import Overlays, failure
from openapi_contract.cli.reading import read_contract
from openapi_service.app import create_app
from openapi_service.handlers import ResolverError, handlers_of
from openapi_service.processes import run_processes
from openapi_service.server import CannotListen, CannotStart, Shutdown, listen, starting, url_of
from openapi_service.server import serve as serve_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from openapi_service.connections import ConnectionLimits

START_ERRORS = (CannotListen, ContractError, ResolverError, ValueError)
"""What keeps a service from starting; each message says what to do."""
HANDLERS = "Package with the handlers, importable from the current folder."
AUTHENTICATE = (
    "A mapping from each security scheme of the contract to a function that returns the caller of a "
    "credential, or an Authenticator."
)

Handlers = Annotated[str | None, typer.Option(metavar="PACKAGE", help=HANDLERS)]
Authenticate = Annotated[str | None, typer.Option(metavar="MODULE:NAME", help=AUTHENTICATE)]
Workers = Annotated[
    int, typer.Option(min=1, help="Processes that share the port; one that dies is started again.")
]


def serve(
    *,
    contract: Annotated[str, typer.Option(metavar="FILE", help="Contract: JSON or YAML, a file or a URL.")],
    overlay: Overlays = None,
    handlers: Annotated[str, typer.Option(metavar="PACKAGE", help=HANDLERS)],
    authenticate: Authenticate = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Origin whose pages may call the API, `*` for any; repeatable.", show_default="none"
        ),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="How much is logged.")
    ] = "info",
    workers: Workers = 1,
) -> None:
    """Serve a contract with handlers: functions named after its operations.

    Requests (their formats too) and responses are validated. It also serves /openapi.json, an explorer at
    /docs, and health checks at /healthz and /readyz. Modules are imported from the current folder too.

    Exit codes: 0 stopped, 1 could not start, 2 wrong options.
    """
    read = read_contract(contract, overlays=overlay)
    functions = imported(handlers)
    hooks = None if authenticate is None else imported(authenticate)
    serve_until_ended(
        lambda: create_app(read, functions, authenticate=hooks, cors_origins=cors_origin or (), formats=True),
        START_ERRORS,
        host=host,
        port=port,
        log_level=log_level,
        title=read.document["info"]["title"],
        workers=workers,
    )


def serve_until_ended(
    create: Callable[[], Any],
    start_errors: tuple[type[Exception], ...],
    *,
    host: str,
    port: int,
    log_level: str,
    title: str,
    limits: ConnectionLimits | None = None,
    shutdown: Shutdown | None = None,
    workers: int = 1,
) -> None:
    """Serve an app until SIGINT or SIGTERM; what keeps it from starting ends the command with exit code 1.

    Args:
        create: makes the app, which has a contract.
        start_errors: what keeps it from starting; each message says what to do.
        host: address to listen on.
        port: 0 takes a free one.
        log_level: how much is logged.
        title: of the app, in the line that is printed once it responds.
        limits: of connections of a process.
        shutdown: how a process ends.
        workers: processes that share the port.
    """

    def run(app: Any, ready: Callable[[], None]) -> None:
        serving = serve_app(
            app,
            listening,
            ready,
            log_level=log_level,
            start_errors=start_errors,
            limits=limits,
            shutdown=shutdown,
        )
        uvloop.run(serving)

    def run_one(ready: Callable[[], None]) -> None:
        with starting(*start_errors):
            app = create()
        run(app, ready)

    try:
        with starting(*start_errors):
            app, listening = create(), listen(host, port)
        with listening:
            line = f"{title} {app.contract.version} on {url_of(listening)} (explorer: /docs)"
            if workers == 1:
                run(app, lambda: typer.echo(line))
            else:
                line = f"{line}, {workers} processes"
                run_processes(workers, run_one, lambda: typer.echo(line))
    except CannotStart as error:
        raise failure(f"Cannot start: {error}", 1) from None


def imported(place: str) -> Any:
    """Return a ``module``, or a ``module:name`` of one, also from the current folder; else end with 2."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    module, _, name = place.partition(":")
    try:
        return reduce(getattr, filter(None, name.split(".")), import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise failure(f"Cannot import {place!r}: {error}.") from None


def imported_handlers(package: str) -> dict[str, Callable[..., object]]:
    """Return the handlers of a package by name, none for the empty name; else end with exit code 2."""
    try:
        return dict(handlers_of(imported(package), plain=True)) if package else {}
    except ResolverError as error:
        raise failure(f"{package!r} is not a package of handlers: {error}.") from None
