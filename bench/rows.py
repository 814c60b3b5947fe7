"""Time the reads whose cost must not grow with the number of sessions, on both databases, in several sizes.

Run it as `python bench/rows.py [1000 100000 1000000]`: the medians of each read in milliseconds, as a table.
PostgreSQL is one of its own (group `tests`).
"""

from __future__ import annotations

import asyncio
import runpy
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contract_first.service.clock import SystemClock
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.connections.engines import Waits
from scanner_api.storage.database import Database
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.sessions import SessionStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SERVICE = Path(__file__).parent.parent / "tests" / "services" / "postgresql.py"
PAGE_SIZE = 20
REPEATS = 9
TTL = 3600
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows} - 1)"
SESSIONS = (
    NUMBERS
    + """
INSERT INTO scan_sessions SELECT
  {id}, 'organization', 'key:bench',
  CASE WHEN n % 100 = 0 THEN 'ACTIVE' WHEN n % 3 = 0 THEN 'EXPIRED' ELSE 'COMPLETED' END,
  'pending', 'barcode_scan', '{{}}', 'bench', '{{}}',
  {created}, CASE WHEN n % 1000 = 0 THEN {idle} ELSE {now} END, 1, 0, 0, NULL FROM numbers"""
)
CAPTURES = """
INSERT INTO captures (id, session_id, status, capture_type, raw_value, gtin, error_message, created, metadata,
  gs1_dl_data, attempts)
SELECT id, id, 'COMPLETED', 'BARCODE', '', '', '', created, '{{}}', '{{}}', 1 FROM scan_sessions"""
SQLITE_TIME = "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', {})"
VALUES = {
    "sqlite": {
        "id": "printf('s%021d', n)",
        "created": SQLITE_TIME.format("'-' || (10000000 - n) || ' seconds'"),
        "idle": SQLITE_TIME.format("'-2 hours'"),
        "now": SQLITE_TIME.format("'-1 second'"),
    },
    "postgresql": {
        "id": "'s' || lpad(n::text, 21, '0')",
        "created": "now() - make_interval(secs => 10000000 - n)",
        "idle": "now() - interval '2 hours'",
        "now": "now() - interval '1 second'",
    },
}
UNCOUNTED = {
    "sqlite": (),
    # no triggers: the n-th change of a count in a transaction costs n
    "postgresql": ("SET LOCAL session_replication_role = replica",),
}
COUNTED = {
    "sqlite": (),
    "postgresql": (
        """INSERT INTO scan_session_counts SELECT organization_id, created_by, status, 0, count(*)
FROM scan_sessions GROUP BY 1, 2, 3""",
        "ANALYZE",  # its own job would do it after a minute
    ),
}


async def measure(url: str, rows: int) -> dict[str, float]:
    """Return the median milliseconds of each read with so many sessions, and a capture in each."""
    database = Database(url, Waits(statement_seconds=0))
    await database.migrate()
    organization = Organization(id="organization", name="Bench", created=datetime.now(UTC))
    await OrganizationStore(database).add_organization(organization)
    dialect = database.dialect.name
    async with database.transaction() as connection:
        for statement in (*UNCOUNTED[dialect], SESSIONS, CAPTURES, *COUNTED[dialect]):
            await connection.exec_driver_sql(statement.format(rows=rows, **VALUES[dialect]))
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
    columns = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+aiosqlite:///{folder}/scanner.db"
            columns[f"SQLite, {rows:,} rows"] = asyncio.run(measure(url, rows))
    for rows in sizes:
        with runpy.run_path(str(SERVICE))["postgresql_server"]() as url:
            columns[f"PostgreSQL, {rows:,} rows"] = asyncio.run(measure(url, rows))
    lines = [["ms", *columns], ["---"] * (len(columns) + 1)]
    names = next(iter(columns.values()))
    lines += [[name, *(f"{column[name]:.2f}" for column in columns.values())] for name in names]
    sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 100_000])
