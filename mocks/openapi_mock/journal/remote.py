"""The journal of a mock in another process."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from openapi_check.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wanted import Wanted

LONGEST_WAIT_SECONDS = 60
AT_ONCE = 1000


class RemoteJournal:
    """What `Calls` asks of a journal, by the control API.

    Args:
        control: URL of the control API, such as ``http://127.0.0.1:8000/_mock``.
        token: the control token, if there is one.
    """

    def __init__(self, control: str, token: str | None = None) -> None:
        self._url = f"{control}/journal"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def find(self, wanted: Wanted, limit: int | None = None) -> list[Exchange]:
        """Return the exchanges that are asked for, oldest first."""
        found: list[Exchange] = []
        while limit is None or len(found) < limit:
            after = found[-1].number if found else wanted.after
            page = self._ask(msgspec.structs.replace(wanted, after=after), limit=AT_ONCE)
            if not page:
                break
            found += page
        return found[:limit]

    def wait(self, wanted: Wanted, count: int, seconds: float) -> bool:
        """Wait until so many exchanges are there, or the time is over; return whether they are."""
        until = monotonic() + seconds
        while len(self.find(wanted, count)) < count:
            left = until - monotonic()
            if left <= 0:
                return False
            self._ask(wanted, limit=0, count=count, wait_seconds=min(left, LONGEST_WAIT_SECONDS))
        return True

    def _ask(self, wanted: Wanted, **more: float) -> list[Exchange]:
        asked: Mapping[str, Any] = msgspec.structs.asdict(wanted)
        query = {name: value for name, value in asked.items() if value not in ("", False)}
        timeout = httpx.Timeout(10, read=10 + LONGEST_WAIT_SECONDS)
        answer = httpx.get(
            self._url, params={**query, **more}, headers=self._headers, timeout=timeout, trust_env=False
        )
        answer.raise_for_status()
        return msgspec.convert(answer.json()["exchanges"], list[Exchange])
