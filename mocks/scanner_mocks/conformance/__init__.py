"""The contract tests that anyone can point at any URL: Schemathesis, and what it cannot know of this API.

`check_url` and `check_app` check, and return a `Report`; ``scanner-api check`` does the same in the terminal.
"""

from .checking import CannotRunError
from .credentials import Credentials
from .embedding import check_app, check_url
from .report import Report
from .target import Target

__all__ = ["CannotRunError", "Credentials", "Report", "Target", "check_app", "check_url"]
