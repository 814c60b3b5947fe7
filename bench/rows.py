"""Time the reads whose cost must not grow with the number of sessions, on both databases, in several sizes.

    python bench/rows.py 1000 1000000           each read in milliseconds, and how many times the first size's
                                                the last one's is
    python bench/rows.py --purge 200 1000000    then deletes 200 batches of sessions, on PostgreSQL, while a
                                                list is read: how long each takes, and what the list takes
    python bench/rows.py --purge 0 1000000      deletes all of them, or as many as --minutes allow

The databases of all sizes are there at once and are read in turns; of 25 times the shortest counts, which is
the one that nothing else on the machine delayed. PostgreSQL is one of its own (group `tests`).
"""

from __future__ import annotations

import argparse
import asyncio
import runpy
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from contract_first.service.clock import SystemClock
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.idempotency import IdempotencyStore
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.connections.engines import Waits
from scanner_api.storage.database import Database
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.scans.extractions import ExtractionStore
from scanner_api.storage.scans.sessions import SessionStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    Read = Callable[[], Awaitable[object]]

POSTGRESQL = runpy.run_path(str(Path(__file__).parent.parent / "tests" / "services" / "postgresql.py"))
PAGE_SIZE = 20
REPEATS = 25
TTL = 3600
SESSIONS = """
INSERT INTO scan_sessions SELECT
  {id}, 'organization', 'key:bench',
  CASE WHEN n % 100 = 0 THEN 'ACTIVE' WHEN n % 3 = 0 THEN 'EXPIRED' ELSE 'COMPLETED' END,
  'pending', 'barcode_scan', '{{}}', 'bench', '{{}}',
  {created}, CASE WHEN n % 1000 = 0 THEN {idle} ELSE {now} END, 1, 0, 0, NULL FROM ({numbers}) AS numbers"""
