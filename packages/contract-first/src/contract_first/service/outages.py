"""Outages: errors of handlers by which a database, or another server that they call, does not respond."""

import errno
import socket
from typing import Final

from .messages.problems import ServiceUnavailable

STATES: Final = ("08", "25006", "40", "53", "55P03", "57014", "57P", "58")
"""SQLSTATEs of what may be over at the next try begin so: connections, failovers, deadlocks, resources."""
SQLITE_CODES: Final = frozenset({5, 6, 10, 13, 14})
"""SQLite's primary codes of the same: SQLITE_BUSY, _LOCKED, _IOERR, _FULL, _CANTOPEN."""
_NETWORK: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH})
_NO_ADDRESS: Final = "Multiple exceptions: "
"""How asyncio's error begins where a name has several addresses, and none of them responds."""


def outage_of(error: Exception) -> ServiceUnavailable | None:
    """Return the problem that an outage is, None for any other error; SQLAlchemy need not be there."""
    if not _is_outage(error):
        return None
    problem = ServiceUnavailable("What the request needs does not respond.")
    problem.__cause__ = error
    return problem


def _is_outage(error: Exception) -> bool:
    driver = getattr(error, "orig", None) or error  # what SQLAlchemy wraps
    if state := getattr(driver, "sqlstate", None):
        return str(state).startswith(STATES)
    if (code := getattr(driver, "sqlite_errorcode", None)) is not None:
        return code & 0xFF in SQLITE_CODES
    if isinstance(error, OSError):
        is_lost = isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
        return is_lost or error.errno in _NETWORK or str(error).startswith(_NO_ADDRESS)
    # that of SQLAlchemy's pool is no OSError
    return bool(getattr(error, "connection_invalidated", False)) or type(error).__name__ == "TimeoutError"
