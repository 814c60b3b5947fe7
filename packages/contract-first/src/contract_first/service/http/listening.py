"""The sockets that servers listen on, and their URLs."""

import errno
import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

BACKLOG = 2048
LAST_PORT = 65_535
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
