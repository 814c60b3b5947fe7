"""What a command needs beyond the plain install."""

from __future__ import annotations

from importlib.util import find_spec

import typer

MODULES = {"mock": ("httpx", "moto", "PIL", "rstr", "werkzeug"), "check": ("schemathesis",)}
"""The modules that an extra brings, and that its commands import."""
CANNOT_RUN = 2
"""Exit code of a command that cannot do what it is asked, as of one with wrong options."""


def need(extra: str, exit_code: int = CANNOT_RUN) -> None:
    """End the command with this exit code unless what an extra brings is installed."""
    if reason := lack_of(extra):
        typer.echo(reason, err=True)
        raise typer.Exit(exit_code)


def lack_of(extra: str) -> str:
    """Return what of an extra is not installed, and what to do; empty if all is."""
    missing = ", ".join(name for name in MODULES[extra] if find_spec(name) is None)
    if not missing:
        return ""
    return f"This needs what is not installed ({missing}): pip install 'scanner-api[{extra}]'"
