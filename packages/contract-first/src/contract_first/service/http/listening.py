"""The sockets that servers listen on, their URLs, and the connections that arrive there."""

import asyncio
import errno
import logging
import os
import socket
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from .proxies import subscriber_of
from .turns import Pace, Rotation, started

BACKLOG = 2048
LAST_PORT = 65_535
MOST_ACCEPTED = 64
MOST_OPENED = 4
"""In a turn of the event loop; to open a connection takes five times as long as to accept it."""
RETRY_SECONDS = 1
"""After which connections are accepted again where the system had no room for another."""
_log = logging.getLogger(__name__)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- looked for, not listened on
_ATTACH_FILTER: Final = 26  # Linux's SO_ATTACH_FILTER, which the standard library does not name
_WITHOUT_SYN: Final = ((0x30, 0, 0, 13), (0x45, 0, 1, 2), (6, 0, 0, 0), (6, 0, 0, 0xFFFF_FFFF))
"""BPF: load byte 13 of TCP's header, its flags; drop the packet where SYN (2) is set, else keep it."""


class CannotListen(OSError):  # noqa: N818 -- says what happened
    """The address cannot be listened on; the message says which and why."""


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Return a socket that listens on an address; port 0 takes a free one. Errors name ``option``."""
    bound = reserve(host, port, option)
    with _explained(bound, host, port, option):
        bound.listen(BACKLOG)
    return bound


def claim(host: str, port: int) -> socket.socket:
    """Return a socket that keeps an address for processes that share it, and from other servers."""
    bound = reserve(host, port)
    # or another server may have it, too, until a process listens
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return bound


def hold_back(listening: socket.socket) -> bool:
    """Drop packets that open a connection, so that clients retry after a second; False if that fails."""
    if sys.platform != "linux":
        return False
    program = array("B", b"".join(struct.pack("HBBI", *step) for step in _WITHOUT_SYN))
    described = struct.pack("HP", len(_WITHOUT_SYN), program.buffer_info()[0])
    try:
        listening.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, described)
    except OSError:
        return False
    return True


def reserve(host: str, port: int, option: str = "--port", *, shared: bool = False) -> socket.socket:
    """Return a socket that has an address, whose port an option sets, and does not listen yet.

    Where it is shared, others of this user may listen there as well. Each new connection goes to one of those
    that do, drawn by the system, so that one that is late has as many as one that is quick.
    """
    if port > LAST_PORT:
        raise CannotListen(f"Cannot listen on {host} port {port} ({option}): the last port is {LAST_PORT}.")
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with _explained(bound, host, port, option):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if bound.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    return bound


@contextmanager
def _explained(bound: socket.socket, host: str, port: int, option: str) -> Iterator[None]:
    """Close a socket that cannot be listened on, and say why."""
    try:
        yield
    except OSError as error:
        bound.close()
        advice = f"; try {option} 0" if error.errno == errno.EADDRINUSE else ""
        raise CannotListen(
            f"Cannot listen on {host} port {port} ({option}): {_reason(error)}{advice}."
        ) from None


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    return _url(*listening.getsockname()[:2])


def callable_url_of(listening: socket.socket, scheme: str = "http") -> str:
    """Return the URL to call: one that listens on every address is called on loopback."""
    host, port = listening.getsockname()[:2]
    return _url(_EVERYWHERE.get(host, host), port, scheme)


def _url(host: str, port: int, scheme: str = "http") -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Arrivals:
    """Accepts connections as they come in, and opens some in each turn of the event loop.

    The system hands connections out in their order: behind thousands of one client, others would wait until
    all of those are open. So they are accepted at once, and one of each address is opened in turn. Where too
    many wait, the address that has most of them loses its last.

    Args:
        make: makes the protocol of a connection.
        most_waiting: how many may be accepted and not open.
        options: of `loop.connect_accepted_socket`, such as TLS.
    """

    def __init__(
        self,
        listening: socket.socket,
        backlog: int,
        make: Callable[[], asyncio.Protocol],
        most_waiting: int,
        **options: Any,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._most_waiting = most_waiting
        self._options = options
        self._waiting: Rotation[socket.socket] = Rotation()
        self._opening: set[asyncio.Task[None]] = set()
        self._expected = 1
        self._pace = Pace(MOST_OPENED)
        self._is_due = False
        listening.setblocking(False)  # noqa: FBT003 -- socket's
        listening.listen(backlog)
        self._resume()

    def __bool__(self) -> bool:
        """Whether any connection is not open yet."""
        return bool(self._waiting or self._opening)

    def close(self) -> None:
        """Accept no more; those that wait are opened."""
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening)
            self._listening.close()

    async def wait_closed(self) -> None:
        """Return at once, for uvicorn, which awaits it: the server waits for its connections by itself."""

    def _resume(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        """Accept connections: one, or twice as many as the last time if there were as many."""
        for _ in range(self._expected):
            try:
                connection, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                self._expected = 1
                break
            except OSError as error:  # no room for another open file, above all
                _log.error(
                    "Cannot accept connections: %s; trying again in %g s.", _reason(error), RETRY_SECONDS
                )
                self._loop.remove_reader(self._listening)
                self._loop.call_later(RETRY_SECONDS, self._resume)
                break
            self._waiting.add(subscriber_of(address[0]), connection)
            if len(self._waiting) > self._most_waiting:
                self._waiting.drop().close()
        else:
            self._expected = min(2 * self._expected, MOST_ACCEPTED)
        if not self._is_due:
            self._open()

    def _open(self) -> None:
        for _ in range(self._pace.at_once(len(self._waiting), is_behind=self._is_due)):
            connection = self._waiting.take()
            connection.setblocking(False)  # noqa: FBT003 -- socket's
            opening = started(self._opened(connection), self._loop)
            if not opening.done():
                self._opening.add(opening)
                opening.add_done_callback(self._opening.discard)
        self._is_due = bool(self._waiting)
        if self._is_due:
            self._loop.call_soon(self._open)

    async def _opened(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the client went away, or its handshake of TLS failed
            await self._loop.connect_accepted_socket(self._make, connection, **self._options)
