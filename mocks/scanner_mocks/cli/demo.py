"""``scanner-api demo``."""

from __future__ import annotations

from contextlib import ExitStack

import typer
from rich.console import Console
from rich.text import Text

from openapi_contract.cli.commands import require_extra


def demo() -> None:
    """Run a complete session against a mock of its own: scan, upload photos, review, apply.

    A QR code is scanned, photos go into S3 as from a browser and come back as they were, and what is read
    from a label is reviewed and applied. Without the extra `vision`, what needs it is left out.

    Exit codes: 0 every step went as it should, 1 one did not, 2 without the extra `mock`.
    """
    require_extra("mock")
    from scanner_mocks.demonstration import Failed, demonstrate, has_vision  # noqa: PLC0415 -- of the extra
    from scanner_mocks.server import scanner_mock  # noqa: PLC0415 -- the same

    console = Console(highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("Starting the API and a local S3 ..."):
                running = stack.enter_context(scanner_mock(extractor="local" if has_vision() else "none"))
            demonstrate(running, console)
    except Failed as failure:
        console.print("\n[bold red]Failed[/]:", Text(str(failure)))
        raise typer.Exit(1) from None
