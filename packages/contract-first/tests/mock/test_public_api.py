"""What the package offers to others."""

from __future__ import annotations

import subprocess
import sys


def test_they_are_imported_when_they_are_first_used():
    """Importing the package loads nothing of the mock."""
    loaded = "[name for name in sys.modules if name.startswith('contract_first.mock.')]"
    code = f"import sys, contract_first.mock; print({loaded})"
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)  # noqa: S603 -- this Python, and a text of ours
    assert shown == "[]\n"
