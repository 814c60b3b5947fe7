"""``scanner-api sessions``: delete old sessions."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from contract_first.service.clock import SystemClock
from scanner_api.settings import Settings
from scanner_api.storage.database import Database
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.scans.sessions import SessionStore

from .databases import database_command
from .deletions import ERRORS, KeepObjects, delete, organization_of
from .settings_flags import age

app = typer.Typer()


@app.command()
@database_command(*ERRORS)
async def purge(
    database: Database,
    settings: Settings,
    *,
    older_than: Annotated[
        timedelta,
        typer.Option(
            parser=age, metavar="AGE", help="How long they have not changed, such as 36h, 90d or 12w."
        ),
    ],
    organization: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose sessions; everybody's without it.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say how many sessions would be deleted; nothing is stored."),
    ] = False,
    keep_objects: KeepObjects = False,
) -> str:
    """Delete sessions that are COMPLETED or EXPIRED and have not changed for a time.

    Their captures, proposals and photos are deleted too, and the photos' objects in the bucket. Servers can
    run meanwhile. If it is interrupted, run it again. SCANNER_SESSION_RETENTION does the same automatically.

    Exit codes: 0 deleted, 1 not or only partly deleted (the output says what), 2 wrong options.
    """
    before = datetime.now(UTC) - older_than

    async def steps(deletion: Deletion) -> AsyncIterator[None]:
        try:
            async for _ in deletion.delete_finished(before, organization):
                yield
        except BaseException:
            with suppress(Exception):  # what ended the purge is what the operator has to know
                await deletion.note_purge(before, organization)
            raise
        await deletion.note_purge(before, organization)

    if organization is not None:
        await organization_of(database, organization)
    ttl = settings.session_ttl_seconds
    idle_since = datetime.now(UTC) - timedelta(seconds=ttl)
    number = await Deletion(database).count_finished(before, organization, idle_since=idle_since)
    if dry_run or not number:
        return f"{number:,} sessions have not changed since {before:%Y-%m-%d %H:%M} UTC."
    await SessionStore(database, SystemClock(), ttl).expire_idle()
    return await delete(database, settings, steps, number, keep_objects=keep_objects)
