"""Time the reads whose cost must not grow with the number of sessions, on SQLite files of several sizes.

Run it as `python bench/rows.py [1000 100000 1000000]`: the medians of each read in milliseconds, as a table.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from openapi_service.clock import SystemClock
from scanner_api.scanning.sessions import SessionStatus
from scanner_api.storage.captures import CaptureStore
from scanner_api.storage.database import Database
from scanner_api.storage.organizations import Organization, OrganizationStore
from scanner_api.storage.sessions import SessionStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAGE_SIZE = 20
REPEATS = 9
TTL = 3600
FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows} - 1)
INSERT INTO scan_sessions SELECT
  printf('s%021d', n), 'organization', 'key:bench',
  CASE WHEN n % 100 = 0 THEN 'ACTIVE' WHEN n % 3 = 0 THEN 'EXPIRED' ELSE 'COMPLETED' END,
  'pending', 'barcode_scan', '{{}}', 'bench', '{{}}',
  strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || ({rows} - n) || ' seconds'),
  strftime('%Y-%m-%d %H:%M:%S.000000', 'now', CASE WHEN n % 1000 = 0 THEN '-2 hours' ELSE '-1 second' END),
  1, 0, 0, NULL FROM numbers;
INSERT INTO captures (id, session_id, status, capture_type, raw_value, gtin, error_message, created, metadata,
  gs1_dl_data, attempts)
SELECT id, id, 'COMPLETED', 'BARCODE', '', '', '', created, '{{}}', '{{}}', 1 FROM scan_sessions;
"""


async def measure(rows: int, folder: Path) -> dict[str, float]:
    """Return the median milliseconds of each read with so many sessions, and a capture in each."""
    file = folder / f"{rows}.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    await database.migrate()
    organization = Organization(id="organization", name="Bench", created=datetime.now(UTC))
    await OrganizationStore(database).add_organization(organization)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(FILL.format(rows=rows))
    clock = SystemClock()
    sessions, captures = SessionStore(database, clock, TTL), CaptureStore(database, clock, TTL)

    def reading(page: int, status: SessionStatus | None = None) -> Callable[[], Awaitable[object]]:
        return lambda: sessions.page(["organization"], page=page, page_size=PAGE_SIZE, status=status)

    await sessions.expire_idle()  # as the sweep does all the time
    reads = {
        "first page": reading(1),
        "last page": reading(rows // PAGE_SIZE),
        **{f"first page of {status}": reading(1, status) for status in SessionStatus},
        "the sweep's captures": lambda: captures.unfinished(100),
        "the sweep's sessions": sessions.expire_idle,
    }
    medians = {name: await _median(read) for name, read in reads.items()}
    await database.close()
    return medians


async def _median(read: Callable[[], Awaitable[object]]) -> float:
    await read()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        await read()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main(sizes: list[int]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        columns = [asyncio.run(measure(rows, Path(folder))) for rows in sizes]
    lines = [["ms", *(f"{rows:,} rows" for rows in sizes)], ["---"] * (len(sizes) + 1)]
    lines += [[name, *(f"{column[name]:.2f}" for column in columns)] for name in columns[0]]
    sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 100_000])
