"""``scanner-api worker``: does the work that servers hand over through Redis."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import typer

from .settings_flags import with_settings

if TYPE_CHECKING:
    from scanner_api.settings import Settings


def _worker(settings: Settings) -> None:
    """Process captures and read photos, for servers with the same settings; start as many as are needed.

    The queue has to be a Redis (queue_url). A server whose queue is in memory does all of this by itself.

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong settings.
    """
    import uvloop  # noqa: PLC0415 -- help and other commands do without

    from scanner_api.app import START_ERRORS  # noqa: PLC0415 -- the same
    from scanner_api.processing.queue import QueueError  # noqa: PLC0415 -- the same

    try:
        uvloop.run(_work(settings))
    except (*START_ERRORS, QueueError) as error:
        typer.echo(f"Cannot start: {error}", err=True)
        raise typer.Exit(1) from None


async def _work(settings: Settings) -> None:
    from scanner_api.worker import Worker  # noqa: PLC0415 -- the same

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await Worker(settings).run(ended, lambda: typer.echo("The worker takes jobs."))


worker = with_settings(_worker)
