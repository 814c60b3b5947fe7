"""Connections to a Redis by its URL; the module needs the extra ``redis``.

Sentinels and the nodes of a cluster are asked which server it is, each time that a connection is opened. In a
cluster all keys are in one hash slot, so that one server at a time has them, as of Sentinels: what needs
several keys at once, such as a window's counters or a stream and its lock, works as on a single server.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, ReadOnlyError, RedisError

from .redis_urls import RedisUrl, parse

NAME = "scanner-api"
TAG = f"{{{NAME}}}"
"""What the keys of a cluster begin with, whose slot it decides."""
_SECONDS = 1
"""For a Sentinel or node to respond; then the next is asked."""

Locate = Callable[[], Awaitable[tuple[str, int]]]


def name_in(url: str) -> str:
    """Return what all keys begin with in the Redis of a URL."""
    return TAG if parse(url).kind == "cluster" else NAME


def pool_of(url: str, **options: Any) -> Any:
    """Return a bounded pool of connections to the server that a URL names, or leads to.

    Args:
        options: of the pool and its connections; those of the URL have precedence.
    """
    parsed = parse(url)
    arguments: dict[str, Any] = {**options, **parse_url(parsed.server)}
    if parsed.kind is not None:
        is_tls = issubclass(arguments.get("connection_class", Connection), SSLConnection)
        arguments["connection_class"] = _LocatedTls if is_tls else _Located
        arguments["locate"] = partial(_located, parsed, arguments, is_tls=is_tls)
    return BlockingConnectionPool(**arguments)


class _Located(Connection):
    """A connection to a server that is looked up when it connects, and again once that is another one."""

    def __init__(self, *, locate: Locate, **options: Any) -> None:
        super().__init__(**options)
        self._locate = locate

    async def _connect(self) -> None:
        self.host, self.port = await self._locate()
        await super()._connect()  # type: ignore[no-untyped-call]  # redis-py's

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read a response; one of a server that has no say any more ends the connection, for another try."""
        try:
            return await super().read_response(*arguments, **options)
        except (MovedError, ReadOnlyError) as error:
            await self.disconnect()
            raise RedisConnectionError("Another server has taken over.") from error


class _LocatedTls(_Located, SSLConnection):
    """The same over TLS."""


async def _located(url: RedisUrl, arguments: dict[str, Any], *, is_tls: bool) -> tuple[str, int]:
    """Return the address of the server, by the first Sentinel or node that knows it."""
    options = {name: value for name, value in arguments.items() if name.startswith("ssl_")}
    command: tuple[str, ...] = ("CLUSTER", "SLOTS")
    if url.kind == "sentinel":
        command = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", url.service)
        options |= url.credentials
    else:
        options |= {name: arguments[name] for name in ("username", "password") if name in arguments}
    cause: Exception | None = None
    for host, port in url.hosts:
        client: Any = Redis(
            host=host,
            port=port,
            ssl=is_tls,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
            **options,
        )
        try:
            async with client:
                response = await client.execute_command(*command)
        except (RedisError, OSError) as error:
            cause = error
            continue
        address = response if url.kind == "sentinel" else _owner(response)
        if address:
            return _text(address[0]) or host, int(address[1])
    asked = f"Sentinel knows {url.service}" if url.kind == "sentinel" else "node of the cluster has our keys"
    raise RedisConnectionError(f"No {asked}.") from cause


def _owner(slots: list[Any]) -> Any:
    """Return host and port of the node with our slot, None if no node has it."""
    slot = key_slot(TAG.encode())
    return next((primary for first, last, primary, *_ in slots if first <= slot <= last), None)


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
