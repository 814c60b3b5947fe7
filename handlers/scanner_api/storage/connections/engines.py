"""SQLAlchemy engines for the two databases, set up alike: transactions are ours to begin."""

import asyncio
import logging
import os
import re
import socket
import sqlite3
import ssl
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import URL, Connection, event, exc, make_url
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from contract_first.service.observe.stages import timed_engine
from scanner_api.distribution import SCANNER_API

from .async_engine import AsyncEngine, create_async_engine
from .errors import discard_broken

_EXPECTED: Final = (
    "expected sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE (database_url)"
)
_DRIVERS: Final = dict.fromkeys(("postgres", "postgresql"), "postgresql+asyncpg")
"""The drivers of URLs as others write them."""
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_VERIFYING: Final = frozenset({"require", "verify-ca", "verify-full"})
"""The modes in which a file of certificates is used, as in libpq."""
_QUERY: Final = {
    "sqlite+aiosqlite": frozenset({"uri", "mode", "cache", "vfs", "timeout", "check_same_thread"}),
    "postgresql+asyncpg": frozenset({"host", "port", "ssl", "sslmode", "sslrootcert", "target_session_attrs"})
    | {"application_name", "channel_binding", "connect_timeout", "pgbouncer"}
    | {"prepared_statement_cache_size", "passfile"},
}
MAX_AGE_SECONDS: Final = 1800
"""The age at which a connection is replaced: memory of the server's side, and a name that moved on."""
QUIET_SECONDS: Final = 5
"""The idle time after which a connection is pinged."""
PING_SECONDS: Final = 2
LATE_SECONDS: Final = 2
"""By which the server is late with a statement that it should have given up: it has vanished."""
_VANISHED_SECONDS: Final = 8
"""After which the system gives up a connection whose other end acknowledges nothing."""
_TCP: Final = {"TCP_KEEPIDLE": 3, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3} | {
    "TCP_USER_TIMEOUT": _VANISHED_SECONDS * 1000
}
"""Options of sockets, as far as the system has them."""
_OF_OTHERS: Final = (
    *("sslmode", "sslrootcert", "application_name", "channel_binding", "connect_timeout"),
    "pgbouncer",
)
"""Parameters of libpq, and of poolers' vendors, that asyncpg knows by other names, or not at all."""
_VALUES: Final = {
    "sslmode": _SSL_MODES,
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "pgbouncer": ("true", "false"),
}
_HOSTS: Final = re.compile(r"([^:/?]+://(?:[^/?]*@)?)([^/?@,]+(?:,[^/?@,]+)+)(.*)", re.DOTALL)
_SQLITE_PATIENCE: Final = 10


class _SQLiteConnection(sqlite3.Connection):
    """A connection that closes itself: aiosqlite drops that of a task which is cancelled as it connects."""

    def __del__(self) -> None:
        self.close()


_ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "sqlite+aiosqlite": {
        "connect_args": {
            # how many seconds a writer waits for those of other processes
            "timeout": _SQLITE_PATIENCE,
            "factory": _SQLiteConnection,
            # aiosqlite has a thread for each connection, but another may drop it
            "check_same_thread": False,
        }
    },
    "postgresql+asyncpg": {
        "connect_args": {"timeout": 3, "server_settings": {"application_name": "scanner-api"}},
        "pool_recycle": MAX_AGE_SECONDS,
        "max_overflow": 0,
    },
}
logger = logging.getLogger(__name__)
_MEMORIES: Final = count()
_rolling_back: Final[set[asyncio.Future[None]]] = set()
"""Tasks, which the event loop alone would forget."""


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How much of PostgreSQL a process uses, and how long it waits for it.

    Attributes:
        pool_size: connections; lookups keep two of them.
        pool_seconds: for a connection of the pool.
        lock_seconds: for a lock that another transaction has; 0 for as long as it takes.
        statement_seconds: for a statement; 0 for as long as it takes.
    """

    pool_size: int = 8
    pool_seconds: float = 5
    lock_seconds: float = 5
    statement_seconds: float = 30


PATIENT: Final = Waits(pool_size=3, lock_seconds=0, statement_seconds=0)
"""For migrations, which wait for one another, and may rewrite tables."""


def parse(url: str | URL) -> URL:
    """Read a database URL, also as libpq and vendors write them: ``postgres://``, many hosts, ``?sslmode=``.

    Raises:
        DatabaseError: it is no URL, or names neither of the two drivers, or a parameter that is not known.
    """
    try:
        parsed = _parsed(url)
    except (exc.ArgumentError, ValueError):
        # the cause may quote the URL with its password
        raise DatabaseError(f"The database URL cannot be read; {_EXPECTED}.") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in _ARGUMENTS:
        raise DatabaseError(f"The database URL begins with {parsed.drivername!r}; {_EXPECTED}.")
    parameters = _QUERY[parsed.drivername]
    if unknown := sorted(set(parsed.query) - parameters):
        raise DatabaseError(
            f"The database URL has the parameter {unknown[0]!r}; "
            f"expected one of {', '.join(sorted(parameters))} (database_url)."
        )
    if not str(parsed.query.get("connect_timeout", "0")).isdecimal():
        raise DatabaseError("connect_timeout of the database URL is no number of seconds (database_url).")
    for name, values in _VALUES.items():
        value = parsed.query.get(name, values[0])
        if value not in values:
            raise DatabaseError(
                f"{name} of the database URL is {value!r}; expected one of {', '.join(values)}."
            )
    return parsed


def _parsed(url: str | URL) -> URL:
    """Parse a URL; several hosts become parameters, as SQLAlchemy takes them."""
    match = _HOSTS.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        return make_url(url)
    scheme, hosts, rest = match.groups()
    places = [urlsplit(f"//{host}") for host in hosts.split(",")]
    names = ",".join(place.hostname or "" for place in places)
    ports = ",".join(str(place.port or 5432) for place in places)
    return make_url(scheme + rest).update_query_dict({"host": names, "port": ports})


def engine_for(url: URL, waits: Waits) -> AsyncEngine:
    """Return an engine, which has not connected yet.

    Raises:
        DatabaseError: the driver is not installed; hosts, or a file of certificates, cannot be read.
    """
    arguments, parsed = _ARGUMENTS[url.drivername], url
    if url.get_backend_name() == "postgresql":
        url, arguments = _postgresql(url, waits)
    if in_memory(url):
        # all share one connection, but another can take its place: SQLAlchemy gives up the connection of a
        # task that is cancelled, and a database without a name would go with it
        url = url.set(database=f"file:/{next(_MEMORIES)}", query={"vfs": "memdb", "uri": "true"})
        arguments = {**arguments, "poolclass": StaticPool}
    try:
        engine = create_async_engine(url, hide_parameters=True, **arguments)
    except (exc.ArgumentError, ValueError):
        raise DatabaseError(
            "The hosts of the database URL cannot be read; "
            "expected a name and a port for each: //a:5432,b:5432/ (database_url)."
        ) from None
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"The database driver {error.name} is not installed; {SCANNER_API.how_to_install('postgresql')}"
        ) from error
    timed_engine(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine.sync_engine, "connect", _watch_peer)
        if parsed.query.get("pgbouncer") == "true":
            event.listen(engine.sync_engine, "begin", partial(_prepare_transaction, waits))
        else:
            event.listen(engine.sync_engine, "connect", partial(_prepare_postgresql, waits))
        event.listen(engine.sync_engine, "checkin", _note_use)
        event.listen(engine.sync_engine, "checkout", _check_connection)
        event.listen(engine.sync_engine, "handle_error", discard_broken)
    else:
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        event.listen(engine.sync_engine, "invalidate", _roll_back_sqlite)
    return engine


def _postgresql(url: URL, waits: Waits) -> tuple[URL, dict[str, Any]]:
    """Return the URL without what asyncpg knows by other names, and the arguments of the engine."""
    arguments = dict(_ARGUMENTS[url.drivername], pool_size=waits.pool_size, pool_timeout=waits.pool_seconds)
    # in case that the server is gone, and nobody there counts the seconds
    longest = waits.statement_seconds + LATE_SECONDS if waits.statement_seconds else None
    connecting = {**arguments["connect_args"], "command_timeout": longest}
    if name := url.query.get("application_name"):
        connecting["server_settings"] = {"application_name": name}
    if seconds := int(str(url.query.get("connect_timeout", "0"))):
        connecting["timeout"] = seconds
    mode = url.query.get("sslmode")
    if url.query.get("channel_binding") == "require" and mode != "verify-full":
        logger.warning(
            "channel_binding=require of the database URL has no effect: the driver cannot bind channels; "
            "sslmode=verify-full, with sslrootcert=system or a file, keeps others from posing as the server"
        )
    if mode:
        connecting["ssl"] = mode
        if mode in _VERIFYING and (file := url.query.get("sslrootcert")):
            try:
                cafile = None if file == "system" else str(file)
                connecting["ssl"] = context = ssl.create_default_context(cafile=cafile)
            except OSError as error:
                raise DatabaseError(f"sslrootcert of the database URL cannot be read: {error}.") from None
            context.check_hostname = mode == "verify-full" or file == "system"
    return url.difference_update_query(_OF_OTHERS), {**arguments, "connect_args": connecting}


def in_memory(url: URL) -> bool:
    """Tell whether a URL is that of a SQLite database in memory."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def open_sqlite(engine: AsyncEngine) -> sqlite3.Connection:
    """Return a separate connection to the database of an engine, in a file or in memory.

    As long as one to a database in memory is open, the database is there. It blocks.
    """
    return _connected(engine, check_same_thread=False)


