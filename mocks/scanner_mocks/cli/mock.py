"""``scanner-api mock``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .end import End
from .execute import execute
from .extras import need
from .start import Start

API_PORT = 8000
S3_PORT = 9000

Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the mock.")]
Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="Port of the API; 0 takes a free one.", show_default=f"{API_PORT}; for exec 0"
    ),
]
S3Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="Port of S3; 0 takes a free one.", show_default=f"{S3_PORT}; for exec 0"
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON once both answer, and nothing else.")
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="Write that line to a file as well, which goes when the mock goes.",
    ),
]

app = typer.Typer(rich_markup_mode="rich")
app.command("exec", context_settings={"allow_interspersed_args": False})(execute)


@app.callback(invoke_without_command=True)
def mock(
    context: typer.Context,
    *,
    host: Host = "127.0.0.1",
    port: Port = None,
    s3_port: S3Port = None,
    json: Json = False,
    ready_file: ReadyFile = None,
) -> None:
    """Run the API and a local S3, with keys and sessions that are the same at every start.

    Nothing is kept and nothing leaves this machine. Ctrl-C or SIGTERM ends it.

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong options.
    """
    alone = context.invoked_subcommand is None
    arguments = {
        "host": host,
        "port": port if port is not None else API_PORT if alone else 0,
        "s3_port": s3_port if s3_port is not None else S3_PORT if alone else 0,
    }
    start = Start(ready_file, arguments)
    if not alone:
        context.obj = start
        return
    _run(start, json=json)


def _run(start: Start, *, json: bool) -> None:
    need("mock")
    end = End()
    from scanner_mocks.announcement import announce  # noqa: PLC0415 -- help does without

    try:
        with start.running() as running:
            if not end.wanted:
                typer.echo(running.line()) if json else announce(running)
            end.wait()
    except RuntimeError:
        if not end.wanted:  # else S3 heard the Ctrl-C that we heard
            raise
