"""What went over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_check.har import har
from openapi_mock.journal import Wanted
from openapi_mock.journal.journal import TooManyListenersError
from openapi_service.problems import ServiceUnavailable

if TYPE_CHECKING:
    from openapi_mock.journal import Journal

MOST_BYTES = {"json": 512 * 1024, "har": 4 * 1024 * 1024}
"""Of the exchanges in one answer, by its format: others wait while it is written."""


async def get_journal(
    journal: Journal, limit: int, wait_seconds: float, count: int, format_: str, **wanted: Any
) -> dict[str, Any]:
    """Return exchanges, once enough are there or the time is over.

    Raises:
        ServiceUnavailable: too many wait already.
    """
    asked = Wanted(**{name: value for name, value in wanted.items() if value is not None})
    if wait_seconds:
        try:
            await journal.wait_for(asked, count, wait_seconds)
        except TooManyListenersError as error:
            raise ServiceUnavailable(str(error)) from None
    return await asyncio.to_thread(_answer, journal, asked, limit, format_)


def _answer(journal: Journal, asked: Wanted, limit: int, format_: str) -> dict[str, Any]:
    last = journal.last
    found = journal.find(asked, limit, MOST_BYTES[format_])
    return har(found) if format_ == "har" else {"exchanges": msgspec.to_builtins(found), "last": last}


async def clear_journal(scope: str | None, journal: Journal) -> None:
    """Forget exchanges."""
    await asyncio.to_thread(journal.clear, scope)
