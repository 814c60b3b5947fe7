"""Credentials that were looked up a moment ago."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from contract_first.bounded import BoundedDict

Record = TypeVar("Record")

FRESH_SECONDS = 0.5
"""How long a record is used: with a slow database still well below the second that a revocation may take."""
MAX_RECORDS = 10_000


class RecentLookups(Generic[Record]):
    """Reads records by digest from a store, and uses each for half a second.

    Unknown digests are not remembered, so that guessing secrets evicts nothing. Age is real time, from when
    the store was asked: a frozen clock must not keep a revoked credential alive.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Record | None]],
        *,
        max_records: int = MAX_RECORDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._ticks = ticks
        self._records: BoundedDict[str, tuple[float, Record]] = BoundedDict(max_records)

    def recent(self, digest: str) -> Record | None:
        """Return a record that was read half a second ago or less, or None."""
        entry = self._records.get(digest)
        return entry[1] if entry is not None and self._ticks() - entry[0] < FRESH_SECONDS else None

    async def get(self, digest: str) -> Record | None:
        """Return the store's record for the digest, at most half a second old."""
        record = self.recent(digest)
        if record is None:
            start = self._ticks()
            record = await self._look_up(digest)
            if record is not None:
                self._records[digest] = start, record
        return record
