"""Everything that stands in for the real world: the mock of the Scanner API, for people and for tests.

`scanner_mock()` runs the mock for as long as it is entered, and hands over a `Mock`. Both are imported when
they are first asked for, since S3's own process, and the command line's help, do without the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Mock, scanner_mock

__all__ = ["Mock", "scanner_mock"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server  # noqa: PLC0415 -- the reason stands above

    return getattr(server, name)
