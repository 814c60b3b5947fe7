"""``scanner-api serve`` and ``worker``: the service, for real."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import typer
import uvloop

from openapi_contract.cli.commands import failure
from openapi_service.server import CannotStart, listen, starting, url_of
from openapi_service.server import serve as serve_app
from scanner_api.app import START_ERRORS, create_app
from scanner_api.processing.queue import QueueError
from scanner_api.worker import Worker

from .settings_flags import with_settings

if TYPE_CHECKING:
    from scanner_api.settings import Settings


@with_settings
def serve(settings: Settings) -> None:
    """Serve the Scanner API with real keys, a real database and a real bucket.

    Settings come from flags, from SCANNER_* environment variables and from a TOML file, in this order.
    AWS credentials come from boto3's usual chain (environment, profile, role, instance metadata).

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong settings.
    """
    try:
        with starting(*START_ERRORS):
            app, listening = create_app(settings), listen(settings.host, settings.port)
        with listening:
            ready = f"Scanner API {app.contract.version} on {url_of(listening)} (explorer: /docs)"
            uvloop.run(
                serve_app(
                    app,
                    listening,
                    lambda: typer.echo(ready),
                    log_level=settings.log_level,
                    start_errors=START_ERRORS,
                )
            )
    except CannotStart as error:
        raise failure(f"Cannot start: {error}", 1) from None


@with_settings
def worker(settings: Settings) -> None:
    """Process captures and read photos, for servers with the same settings; start as many as are needed.

    The queue has to be a Redis (queue_url). A server whose queue is in memory does all of this by itself.

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong settings.
    """
    try:
        uvloop.run(_work(settings))
    except (*START_ERRORS, QueueError) as error:
        raise failure(f"Cannot start: {error}", 1) from None


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await Worker(settings).run(ended, lambda: typer.echo("The worker takes jobs."))
