"""URLs of a Redis, as settings name them."""

import re
from typing import Any
from urllib.parse import urlsplit

IN_MEMORY = "memory://"
MOST_DATABASES = 1_000_000_000
"""Nine digits, as in a path."""


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
        parts = urlsplit(url)
        named = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
        numbered = re.fullmatch(r"(/\d{0,9})?", parts.path) is not None
    except ValueError:
        named = numbered = False
    if not named or not numbered:
        raise ValueError(f"{setting} must be memory://, redis://HOST[:PORT]/DB or rediss://HOST[:PORT]/DB.")
    if parts.query and not _is_known(url):
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
