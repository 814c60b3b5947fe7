"""The command ``check``, what it shows and writes, and where reports are printed."""

from __future__ import annotations

import os

from rich.console import Console

WIDE = 120
"""Columns of what nobody looks at in a terminal, such as the log of a CI."""


def report_console() -> Console:
    """Return the terminal, or what stands in its place."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console
