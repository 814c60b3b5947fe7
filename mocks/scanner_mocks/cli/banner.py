"""The banner of ``scanner-api mock``: all that a person may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from openapi_mock.console import PATH as CONSOLE
from scanner_mocks import seeds

if TYPE_CHECKING:
    from scanner_mocks.server import Mock

SESSIONS = "/scanner/api/v1/sessions"


def show(mock: Mock) -> None:
    """Print where the mock is, what it lets in and a command to begin with; nothing to copy is broken."""
    console = Console(highlight=False)
    console.print("[bold]Scanner API mock[/], the same at every start; its keys are public, all of them.\n")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="cyan", overflow="fold")
    for title, rows in _sections(mock).items():
        table.add_row(f"[bold]{title}[/]")
        for name, value in rows.items():
            table.add_row(f"  {name}", value)
    console.print(table)
    command = f"curl -H 'X-API-Key: {mock.api_key}' {mock.api}{SESSIONS}/{mock.session_id}"
    for title, text in {"Authorization: Bearer": mock.bearer_token, "To begin with": command}.items():
        console.print(f"[bold]{title}[/]")
        console.print(text, style="cyan", soft_wrap=True)
    console.print("\nCtrl-C ends it.")


def _sections(mock: Mock) -> dict[str, dict[str, str]]:
    return {
        "Where": {
            "API": mock.api,
            "console": f"{mock.api}{CONSOLE}",
            "explorer": f"{mock.api}/docs",
            "S3": mock.s3,
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
