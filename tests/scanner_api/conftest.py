"""A database that is migrated: to do that in each test would be much of its time."""

from __future__ import annotations

import asyncio
import socket

import pytest

from scanner_api.storage.database import Database


@pytest.fixture
def closed_port():
    """A port of loopback that refuses connections, because it is bound and not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A SQLite file that is migrated, to be copied."""
    path = tmp_path_factory.mktemp("template") / "scanner.db"

    async def migrate():
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return path