CAPTURES = """
INSERT INTO captures (id, session_id, status, capture_type, raw_value, gtin, error_message, created, metadata,
  gs1_dl_data, attempts)
SELECT id, id, 'COMPLETED', 'BARCODE', '', '', '', created, '{{}}', '{{}}', 1 FROM scan_sessions"""
SQLITE_TIME = "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', {})"
VALUES = {
    "sqlite": {
        "numbers": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers "
        "WHERE n < {rows} - 1) SELECT n FROM numbers",
        "id": "printf('s%021d', n)",
        "created": SQLITE_TIME.format("'-' || (10000000 - n) || ' seconds'"),
        "idle": SQLITE_TIME.format("'-2 hours'"),
        "now": SQLITE_TIME.format("'-1 second'"),
    },
    "postgresql": {
        "numbers": "SELECT generate_series(0, {rows} - 1) AS n",
        "id": "'s' || lpad(n::text, 21, '0')",
        "created": "now() - make_interval(secs => 10000000 - n)",
        "idle": "now() - interval '2 hours'",
        "now": "now() - make_interval(secs => 1 + n / 1000.0)",
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


SIZES = """SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
WHERE relname IN ('scan_sessions', 'captures')"""


async def filled(url: str, rows: int) -> Database:
    """Return a database with so many sessions of an organization, and a capture in each."""
    database = Database(url, Waits(statement_seconds=0))
    await database.migrate()
    organization = Organization(id="organization", name="Bench", created=datetime.now(UTC))
    await OrganizationStore(database).add_organization(organization)
    dialect = database.dialect.name
    values = {name: value.format(rows=rows) for name, value in VALUES[dialect].items()}
    async with database.transaction() as connection:
        for statement in (*UNCOUNTED[dialect], SESSIONS, CAPTURES, *COUNTED[dialect]):
            await connection.exec_driver_sql(statement.format(**values))
    await SessionStore(database, SystemClock(), TTL).expire_idle()  # as the sweep does all the time
    return database


def reads_of(database: Database, rows: int) -> dict[str, Read]:
    """Return the reads by name."""
    clock = SystemClock()
    sessions, captures = SessionStore(database, clock, TTL), CaptureStore(database, clock, TTL)

    def reading(page: int, status: SessionStatus | None = None) -> Read:
        return lambda: sessions.page(["organization"], page=page, page_size=PAGE_SIZE, status=status)

    return {
        "first page": reading(1),
        "last page": reading(rows // PAGE_SIZE),
        **{f"first page of {status}": reading(1, status) for status in SessionStatus},
        "what waits of an organization": lambda: captures.backlog("organization"),
        "the sweep's captures": lambda: captures.unfinished(100),
        "the sweep's extractions": lambda: ExtractionStore(database, clock).unfinished(100),
        "the sweep's sessions": sessions.expire_idle,
        "the sweep's keys": IdempotencyStore(database, clock).expire,
    }


async def measured(urls: Sequence[str], sizes: Sequence[int]) -> dict[str, list[float]]:
    """Return the least milliseconds of each read, by size."""
    databases = [await filled(url, rows) for url, rows in zip(urls, sizes, strict=True)]
    reads = [reads_of(database, rows) for database, rows in zip(databases, sizes, strict=True)]
    shortest = {}
    for name in reads[0]:
        times: list[list[float]] = [[] for _ in reads]
        for _ in range(REPEATS):
            for place, read in enumerate(reads):
                times[place].append(await milliseconds(read[name]))
        shortest[name] = list(map(min, times))
    for database in databases:
        await database.close()
    return shortest


async def purge(url: str, batches: int, minutes: float) -> None:
    """Delete batches of sessions, or all, while a list is read, and print what both take."""
    database = Database(url)
    read = reads_of(database, PAGE_SIZE)["first page"]
    reading, listing = asyncio.Event(), []

    async def lists() -> None:
        while not reading.is_set():
            listing.append(await milliseconds(read))
            await asyncio.sleep(0.01)

    before = [await milliseconds(read) for _ in range(200)]
    deletion, ends = Deletion(database), [time.perf_counter()]
    most, deadline = batches or sys.maxsize, ends[0] + minutes * 60
    task = asyncio.create_task(lists())
    async with aclosing(deletion.delete_finished(datetime.now(UTC))) as steps:
        while len(ends) <= most and ends[-1] < deadline and await anext(steps, "end") != "end":
            ends.append(time.perf_counter())
    reading.set()
    await task
    steps_ms = [(second - first) * 1000 for first, second in pairwise(ends)]
    number = deletion.deleted["scan_sessions"]
    sizes = await database.fetch(text(SIZES))
    await database.close()
    lines = (
        f"{number:,} sessions in {len(steps_ms)} batches, {number / (ends[-1] - ends[0]):,.0f} a second",
        f"a batch, ms: {spread(steps_ms)}",
        f"a list before, ms: {spread(before)}",
        f"a list meanwhile, ms: {spread(listing)}",
        f"in the last tenth, ms: a batch {spread(_last(steps_ms))}; a list {spread(_last(listing))}",
        *(f"{name}: {size >> 20:,} MiB, and {index >> 20:,} of indexes" for name, size, index in sizes),
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _last(times: Sequence[float]) -> Sequence[float]:
    return times[-(len(times) // 10 or 1) :]


def spread(times: Sequence[float]) -> str:
    """Return the median, the 99th percentile and the greatest of milliseconds."""
    ordered = sorted(times)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50:.1f}, p99 {p99:.1f}, at most {ordered[-1]:.1f}"


async def milliseconds(read: Read) -> float:
    """Read, and return how long it took."""
    start = time.perf_counter()
    await read()
    return (time.perf_counter() - start) * 1000


def databases(dialect: str, sizes: Sequence[int], stack: ExitStack) -> Iterator[str]:
    """Yield the URL of an empty database for each size."""
    if dialect == "sqlite":
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        yield from (f"sqlite+aiosqlite:///{folder}/{rows}.db" for rows in sizes)
        return
    server = stack.enter_context(POSTGRESQL["postgresql_server"]())
    for rows in sizes:
        asyncio.run(POSTGRESQL["execute"](server, f"CREATE DATABASE of_{rows}"))
        yield server.replace("/postgres?", f"/of_{rows}?")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 100_000])
    parser.add_argument("--purge", type=int, metavar="BATCHES", help="batches to delete; 0 for all")
    parser.add_argument("--minutes", type=float, default=30, help="longest purge (default 30)")
    parser.add_argument("--only", choices=VALUES, help="one of the databases alone")
    options = parser.parse_args()
    sizes = options.sizes
    for dialect in VALUES:
        if options.only in {None, dialect}:
            with ExitStack() as stack:
                urls = list(databases(dialect, sizes, stack))
                shortest = asyncio.run(measured(urls, sizes))
                columns = [f"{dialect}, ms", *(f"{rows:,} rows" for rows in sizes), "x"]
                lines = [columns, ["---"] * len(columns)]
                for name, values in shortest.items():
                    ratio = values[-1] / values[0]
                    lines.append([name, *(f"{value:.2f}" for value in (*values, ratio))])
                sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in lines)
                sys.stdout.flush()
                if options.purge is not None and dialect == "postgresql":
                    asyncio.run(purge(urls[-1], options.purge, options.minutes))


if __name__ == "__main__":
    main()
