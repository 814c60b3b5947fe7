"""The banner of ``scanner-api mock``: all that a person may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from openapi_mock.console import PATH as CONSOLE
from scanner_mocks import seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner_mocks.server import Mock

SESSIONS = "/scanner/api/v1/sessions"


def show(mock: Mock, operations: Sequence[str], *, verbose: bool) -> None:
    """Print where the mock is and a command to begin with; nothing to copy is broken.

    Args:
        mock: is running.
        operations: a line for each.
        verbose: print all that it accepts, and its operations.
    """
    console = Console(highlight=False)
    sections = _sections(mock) if verbose else {"Where": {**_places(mock), "key": mock.api_key}}
    console.print(f"[bold]Scanner API mock[/]: {len(operations)} operations. Its keys are public.\n")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="cyan", overflow="fold")
    for title, rows in sections.items():
        if verbose:
            table.add_row(f"[bold]{title}[/]")
        for name, value in rows.items():
            table.add_row(f"  {name}", value)
    console.print(table)
    command = f"curl -H 'X-API-Key: {mock.api_key}' {mock.api}{SESSIONS}/{mock.session_id}"
    more = (
        {"Authorization: Bearer": mock.bearer_token, "Operations": "\n".join(operations)} if verbose else {}
    )
    for title, text in more.items():
        console.print(f"[bold]{title}[/]")
        console.print(text, style="cyan", soft_wrap=True, markup=False)
    console.print()
    console.print(command, style="cyan", soft_wrap=True)
    if not verbose:
        console.print("\n--verbose prints all keys, sessions and operations.", end="")
    console.print("\nCtrl-C ends it.")


def _places(mock: Mock) -> dict[str, str]:
    return {"API": mock.api, "S3": mock.s3, "console": f"{mock.api}{CONSOLE}"}


def _sections(mock: Mock) -> dict[str, dict[str, str]]:
    return {
        "Where": {
            **_places(mock),
            "explorer": f"{mock.api}/docs",
            "bucket": f"{mock.bucket} in {mock.region}",
        },
        "X-API-Key": {
            "of the first organization": mock.api_key,
            "of the second": mock.keys["other_organization"],
            "of a member of both": seeds.USER_KEY,
            "publishable": mock.keys["publishable"],
            "5 requests a minute": mock.keys["limited"],
            "no limit that matters": mock.keys["unlimited"],
            "revoked": mock.keys["revoked"],
            "expired": mock.keys["expired"],
            "good for 12 hours": mock.keys["expiring"],
        },
        "Cookie": {"sessionid": mock.sessionid},
        "Sessions": {"ACTIVE": mock.session_id, "COMPLETED": mock.completed_session_id},
        "Organizations": {"first": seeds.ORGANIZATION, "second": seeds.OTHER_ORGANIZATION},
        "S3 credentials": {"access key": seeds.S3_ACCESS_KEY, "secret key": seeds.S3_SECRET_KEY},
    }
