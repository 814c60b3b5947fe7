"""The command ``check`` and its outputs; it checks nothing itself."""

import os

from rich.console import Console

from .commands import file

HTML = file("Write the report as a self-contained HTML page.")
JSON = file("Write the report as JSON.")
WIDE = 120
"""Columns of an output that is no terminal, such as the log of a CI."""


def report_console() -> Console:
    """Return the console of standard output, wide where that is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console
