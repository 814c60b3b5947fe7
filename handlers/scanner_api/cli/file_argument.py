"""The argument of the commands that import a file."""

from __future__ import annotations

from typing import Any

import typer


def file_argument(content: str) -> Any:
    """Return the argument: a file that can be read.

    Args:
        content: what has to be in it, for the command's help.
    """
    return typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help=content)
