"""What a command needs beyond the plain install."""

from __future__ import annotations

from importlib.util import find_spec

import typer

MODULES = {"mock": ("httpx", "moto", "PIL", "werkzeug"), "check": ("schemathesis",)}
"""The modules that an extra brings, and that its commands import."""


def need(extra: str, exit_code: int = 1) -> None:
    """End the command with this exit code unless what an extra brings is installed."""
    if missing := [name for name in MODULES[extra] if find_spec(name) is None]:
        typer.echo(
            f"This needs what is not installed ({', '.join(missing)}): pip install 'scanner-api[{extra}]'",
            err=True,
        )
        raise typer.Exit(exit_code)
