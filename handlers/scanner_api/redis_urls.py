"""URLs of a Redis, as settings name them."""

from urllib.parse import urlsplit

IN_MEMORY = "memory://"


def is_redis(url: str, setting: str) -> bool:
    """Tell a Redis from memory.

    Args:
        url: may hold a password, so errors do not repeat it.
        setting: whose value it is.

    Raises:
        ValueError: it is neither, or has no host or a port that cannot be.
    """
    if url == IN_MEMORY:
        return False
    try:
        parts = urlsplit(url)
        named = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError(f"{setting} must be memory://, redis://HOST[:PORT]/DB or rediss://HOST[:PORT]/DB.")
    return True
