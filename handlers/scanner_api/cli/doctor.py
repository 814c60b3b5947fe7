"""``scanner-api doctor``: everything that `serve` needs, checked by using it."""

import asyncio
import json
import logging
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner_api.doctor import Diagnosis, examine
from scanner_api.settings import Settings

from .settings_flags import with_settings

COLORS = {"ok": "green", "warning": "yellow", "failed": "red"}
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _doctor(settings: Settings, *, as_json: bool) -> None:
    """Check the settings, database, Redis, bucket and token issuer of `serve`, and say what to do.

    Uploads an object of one byte to the bucket by a form, and deletes it. It migrates nothing.

    Exit codes: 0 nothing failed (there may be warnings), 1 something did, 2 wrong settings.
    """
    logging.getLogger("scanner_api").addHandler(logging.NullHandler())  # what they log is in the findings
    findings = asyncio.run(examine(settings))
    is_ok = all(finding.status != "failed" for finding in findings)
    if as_json:
        checks = [finding._asdict() for finding in findings]
        typer.echo(json.dumps({"ok": is_ok, "checks": checks}, indent=2))
    else:
        Console().print(_table(findings))
    raise typer.Exit(0 if is_ok else 1)


def _table(findings: Iterable[Diagnosis]) -> Table:
    table = Table.grid(padding=(0, 2))
    for check, status, message, advice in findings:
        text = Text.assemble(message, (f"\n{advice}" if advice else "", "bold"))
        table.add_row(Text(status, COLORS[status]), Text(check, no_wrap=True), text)
    return table


doctor = with_settings(_doctor, as_json=Json)
