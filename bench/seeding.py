"""Keys that no limit stops, and ACTIVE sessions of theirs, in a database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from scanner_api.cli.key_ring import KeyRing, Owner
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.storage.database import Database
from scanner_api.storage.schema.tables import scan_sessions

if TYPE_CHECKING:
    from pathlib import Path

NO_LIMIT = 10**9
BATCH = 250
"""Sessions of one transaction: on PostgreSQL the n-th change of a count in it costs n."""
TARGET = "/scanner/api/v1/sessions/{}/presigned-upload-url?photo_type=front&original_filename=IMG_0001.HEIC"


def seed(url: str, file: Path, *, keys: int = 4, sessions: int = 4000) -> None:
    """Fill a database, and write a line for each session into a file: a key, and the target of its upload."""
    lines = asyncio.run(_seed(url, keys, sessions))
    file.write_text("".join(f"{key} {TARGET.format(session)}\n" for key, session in lines))


async def _seed(url: str, keys: int, sessions: int) -> list[tuple[str, str]]:
    database = Database(url)
    await database.migrate()
    ring, now = KeyRing(database), datetime.now(UTC)
    lines = []
    for number in range(keys):
        owner = Owner(None, f"bench {number} of {new_id()}", None, None)
        key, secret = await ring.create(
            "csb", owner, name="", expires=None, per_minute=NO_LIMIT, per_day=NO_LIMIT
        )
        lines += [(secret, key, new_id()) for _ in range(sessions // keys)]
    sessions_of = [
        ScanSession(
            id=session_id,
            organization_id=key.organization_id,
            created_by=f"key:{key.id}",
            status=SessionStatus.ACTIVE,
            metadata={"store": "17", "aisle": "4"},
            user_agent="bench",
            device_context={"model": "bench"},
            created=now,
            modified=now,
        )
        for _, key, session_id in lines
    ]
    for begin in range(0, len(lines), BATCH):
        rows = [asdict(session) for session in sessions_of[begin : begin + BATCH]]
        await database.change(scan_sessions.insert(), rows)
    await database.close()
    # one key after the other, as requests come
    ordered = sorted(range(len(lines)), key=lambda index: index % (sessions // keys))
    return [(lines[index][0], lines[index][2]) for index in ordered]