def make_sqlite_file(engine: AsyncEngine) -> None:
    """Open a SQLite file, make it if there is none, and set it to WAL, in which no reader waits for a writer.

    One that is made is for its owner alone; SQLite gives its log the same mode.

    It blocks: not for the event loop's thread. With aiosqlite, what cannot be opened would leave a thread.

    Raises:
        sqlite3.Error: the file cannot be opened, or is no database.
    """
    file = str(engine.url.database)
    if not file.startswith("file:"):
        with suppress(OSError):  # it is there, or SQLite says why it cannot be made
            os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    deadline = time.monotonic() + _SQLITE_PATIENCE
    while True:
        try:
            with closing(_connected(engine, timeout=0)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # of several processes that switch at once all but one fail, without SQLite's usual patience
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _connected(engine: AsyncEngine, **options: Any) -> sqlite3.Connection:
    """Connect as the engine does, but for these options."""
    arguments, defaults = engine.dialect.create_connect_args(engine.url)
    options = {"timeout": _SQLITE_PATIENCE, **defaults, **options}
    connection: sqlite3.Connection = sqlite3.connect(*arguments, **options)  # type: ignore[call-overload]  # SQLAlchemy's
    return connection


def prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001 -- SQLAlchemy's signature
    """Leave transactions to us, and set what SQLite keeps for each connection."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _prepare_postgresql(waits: Waits, connection: Any, record: object) -> None:  # noqa: ARG001 -- the same
    """Set how long statements wait; as parameters of the start PgBouncer would refuse them."""
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {waits.lock_seconds * 1000:.0f}")
    cursor.execute(f"SET statement_timeout = {waits.statement_seconds * 1000:.0f}")
    cursor.close()
    connection.commit()


def _watch_peer(connection: Any, record: object) -> None:  # noqa: ARG001 -- the same
    """Have the system find out that the other end of a connection is gone, even if nothing is sent."""
    transport = connection.driver_connection._transport  # noqa: SLF001 -- asyncpg has no other name for it
    peer = transport.get_extra_info("socket")
    if peer.family != getattr(socket, "AF_UNIX", None):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP.items():
            if (option := getattr(socket, name, None)) is not None:
                peer.setsockopt(socket.IPPROTO_TCP, option, value)


def _prepare_transaction(waits: Waits, connection: Connection) -> None:
    """Set the same for one transaction: the next one may be on another of a pooler's connections."""
    settings = {"lock_timeout": waits.lock_seconds, "statement_timeout": waits.statement_seconds}
    calls = [f"set_config('{name}', '{seconds * 1000:.0f}', true)" for name, seconds in settings.items()]
    connection.exec_driver_sql(f"SELECT {', '.join(calls)}")


def was_used(pooled: PoolProxiedConnection) -> bool:
    """Tell whether PostgreSQL's connection was used before; it can have ended since, without a sign of it."""
    return "used" in pooled.info


def _note_use(_connection: object, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _check_connection(connection: Any, record: Any, _proxy: object) -> None:
    """Replace the connections of the pool if this one was closed, or was idle and gets no response."""
    used = record.info.get("used")
    try:
        if used is not None and time.monotonic() - used > QUIET_SECONDS:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=PING_SECONDS))
    except Exception as error:
        connection.driver_connection.terminate()  # to close it in order would take as long again
        raise exc.InvalidatePoolError from error
    if connection.driver_connection.is_closed():
        raise exc.InvalidatePoolError


def begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: one who asks for it half-way fails instead of waiting."""
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))


def _roll_back_sqlite(connection: Any, record: object, error: object) -> None:  # noqa: ARG001 -- the same
    """Roll back the transaction of an invalidated connection, before it is closed.

    SQLite keeps a closed connection, and its locks, for as long as one of its statements is held by someone,
    such as by the traceback of a cancelled task.
    """
    rolling_back = asyncio.ensure_future(connection.driver_connection.rollback())
    _rolling_back.add(rolling_back)
    rolling_back.add_done_callback(_rolled_back)


def _rolled_back(rolling_back: asyncio.Future[None]) -> None:
    _rolling_back.discard(rolling_back)
    if not rolling_back.cancelled():
        rolling_back.exception()  # there was nothing to roll back, or the connection is closed
