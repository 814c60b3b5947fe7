"""Commands that repeat a request, and carry no credential: they name the variable that holds it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from .credentials import VARIABLES, altered, change_of

if TYPE_CHECKING:
    import httpx

    from .credentials import Credentials

OWN_FIELDS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "transfer-encoding"}
)
"""Header fields that curl sends by itself."""


def curl_of(request: httpx.Request) -> str:
    """Return the command that repeats a request of a check's own."""
    fields = [f"{name}: {value}" for name, value in request.headers.items() if name not in OWN_FIELDS]
    parts = ["curl", "-X", request.method, *(part for field in fields for part in ("-H", field))]
    body = request.read().decode("utf-8", "replace")  # a form with files was sent unread
    return " ".join(map(quote, [*parts, *(("--data-binary", body) if body else ()), str(request.url)]))


def runnable(command: str, credentials: Credentials) -> str:
    """Return a command with the variables of the environment in place of the credentials.

    What stands in single quotes is left and entered again, so that the shell puts the value in.
    """
    for name, variable in VARIABLES.items():
        secret = getattr(credentials, name)
        if secret and quote(f" {secret}") == f"' {secret}'":
            command = command.replace(secret, f"'\"${variable}\"'")
            command = command.replace(altered(secret), f"'\"{_wrong(secret, variable)}\"'")
    return command


def _wrong(secret: str, variable: str) -> str:
    """Return what has a shell make the wrong credential of the right one."""
    place, character = change_of(secret)
    return rf"""$(printf %s "${variable}" | sed 's/.\(.\{{{place - 1}\}}\)$/{character}\1/')"""
