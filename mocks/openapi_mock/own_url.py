"""URLs of the mock's servers as they are told."""

from __future__ import annotations

_EVERYWHERE = {"//0.0.0.0:": "//127.0.0.1:", "//[::]:": "//[::1]:"}


def callable_url(url: str) -> str:
    """Return where a server can be called: one that listens on every address is called on loopback."""
    for everywhere, loopback in _EVERYWHERE.items():
        url = url.replace(everywhere, loopback, 1)
    return url
