"""Partition the table of sessions by month, in place, and time each step and the reads before and after.

    python bench/partitions.py [1000000]

It is what docs/capacity.md describes for ten million sessions and more, on a PostgreSQL of its own (group
`tests`): no row moves, as the table that there is becomes the partition of all that was before.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rows import REPEATS, TTL, databases, filled, milliseconds, reads_of
from sqlalchemy import text

from contract_first.service.clock import SystemClock
from scanner_api.storage.scans.sessions import SessionStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner_api.storage.database import Database

MONTHS = 12
INDEXES = """SELECT indexdef FROM pg_indexes
WHERE tablename = 'scan_sessions' AND indexname LIKE 'ix%' AND schemaname = 'public'"""
TRIGGERS = """SELECT pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = 'scan_sessions'::regclass AND NOT tgisinternal"""
REFERENCES = """SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE confrelid = 'scan_sessions'::regclass AND contype = 'f'"""
BOUNDS = """SELECT date_trunc('month', now()) + n * interval '1 month'
FROM generate_series(1, {}) AS n"""
NEW = "CREATE TABLE scan_sessions (LIKE sessions_before INCLUDING DEFAULTS) PARTITION BY RANGE (created)"
BEFORE = "ALTER TABLE scan_sessions ATTACH PARTITION sessions_before FOR VALUES FROM (MINVALUE) TO ('{}')"
MONTH = "CREATE TABLE sessions_{} PARTITION OF scan_sessions FOR VALUES FROM ('{}') TO ('{}')"


def main(rows: int) -> None:
    """Fill a database, partition its sessions, and print how long each step took."""
    with ExitStack() as stack:
        (url,) = databases("postgresql", [rows], stack)
        before, steps, after = asyncio.run(measured(url, rows))
    lines = [["step", "s"], ["---"] * 2, *([name, f"{seconds:.2f}"] for name, seconds in steps.items())]
    lines += [["read, ms", "before", f"{MONTHS + 1} partitions"], ["---"] * 3]
    lines += [[name, f"{before[name]:.2f}", f"{after[name]:.2f}"] for name in before]
    sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in lines)


async def measured(url: str, rows: int) -> tuple[dict[str, float], ...]:
    """Return the milliseconds of reads, the seconds of the steps, and the milliseconds after them."""
    database = await filled(url, rows)
    before = await shortest(database, rows)
    steps = await partitioned(database)
    after = await shortest(database, rows)
    steps["drop the partition of all before"] = await timed(database, ["DROP TABLE sessions_before"])
    await database.close()
    return before, steps, after


async def partitioned(database: Database) -> dict[str, float]:
    """Make the table the first partition of a new one, and return the seconds of each step."""
    indexes, triggers, references = [
        [tuple(row) for row in await selected(database, query)] for query in (INDEXES, TRIGGERS, REFERENCES)
    ]
    bounds = [str(month) for (month,) in await selected(database, BOUNDS.format(MONTHS + 1))]
    steps = {
        "say that all is of before (NOT VALID)": [
            f"ALTER TABLE scan_sessions ADD CONSTRAINT before CHECK (created < '{bounds[0]}') NOT VALID"
        ],
        "validate that, while writes go on": ["ALTER TABLE scan_sessions VALIDATE CONSTRAINT before"],
        "index id and month, while writes go on": [
            "CREATE UNIQUE INDEX CONCURRENTLY id_and_created ON scan_sessions (id, created)"
        ],
        "swap the tables, in one transaction": [
            "BEGIN",
            *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in references),
            "ALTER TABLE scan_sessions DROP CONSTRAINT pk_scan_sessions",
            "ALTER TABLE scan_sessions ADD PRIMARY KEY USING INDEX id_and_created",
            *(f"DROP TRIGGER {definition.split()[2]} ON scan_sessions" for (definition,) in triggers),
            "ALTER TABLE scan_sessions RENAME TO sessions_before",
            *(
                f"ALTER INDEX {definition.split()[2]} RENAME TO before_{place}"
                for place, (definition,) in enumerate(indexes)
            ),
            NEW,
            "ALTER TABLE scan_sessions ADD CONSTRAINT pk_scan_sessions PRIMARY KEY (id, created)",
            *(definition for (definition,) in indexes),
            BEFORE.format(bounds[0]),
            *(definition for (definition,) in triggers),
            "COMMIT",
        ],
        f"make {MONTHS} months": [MONTH.format(place, *ends) for place, ends in enumerate(pairwise(bounds))],
    }
    return {name: await timed(database, statements) for name, statements in steps.items()}


async def selected(database: Database, query: str) -> Sequence[Any]:
    """Return the rows of a query."""
    return await database.read(lambda connection: connection.execute(text(query)).all())


async def timed(database: Database, statements: Sequence[str]) -> float:
    """Execute statements, and return how many seconds that took."""
    engine = database._single  # noqa: SLF001 -- some of them are in no transaction, or begin one
    async with engine.connect() as connection:
        start = time.perf_counter()
        for statement in statements:
            await connection.exec_driver_sql(statement)
        return time.perf_counter() - start


async def shortest(database: Database, rows: int) -> dict[str, float]:
    """Return the least milliseconds of reads."""
    reads = reads_of(database, rows)
    store = SessionStore(database, SystemClock(), TTL)
    reads["one session"] = lambda: store.get(f"s{rows // 2:021}")
    return {name: min([await milliseconds(read) for _ in range(REPEATS)]) for name, read in reads.items()}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:] or ["1000000"]))
