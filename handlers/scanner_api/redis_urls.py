"""URLs of a Redis, as settings name them: of one server, or of those that know which one it is."""

import re
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

IN_MEMORY = "memory://"
MOST_DATABASES = 1_000_000_000
"""Nine digits, as in a path."""
_URL: Final = re.compile(
    r"(rediss?)(?:\+(sentinel|cluster))?://(?:([^/?#@]*)@)?([^/?#@]+)(/[^?#]*)?(?:\?([^#]*))?"
)
_PATHS: Final = {
    None: r"()(?:/(\d{0,9}))?",
    "sentinel": r"/([\w.-]+)(?:/(\d{1,9}))?",
    "cluster": r"()(?:/(0?))?",
}
"""By kind, with the name of the service, and the database, of which a cluster has one."""
_PORTS: Final = {None: 6379, "sentinel": 26379, "cluster": 6379}
_OF_SENTINELS: Final = ("sentinel_username", "sentinel_password")
_EXPECTED: Final = (
    "memory://, redis://HOST[:PORT]/DB, redis+sentinel://HOST[:PORT],.../SERVICE[/DB] or "
    "redis+cluster://HOST[:PORT],...; rediss for TLS"
)


class RedisUrl(NamedTuple):
    """What a URL says.

    Attributes:
        server: the URL of a single server, with the first of the hosts.
        kind: ``sentinel`` or ``cluster`` if the hosts are only asked for that server, else None.
        hosts: with their ports.
        service: the name by which Sentinels know the server.
        credentials: ``username`` and ``password`` of the Sentinels.
    """

    server: str
    kind: str | None
    hosts: list[tuple[str, int]]
    service: str
    credentials: dict[str, str]


def parse(url: str) -> RedisUrl:
    """Read a URL; raise ValueError, which has nothing of it, if it is none."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("no URL of a Redis")
    scheme, kind, user, hosts, path, query = match.groups()
    place = re.fullmatch(_PATHS[kind], path or "")
    if place is None:
        raise ValueError("no path of a Redis's URL")
    pairs = parse_qsl(query or "", keep_blank_values=True)
    credentials = {name.removeprefix("sentinel_"): value for name, value in pairs if name in _OF_SENTINELS}
    parameters = [(name, value) for name, value in pairs if kind is None or name not in _OF_SENTINELS]
    addresses = [_address(host, _PORTS[kind]) for host in (hosts.split(",") if kind else [hosts])]
    first = ("[{}]:{}" if ":" in addresses[0][0] else "{}:{}").format(*addresses[0])
    server = f"{scheme}://{user + '@' if user else ''}{first}/{place[2] or ''}"
    if parameters:
        server = f"{server}?{urlencode(parameters)}"
    return RedisUrl(server, kind, addresses, place[1], credentials)


def _address(host: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    if not parts.hostname or parts.port == 0 or "," in host:
        raise ValueError("no host of a Redis")
    return parts.hostname, parts.port or port


def is_redis(url: str, setting: str) -> bool:
    """Tell whether a URL is that of a Redis, and not ``memory://``.

    Args:
        url: may hold a password, so errors do not repeat it.
        setting: whose value it is.

    Raises:
        ValueError: it is neither, or has no host, a port or database that cannot be, or unknown parameters.
    """
    if url == IN_MEMORY:
        return False
    try:
        parsed = parse(url)
    except ValueError:
        raise ValueError(f"{setting} must be {_EXPECTED}.") from None
    if "?" in parsed.server and not _is_known(parsed.server):
        raise ValueError(f"{setting} has parameters after its ? that a Redis's URL cannot have.")
    return True


def _is_known(url: str) -> bool:
    """Tell whether redis-py, where it is installed, takes the parameters of a URL."""
    try:
        from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 -- an extra, and few URLs have any

        pool: Any = BlockingConnectionPool.from_url(url)
        pool.get_encoder().encode("x")
        return 0 <= int(pool.make_connection().db) < MOST_DATABASES
    except ImportError:
        return True
    except Exception:  # noqa: BLE001 -- its own errors, and what a text in place of an object leads to
        return False
