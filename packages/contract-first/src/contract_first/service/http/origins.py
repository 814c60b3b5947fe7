"""Origins (RFC 6454): of pages, as browsers send them, and of servers, as clients see them."""

import re
from collections.abc import Iterable

DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HIGHEST_PORT = 65_535
_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9._~-]*)(?::(?P<port>0|[1-9]\d{0,4}))?", re.ASCII
)
"""Section 6.2, in lower case; not ``null``, which is any page without an origin."""


def normal_origin(origin: str) -> str:
    """Return an origin in lower case and without its scheme's default port."""
    origin = origin.lower()
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition("://")[0], ""))


def normal_origins(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the origins of pages as browsers send them; ValueError names an invalid one."""
    origins = tuple(texts)
    for origin in origins:
        match = _ORIGIN.fullmatch(origin.lower())
        if match is None or int(match["port"] or 0) > HIGHEST_PORT:
            raise ValueError(
                f"{origin} is not an origin: scheme://host or scheme://host:port, such as http://localhost:5173."
            )
    return tuple(map(normal_origin, origins))


def allowed_origins(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the origins whose pages may call: as `normal_origins`, or ``*`` for any."""
    texts = tuple(texts)
    return ("*",) if "*" in texts else normal_origins(texts)
