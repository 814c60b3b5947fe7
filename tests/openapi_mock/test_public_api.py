"""What the package offers to others."""

from __future__ import annotations

import subprocess
import sys


def test_they_are_imported_when_they_are_first_used():
    """Importing the package loads nothing of the mock."""
    code = "import sys, openapi_mock; sys.exit(any(name.startswith('openapi_mock.') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 -- this Python, and a text of ours
