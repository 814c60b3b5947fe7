"""The contract tests that anyone can point at any URL: Schemathesis, and what it cannot know of this API.

`check_url` and `check_app` check, and return a `Report`; ``scanner-api check`` does the same in the terminal.
What is here is imported when it is first asked for: what judges recorded traffic does without Schemathesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arrival import CannotRunError
    from .credentials import Credentials
    from .embedding import check_app, check_url
    from .report import Report
    from .target import Target

__all__ = ["CannotRunError", "Credentials", "Report", "Target", "check_app", "check_url"]

HOMES = {
    "CannotRunError": "arrival",
    "Credentials": "credentials",
    "Report": "report",
    "Target": "target",
    "check_app": "embedding",
    "check_url": "embedding",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)
