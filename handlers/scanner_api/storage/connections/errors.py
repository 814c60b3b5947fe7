"""Errors of the database while serving: an outage, which is a 503, or a row that it refuses."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from sqlalchemy import exc

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.logs import cause_of

from .async_engine import AsyncConnection, AsyncEngine

_PASSING_STATES: Final = frozenset({"08", "40", "53", "55", "57", "58"})
"""PostgreSQL's classes of errors for lost connections, deadlocks, want of resources and shutdowns."""
UNAVAILABLE: Final = "The database does not respond."

logger = logging.getLogger(__name__)


class ConstraintError(Exception):
    """The schema rejects a row: a duplicate, or a reference to nothing."""


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
        if isinstance(error, exc.DBAPIError) and not _is_passing(error):
            raise
        logger.warning("The database does not respond: %s", cause_of(error))
        raise ServiceUnavailable(UNAVAILABLE) from error


def _is_passing(error: exc.DBAPIError) -> bool:
    """Tell whether an error is an outage, which may be over at the next try, and no bug of ours."""
    if error.connection_invalidated or isinstance(error, (exc.OperationalError, exc.InterfaceError)):
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # asyncpg's own: the connection was lost, and it has not heard of that
        return isinstance(error, exc.InternalError)
    return str(state)[:2] in _PASSING_STATES
