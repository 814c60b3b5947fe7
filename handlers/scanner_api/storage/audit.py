"""The audit log: who did what to what, when, and from where.

The database refuses to change or delete a row, but for what retention and the erasure of persons ask for.
"""

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Executable, Insert, select

from .actions import Action, Actor
from .connections.async_engine import AsyncConnection
from .database import Database
from .queries import columns_of, maker_of
from .schema.tables import audit_log
from .schema.triggers import protect_again, suspend_protection


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An action as it is recorded.

    Attributes:
        number: greater than those of all earlier entries.
        subject: the id of what was acted on.
        organization_id: whose it is, None for nobody's.
        details: what else there is to say, without secrets.
    """

    number: int
    at: datetime
    actor: str
    address: str
    action: str
    subject: str
    organization_id: str | None
    details: dict[str, Any]


_BATCH: Final = 1000
_COLUMNS: Final = columns_of(audit_log, AuditEntry)
_audit_entry: Final = maker_of(AuditEntry)


def entry(
    at: datetime,
    actor: Actor,
    action: Action,
    subject: str,
    organization_id: str | None = None,
    **details: Any,
) -> Insert:
    """Return the statement that records an action.

    It belongs in the transaction that the action happens in, so that neither is there without the other. The
    time is aware, in UTC; the subject is the id of what is acted on; details are JSON values, no secrets.
    """
    row = {
        "at": at,
        "actor": actor.name,
        "address": actor.address,
        "action": action.value,
        "subject": subject,
        "organization_id": organization_id,
        "details": details,
    }
    return audit_log.insert().values(row)


async def read_audit_log(
    database: Database, *, limit: int, before: int | None = None, organization_id: str | None = None
) -> list[AuditEntry]:
    """Read the newest entries, newest first.

    Those before a number go on behind the last of an earlier call.
    """
    statement = select(*_COLUMNS).order_by(audit_log.c.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(audit_log.c.number < before)
    if organization_id is not None:
        statement = statement.where(audit_log.c.organization_id == organization_id)
    return [_audit_entry(row) for row in await database.fetch(statement)]


async def unguarded(connection: AsyncConnection, statement: Executable) -> int:
    """Execute what the triggers of the log refuse, and return how many rows it changed.

    Until the transaction ends nothing else is recorded. On PostgreSQL only the table's owner may.
    """
    await connection.run_sync(suspend_protection)
    number = (await connection.execute(statement)).rowcount
    await connection.run_sync(protect_again)
    return number


async def purge_audit_log(database: Database, before: datetime) -> int:
    """Delete the entries of before a time, at most 1,000, and return how many they were."""
    columns = audit_log.c
    oldest = select(columns.number, columns.at).order_by(columns.number).limit(_BATCH)
    numbers = [number for number, at in await database.fetch(oldest) if at < before]
    if not numbers:
        return 0
    async with database.transaction() as connection:
        return await unguarded(connection, audit_log.delete().where(columns.number.in_(numbers)))
