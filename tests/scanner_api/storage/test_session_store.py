"""Scan sessions come back as they were stored."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from scanner_api.scanning.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.sessions import SessionStore
from scanner_api.storage.tables import scan_sessions

SESSION = ScanSession(
    id="2b3c4d5e6f7g8h9jAkBmCn",
    organization_id="organization",
    created_by="key:2b3c",
    status=SessionStatus.ACTIVE,
    extraction_status=ExtractionStatus.PENDING,
    capture_mode="barcode_scan",
    metadata={"shelf": "4 \x00 \\u0000", "": "\ud83d", "naïve": "日本"},
    user_agent="Scanner/1.0 \x00 (\udfff) \\ 🥫",
    device_context={"os": {"name": "\x00", "list": [1, 2.5, None, True, "\ud800"]}, "big": 2**70},
    created=datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC),
    modified=datetime(2026, 3, 14, 15, 9, 26, 535898, tzinfo=UTC),
    capture_count=3,
    photo_count=4,
)


def test_a_session_comes_back_as_it_was_stored(in_database):
    """Every field survives, with hostile strings in the text and JSON columns."""

    async def scenario(database):
        store = SessionStore(database)
        await store.create(SESSION)
        return await store.get(SESSION.id)

    assert in_database(scenario) == SESSION
