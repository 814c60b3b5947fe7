"""``scanner-api audit``: the audit log, and as whom commands appear in it."""

import getpass
import json
import os
import socket
import sys
from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from contract_first.terminal import printable
from scanner_api.storage.actions import Actor
from scanner_api.storage.audit import AuditEntry, read_audit_log
from scanner_api.storage.database import Database

from .databases import database_command

if sys.platform != "win32":
    import pwd

MOST_ENTRIES = 10_000


def operator() -> Actor:
    """Return the user who runs this command, whatever the environment says, and this machine."""
    try:
        user = getpass.getuser() if sys.platform == "win32" else pwd.getpwuid(os.getuid()).pw_name
    except (OSError, KeyError):  # a container may have no name for its user
        user = "unknown"
    return Actor(f"operator:{user}", socket.gethostname())


@database_command()
async def audit(
    database: Database,
    *,
    organization: Annotated[
        str | None, typer.Option(metavar="ID", help="Only entries of this organization.")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Only entries before this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ENTRIES, help="Number of entries.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> str | list[Table | str]:
    """List who did what, when and from where, from the audit log.

    The newest come first. Keys that were created, rotated and revoked, applied proposals, saved redirects,
    organizations that were created, imports, rotated secrets and what was deleted are recorded, whether by
    callers of the API or by commands. The database refuses to change or delete entries.

    Exit codes: 0 listed, 1 the database cannot be used, 2 wrong options.
    """
    newest = await read_audit_log(database, limit=limit + 1, before=before, organization_id=organization)
    entries, has_more = newest[:limit], len(newest) > limit
    if as_json:
        return json.dumps({"entries": msgspec.to_builtins(entries), "has_more": has_more}, indent=2)
    more = [f"There are more; --before {entries[-1].number} lists those before these."] if has_more else []
    return [_table(entries) if entries else "The audit log has no such entries.", *more]


def _table(entries: Iterable[AuditEntry]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, show_edge=False)
    for heading in ("time (UTC)", "action", "what", "who", "from"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        details = [f"{name} {value}" for name, value in entry.details.items() if value]
        what = Text("\n".join(map(printable, [entry.subject, *details])))
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.action, what, Text(entry.actor), Text(entry.address)
        )
    return table
