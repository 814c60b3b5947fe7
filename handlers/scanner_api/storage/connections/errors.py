"""Errors of the database while serving: an outage, which is a 503, or a row that it refuses."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from typing import Any, Final, NamedTuple

from sqlalchemy import exc

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.logs import cause_of

from .async_engine import AsyncConnection, AsyncEngine

UNAVAILABLE: Final = "The database does not respond."
LOCKED: Final = "What the request changes is locked by another one."


class Scope(Enum):
    """What an error of PostgreSQL is about, and so what has to be replaced before another try."""

    STATEMENT = "statement"
    CONNECTION = "connection"
    NODE = "node"


class Outage(NamedTuple):
    """Errors that are no bug of ours and may be over at the next try, and what clients read of them."""

    scope: Scope
    detail: str = UNAVAILABLE


OUTAGES: Final = {
    # the connection is broken; which one that is the driver knows
    "08": Outage(Scope.CONNECTION),
    # a failover made the server a standby, and left us connected to it
    "25006": Outage(Scope.NODE, "The database is read-only."),
    # a pooler that keeps no prepared statements, such as PgBouncer without max_prepared_statements, lost one
    "26000": Outage(Scope.CONNECTION, "The database's pooler keeps no prepared statements."),
    "42P05": Outage(Scope.CONNECTION, "The database's pooler keeps no prepared statements."),
    # serialization failures and deadlocks: another transaction went first
    "40": Outage(Scope.STATEMENT, "The database gave way to another request."),
    # disk, memory or connections are used up, of which a connection holds some
    "53": Outage(Scope.CONNECTION, "The database is out of resources."),
    # a lock that another transaction held for too long
    "55": Outage(Scope.STATEMENT, LOCKED),
    # a statement that took too long
    "57014": Outage(Scope.STATEMENT, "The database took too long."),
    # the server shuts down, crashed, or is starting; the database was dropped
    "57P": Outage(Scope.NODE),
    # input and output of the server fail, whose state is anybody's guess
    "58": Outage(Scope.CONNECTION),
}
"""By the first characters of SQLSTATE; what is about a connection discards it, about the node all of them."""

logger = logging.getLogger(__name__)


class ConstraintError(Exception):
    """The schema rejects a row: a duplicate, or a reference to nothing."""


class LockedError(TimeoutError):
    """Another request of this process has what a transaction would lock, for too long."""


class DuplicateError(ConstraintError):
    """The row exists already.

    Attributes:
        existing_id: its id.
    """

    def __init__(self, existing_id: str) -> None:
        self.existing_id = existing_id
        super().__init__(f"The row exists already, as {existing_id}.")


@asynccontextmanager
async def connection_of(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Connect; whatever goes wrong in that (drivers and sockets have many errors) is a 503."""
    async with translated(), AsyncExitStack() as stack:  # its end too: what is lost has no rollback
        try:
            connection = await stack.enter_async_context(engine.connect())
        except Exception as error:
            logger.warning("Cannot connect to the database: %s", cause_of(error))
            raise ServiceUnavailable(UNAVAILABLE) from error
        yield connection


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn SQLAlchemy's errors into ours, where they are no bug."""
    try:
        yield
    except exc.IntegrityError as error:
        raise ConstraintError("The row is a duplicate, or refers to what does not exist.") from error
    except (exc.DBAPIError, ConnectionError, TimeoutError) as error:
        detail = _detail_of(error)
        if detail is None:
            raise
        logger.warning("%s (%s)", detail, cause_of(error))
        raise ServiceUnavailable(detail) from error


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that a driver's error is, None if it is a bug or tells no SQLSTATE."""
    state = str(getattr(error, "sqlstate", None))
    return next((outage for prefix, outage in OUTAGES.items() if state.startswith(prefix)), None)


def discard_broken(context: Any) -> None:
    """Discard connections by what an error is about; a listener of SQLAlchemy's ``handle_error``."""
    error = context.original_exception
    outage = outage_of(error)
    if isinstance(error, TimeoutError | asyncio.CancelledError):  # the server may have vanished
        outage = Outage(Scope.NODE if isinstance(error, TimeoutError) else Scope.CONNECTION)
        context.connection.connection.driver_connection.terminate()  # else its end is waited for too
    if outage is not None and outage.scope is not Scope.STATEMENT:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = outage.scope is Scope.NODE


def _detail_of(error: Exception) -> str | None:
    """Return what clients read of an outage, which may be over at the next try; None of a bug of ours."""
    if not isinstance(error, exc.DBAPIError):
        return LOCKED if isinstance(error, LockedError) else UNAVAILABLE
    if (outage := outage_of(error.orig)) is not None:
        return outage.detail
    if error.connection_invalidated or isinstance(error, (exc.OperationalError, exc.InterfaceError)):
        return UNAVAILABLE
    # asyncpg's own: the connection was lost, and it has not heard of that
    lost = isinstance(error, exc.InternalError) and getattr(error.orig, "sqlstate", None) is None
    return UNAVAILABLE if lost else None
