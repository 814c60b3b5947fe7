"""``scanner-api mock`` and ``scanner-api demo``."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from types import FrameType

EXTRA = ("httpx", "moto", "PIL", "werkzeug")

Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the mock.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")]
S3Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of S3; 0 takes a free one.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON once both answer, and nothing else.")
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to those of the service."""
    app.command("mock")(mock)
    app.command("demo")(demo)


def mock(*, host: Host = "127.0.0.1", port: Port = 8000, s3_port: S3Port = 9000, json: Json = False) -> None:
    """Run the API and a local S3, with keys and sessions that are the same at every start.

    Nothing is kept and nothing leaves this machine. Ctrl-C or SIGTERM ends it.
    """
    _check_extra()
    end = End()
    from scanner_api.access.jwks_sources import is_loopback  # noqa: PLC0415 -- help does without
    from scanner_api.server import CannotListen  # noqa: PLC0415 -- the same

    from .announcement import announce  # noqa: PLC0415 -- the same
    from .server import scanner_mock  # noqa: PLC0415 -- the same

    if not is_loopback(host):
        typer.echo(
            f"Others reach {host}: this is a mock, its keys are public, anyone may do anything.", err=True
        )
    try:
        with scanner_mock(host, port, s3_port) as running:
            if not end.wanted:
                typer.echo(running.line()) if json else announce(running)
            end.wait()
    except RuntimeError:
        if not end.wanted:  # else S3 heard the Ctrl-C that we heard
            raise
    except CannotListen as error:
        typer.echo(f"Cannot start: {error}", err=True)
        raise typer.Exit(1) from None


class End:
    """The end that SIGINT and SIGTERM ask for, however often.

    The system may deliver a signal to any thread, which wakes the main thread from no lock, queue or read;
    so what is waited for is a pipe, into which Python writes wherever the signal comes.

    Attributes:
        wanted: whether one was asked for.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True

    def wait(self) -> None:
        """Return once the end was asked for."""
        os.read(self._reading, 1)


def demo() -> None:
    """Tell an app's whole story over HTTP, to a mock of its own: scan, photograph, review, apply.

    A QR code is scanned, photos go into S3 as from a browser and come back as they were, and what is read
    from a label is reviewed and applied. Exits with 0 if every step went as it should, else with 1. Without
    the extra `vision`, what needs it is left out.
    """
    _check_extra()
    from rich.console import Console  # noqa: PLC0415 -- help does without
    from rich.text import Text  # noqa: PLC0415 -- the same

    from .demonstration import Failed, demonstrate, has_vision  # noqa: PLC0415 -- the same
    from .server import scanner_mock  # noqa: PLC0415 -- the same

    console = Console(highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("Starting the API and a local S3 ..."):
                running = stack.enter_context(scanner_mock(extractor="local" if has_vision() else "none"))
            demonstrate(running, console)
    except Failed as failure:
        console.print("\n[bold red]Failed[/]:", Text(str(failure)))
        raise typer.Exit(1) from None


def _check_extra() -> None:
    """End the command unless what it needs is installed."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        typer.echo(
            f"This needs what is not installed ({', '.join(missing)}): pip install 'scanner-api[mock]'",
            err=True,
        )
        raise typer.Exit(1)
