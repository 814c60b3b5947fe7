"""``scanner-api mock``."""

from __future__ import annotations

from typing import Annotated

import typer

from .end import End
from .extras import need

Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the mock.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")]
S3Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of S3; 0 takes a free one.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON once both answer, and nothing else.")
]


def mock(*, host: Host = "127.0.0.1", port: Port = 8000, s3_port: S3Port = 9000, json: Json = False) -> None:
    """Run the API and a local S3, with keys and sessions that are the same at every start.

    Nothing is kept and nothing leaves this machine. Ctrl-C or SIGTERM ends it.
    """
    need("mock")
    end = End()
    from scanner_api.access.jwks_sources import is_loopback  # noqa: PLC0415 -- help does without
    from scanner_api.server import CannotListen  # noqa: PLC0415 -- the same
    from scanner_mocks.announcement import announce  # noqa: PLC0415 -- the same
    from scanner_mocks.server import scanner_mock  # noqa: PLC0415 -- the same

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
