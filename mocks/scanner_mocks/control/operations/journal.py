"""What went over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from scanner_mocks.journal import Wanted
from scanner_mocks.journal.har import har

if TYPE_CHECKING:
    from scanner_mocks.journal import Journal


async def get_journal(
    journal: Journal, limit: int, wait_seconds: float, count: int, format_: str, **wanted: Any
) -> dict[str, Any]:
    """Return exchanges, once enough are there or the time is over."""
    asked = Wanted(**{name: value for name, value in wanted.items() if value is not None})
    if wait_seconds:
        await journal.wait_for(asked, count, wait_seconds)
    last = journal.last
    found = await asyncio.to_thread(journal.find, asked, limit)
    if format_ == "har":
        return await asyncio.to_thread(har, found)
    return {"exchanges": msgspec.to_builtins(found), "last": last}


async def clear_journal(scope: str | None, journal: Journal) -> None:
    """Forget exchanges."""
    await asyncio.to_thread(journal.clear, scope)
