"""The contract tests that anyone can point at any URL: Schemathesis, and what it cannot know of this API."""

from .credentials import Credentials
from .report import Report
from .target import Target

__all__ = ["Credentials", "Report", "Target"]
