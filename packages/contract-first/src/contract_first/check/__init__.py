"""Checks whether an API conforms to its contract: a deployment, an app, or traffic that was recorded.

`check_url` and `check_app` run Schemathesis and checks of ours, `validate_har` validates recorded exchanges;
all return a `Report`. Names are imported when first asked for: recorded traffic needs no Schemathesis.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .checks import Check
    from .credentials import Credentials
    from .har import HarError
    from .reports.report import Report
    from .run.checking import check_app, check_url
    from .target import CannotRunError, Target
    from .validation import ExchangeValidator, validate_har

__all__ = [
    "CannotRunError", "Check", "Credentials", "ExchangeValidator", "HarError", "Report", "Target",
    "check_app", "check_url", "validate_har",
]  # fmt: skip

__getattr__ = exported(__name__)
