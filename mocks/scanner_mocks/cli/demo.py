"""``scanner-api demo``."""

from contextlib import ExitStack

import typer
from rich.console import Console
from rich.text import Text

from contract_first.cli.commands import require_extra
from scanner_api.distribution import SCANNER_API


def demo() -> None:
    """Run a complete session against a mock: scan, upload photos, review, apply.

    It scans a QR code, uploads photos to S3 as a browser does and compares the bytes, and reviews and applies
    what is read from a label. Without the extra `vision`, the steps that need it are skipped.

    Exit codes: 0 every step succeeded, 1 a step failed, 2 the extra `mock` is missing.
    """
    require_extra("mock", distribution=SCANNER_API)
    from scanner_mocks.demonstration.stage import Failed  # noqa: PLC0415 -- of the extra
    from scanner_mocks.demonstration.story import demonstrate, has_vision  # noqa: PLC0415 -- the same
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
