"""Checks whether an API conforms to its contract: a deployment, an app, or traffic that was recorded.

`check_url` and `check_app` run Schemathesis and checks of ours, `validate_har` validates recorded exchanges;
all return a `Report`. Names are imported when first asked for: recorded traffic needs no Schemathesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import Check
    from .credentials import Credentials
    from .har import HarError
    from .report import Report
    from .run.checking import check_app, check_url
    from .target import CannotRunError, Target
    from .validation import ExchangeValidator, validate_har

HOMES = {
    "CannotRunError": "target",
    "Check": "checks",
    "Credentials": "credentials",
    "ExchangeValidator": "validation",
    "HarError": "har",
    "Report": "report",
    "Target": "target",
    "check_app": "run.checking",
    "check_url": "run.checking",
    "validate_har": "validation",
}

__all__ = [
    "CannotRunError",
    "Check",
    "Credentials",
    "ExchangeValidator",
    "HarError",
    "Report",
    "Target",
    "check_app",
    "check_url",
    "validate_har",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)
