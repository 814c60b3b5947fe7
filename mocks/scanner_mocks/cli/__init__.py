"""The commands that the mocks add to ``scanner-api``: one module a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check import check
from .demo import demo
from .mock import app as mock
from .proxy import proxy

if TYPE_CHECKING:
    import typer


def add_commands(app: typer.Typer) -> None:
    """Add the commands to those of the service."""
    app.add_typer(mock, name="mock")
    app.command("demo")(demo)
    app.command("check")(check)
    app.command("proxy")(proxy)
