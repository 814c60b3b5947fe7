"""The SQL database: its connections, transactions and schema, on SQLite or PostgreSQL.

A failure at start is a :class:`DatabaseError` that says what to do. While serving, a database that does
not respond is a 503 (:class:`~contract_first.ServiceUnavailable`), and a row that the schema refuses a
:class:`ConstraintError`.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Executable, Select, exc, false, text
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateTable

from contract_first.contract.document.errors import reason_of
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.stages import timed
from scanner_api.distribution import SCANNER_API

from .connections import engines
from .connections.async_engine import AsyncConnection, AsyncEngine
from .connections.engines import DatabaseError
from .connections.errors import UNAVAILABLE, ConstraintError, DuplicateError, connection_of, translated
from .connections.inline_reads import InlineReader
from .connections.readers import Readers
from .connections.sqlite_threads import SQLiteThreads, SQLiteWriter
from .connections.transactions import KeyTurns, Unit
from .schema.migrations import HEAD
from .schema.revision import SchemaRevision, read_schema, upgrade_schema
from .schema.tables import sqlite_script, versions

__all__ = ["ConstraintError", "Database", "DatabaseError", "DuplicateError"]

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
_SNAPSHOT: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {"sqlite_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
_SINGLE: Final = {"isolation_level": "AUTOCOMMIT"}
"""For single statements, each of which is a transaction by itself."""
_PING_SECONDS: Final = 3
_PROBE_BYTES: Final = 64 * 1024
_SPILL: Final = (
    text("SET LOCAL work_mem = '64kB'"),
    text("SELECT count(*) FROM generate_series(1, 10000)"),
)
"""Has PostgreSQL write a temporary file, which is no change, and has no need of a table."""


class Database:
    """One SQL database.

    SQLite has a single writer: those of this process queue up, and those of others are waited for. All
    that reads or writes raises ServiceUnavailable where the database does not respond.

    Args:
        url: of SQLite or PostgreSQL; ``sqlite+aiosqlite://`` lives in memory.
        waits: how much of PostgreSQL is used, and how long it is waited for.

    Raises:
        DatabaseError: the URL cannot be used, or its driver is not installed.
    """

    def __init__(self, url: str | URL, waits: engines.Waits | None = None) -> None:
        self.url = engines.parse(url)
        waits = waits or engines.Waits()
        self._engine = engines.engine_for(self.url, waits)
        self._turns = KeyTurns(waits.lock_seconds or None)
        self._units: dict[asyncio.Task[Any] | None, Unit] = {}
        self.readers = Readers(self._engine)
        self._snapshots = self._engine.execution_options(**_SNAPSHOT[self._engine.dialect.name])
        lock = asyncio.Lock()
        is_sqlite = self._engine.dialect.name == "sqlite"
        # SQLite has no round trips to save, and behind a pooler it is a transaction that has timeouts
        commits = is_sqlite or self.url.query.get("pgbouncer") == "true"
        self._single = self._engine if commits else self._engine.execution_options(**_SINGLE)
        self._in_memory = engines.in_memory(self.url)
        self._anchor: sqlite3.Connection | None = None
        self._write_lock: AbstractAsyncContextManager[Any] = lock if is_sqlite else nullcontext()
        self.inline = InlineReader(self._engine, has_snapshots=not self._in_memory) if is_sqlite else None
        self._threaded = SQLiteThreads(self._engine) if is_sqlite else None
        self._writer = SQLiteWriter(self._engine, lock) if is_sqlite else None
        self.read_lock: AbstractAsyncContextManager[Any] = lock if self._in_memory else nullcontext()
        """Held around a read: in memory all share one connection, and nobody may see half a transaction."""

    @property
    def dialect(self) -> Any:
        """The SQLAlchemy dialect, to compile statements for."""
        return self._engine.dialect

    @property
    def connections(self) -> dict[str, int]:
        """Connections of the pool by state; none of a database in memory, whose one connection all share."""
        pool = self._engine.pool
        return {"used": pool.checkedout(), "idle": pool.checkedin()} if isinstance(pool, QueuePool) else {}

    def record_spans(self) -> None:
        """Record a span for each statement of a request or a job, but for lookups, which many share."""
        try:
            from .connections.spans import record_spans  # noqa: PLC0415 -- only who wants it pays for it
        except ImportError:  # contract-first has its extra, scanner-api has not
            logger.warning("Statements have no spans; %s", SCANNER_API.how_to_install("otel"))
        else:
            record_spans(self._engine)

    async def connect(self) -> None:
        """Connect once, to find out at start rather than at the first request.

        Raises:
            DatabaseError: there is no such server, database, user or folder.
        """
        try:
            if self._in_memory and self._anchor is None:
                self._anchor = engines.open_sqlite(self._engine)
            elif self.dialect.name == "sqlite":
                await asyncio.to_thread(engines.make_sqlite_file, self._engine)
            async with self.read_lock, self._engine.connect():
                pass
        except Exception as error:
            orig = error.orig if isinstance(error, exc.DBAPIError) else None
            cause = orig if isinstance(orig, Exception) else error
            reason = reason_of(cause) or type(cause).__name__
            url = self.url.render_as_string(hide_password=True)
            raise DatabaseError(f"Cannot connect to the database {url} (database_url): {reason}") from error

    async def migrate(self) -> None:
        """Connect, and bring the schema to the newest revision; of several processes at once, one does it.

        Raises:
            DatabaseError: as of :meth:`connect`; the database was written by a newer version; a step failed.
        """
        await self.connect()
        schema = await self.schema()
        if schema.is_usable:
            schema.check()
            return
        if self.dialect.name == "postgresql":
            patient = Database(self.url.render_as_string(hide_password=False), engines.PATIENT)
            try:
                await patient._upgrade(schema)
            finally:
                await patient.close()
        else:
            await self._upgrade(schema)

    async def _upgrade(self, schema: SchemaRevision) -> None:
        try:
            if schema.revision is None and self._anchor is not None:
                # in memory there is no other process to wait for
                async with self._write_lock:
                    with self._anchor:  # which undoes all after a step that fails
                        self._anchor.executescript(sqlite_script(HEAD))
                return
            async with self.transaction() as connection:
                await self.lock(connection, "scanner-api migrations")
                await connection.run_sync(upgrade_schema)
        except (ServiceUnavailable, exc.SQLAlchemyError, sqlite3.Error) as error:
            reason = error.__cause__ or error
            raise DatabaseError(f"The database cannot be brought to revision {HEAD}: {reason}") from error

    async def ping(self) -> None:
        """Raise ServiceUnavailable unless the database responds within 3 seconds, and is not read-only."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await self.schema()
                if self.dialect.name == "postgresql":  # which may be a standby; SQLite would wait for writers
                    await self.change(versions.delete().where(false()))
        except TimeoutError as error:
            raise ServiceUnavailable(UNAVAILABLE) from error

    async def check_writable(self) -> None:
        """Write and roll back; raise ServiceUnavailable or the error of a database that refuses that."""
        has_schema = (await self.schema()).revision is not None
        probe = versions.insert().values(version_num="probe") if has_schema else CreateTable(versions)
        async with self.transaction() as connection, connection.begin_nested() as writing:
            await connection.execute(probe)
            await writing.rollback()

    async def save(self, file: Path) -> None:
        """Write a snapshot of a SQLite database into a file.

        Raises:
            DatabaseError: the file cannot be written, such as on a full disk.
        """
        try:
            await asyncio.to_thread(self._save, file)
        except sqlite3.Error as error:
            raise DatabaseError(f"The database cannot be copied to {file}: {error}.") from error

    async def load(self, file: Path) -> None:
        """Restore a SQLite database from a copy; not for one that is in use.

        Raises:
            DatabaseError: the file is no copy of a database, or cannot be read.
        """
        await self.connect()
        try:
            await asyncio.to_thread(self._load, file)
        except sqlite3.Error as error:
            raise DatabaseError(f"The database cannot be loaded from {file}: {error}") from error
        await self.connect()  # the journal mode is the copy's now

    def _save(self, file: Path) -> None:
        file.touch(mode=0o600)
        with closing(sqlite3.connect(file)) as copy, closing(engines.open_sqlite(self._engine)) as database:
            database.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # a database with a WAL cannot be loaded into memory

    def _load(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as copy, closing(engines.open_sqlite(self._engine)) as database:
            (result,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(result.splitlines()[-1])
            copy.backup(database)

    def transaction(self, *keys: str, single: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction that may write: committed at the end, rolled back by an exception.

        On SQLite nothing else writes meanwhile, and in memory nothing else reads; so only SQL belongs inside,
        on this connection. In a :meth:`unit` it is committed with that.

        Args:
            keys: ids of the sessions whose rows it locks, in order, and then of other rows. Transactions of
                this process that lock the same one come one after the other: however long a row stays locked,
                it takes one connection.
            single: it is one statement, which PostgreSQL commits by itself: that saves two round trips.

        Raises:
            ConstraintError: the schema refuses a row.
            ServiceUnavailable: the database does not respond, gave way to another transaction, or the lock
                that it waits for.
        """
        unit = self._unit
        if unit is None:
            return self._transaction(keys, self._single if single else self._engine)
        if unit.connection is None:
            return unit.begin(self._transaction(keys, self._engine))
        return _joined(unit.connection)

    async def write(self, work: Callable[[Connection], Result], *keys: str, single: bool = False) -> Result:
        """Call a function with a connection, in a transaction as of :meth:`transaction`; return its result.

        On SQLite it is called in a thread, and shares its commit with those that arrived together; what it
        raises undoes its own writes alone. Cancelling its caller does not undo what is under way. In a
        :meth:`unit` what it raises undoes nothing until the unit ends by it.

        Raises:
            ConstraintError, ServiceUnavailable: as of :meth:`transaction`.
        """
        if self._writer is None or self._unit is not None:
            async with self.transaction(*keys, single=single) as connection:
                return await connection.run_sync(work)
        async with translated():
            with timed("database"):
                return await self._writer.call(work)

    @property
    def _unit(self) -> Unit | None:
        """The unit that this task is in, if any."""
        return self._units.get(asyncio.current_task()) if self._units else None

    @asynccontextmanager
    async def _transaction(
        self, keys: tuple[str, ...], engine: AsyncEngine
    ) -> AsyncIterator[AsyncConnection]:
        async with (
            self._write_lock,
            translated(),
            self._turns.of(keys),
            connection_of(engine) as connection,
            connection.begin(),
        ):
            yield connection

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[None]:
        """Commit the transactions of this task together at the end; an exception rolls all of them back.

        From the first of them on, the block reads only there: SQLite in memory has a single connection.

        Raises:
            ConstraintError: as of :meth:`transaction`.
        """
        task, unit = asyncio.current_task(), Unit()
        self._units[task] = unit
        try:
            async with unit.ending:
                yield
        finally:
            del self._units[task]
        for call in unit.after_commit:
            call()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call a function once this task's writes are committed: at once, unless it is in a :meth:`unit`."""
        unit = self._unit
        if unit is None:
            call()
        else:
            unit.after_commit.append(call)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection whose reads all see one committed state."""
        async with self.read_lock, connection_of(self._snapshots) as connection:
            yield connection

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Call a function with a connection whose reads all see one committed state; it may wait for them."""
        if self._threaded is None:
            async with self.snapshot() as connection:
                return await connection.run_sync(work)
        async with self.read_lock, translated():
            with timed("database"):
                return await self._threaded.call(work)

    async def fetch(self, statement: Select[Any]) -> Sequence[Any]:
        """Return all rows of one statement, of one committed state."""
        if self._threaded is not None:
            return await self.read(lambda connection: connection.execute(statement).all())
        async with connection_of(self._single) as connection:
            rows: Sequence[Any] = (await connection.execute(statement)).all()
            return rows

    async def change(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Execute one statement in a transaction of its own, and return how many rows it changed.

        Raises:
            ConstraintError: as of :meth:`transaction`.
        """

        def execute(connection: Connection) -> int:
            return connection.execute(statement, rows).rowcount

        return await self.write(execute, single=rows is None or len(rows) == 1)

    async def lock(self, connection: AsyncConnection, purpose: str) -> None:
        """Lock a purpose against other transactions, until this one ends.

        It is for what no lock of a row can guard. On SQLite a transaction that writes is alone anyway.
        """
        if self.dialect.name == "postgresql":
            advisory = text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))")
            await connection.execute(advisory, {"purpose": purpose})

    async def close(self) -> None:
        if self.inline is not None:
            self.inline.close()
        if self._threaded is not None:
            self._threaded.close()
        if self._writer is not None:
            await self._writer.close()
        await self.readers.close()
        await self._engine.dispose()
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None

    async def schema(self) -> SchemaRevision:
        """Return the revision of the schema, and which versions can use it."""
        async with self.snapshot() as connection:
            return await connection.run_sync(read_schema)

    async def check_disk(self) -> None:
        """Raise OSError or ServiceUnavailable unless something can be written where the database is."""
        if self.dialect.name == "postgresql":
            async with asyncio.timeout(_PING_SECONDS), self.snapshot() as connection:
                for statement in _SPILL:
                    await connection.execute(statement)
        elif not self._in_memory:
            await asyncio.to_thread(_write_beside, Path(self.url.database or ""))


@asynccontextmanager
async def _joined(connection: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    """Continue in the transaction under way."""
    async with translated():
        yield connection


def _write_beside(file: Path) -> None:
    with TemporaryFile(dir=file.parent) as beside:
        beside.write(bytes(_PROBE_BYTES))
        beside.flush()
