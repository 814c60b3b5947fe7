"""``scanner-api contract``: look at a contract, compare two, and write code from one."""

from __future__ import annotations

import typer

from .coverage import coverage
from .declarations import types
from .diff import diff
from .lint import lint
from .scaffold import scaffold
from .show import digest, show

app = typer.Typer(
    help="Look at a contract, compare two, and write code from one.",
    no_args_is_help=True,
)
for command in (show, lint, coverage, digest, diff, scaffold, types):
    app.command()(command)
