"""The engine works without the Scanner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("engine_alone.py")


def test_a_foreign_contract_needs_nothing_of_the_scanner(tmp_path):
    """Mock, service, check, proxy, diff and S3 of a small contract run where the Scanner is not."""
    ran = subprocess.run(  # noqa: S603 -- this Python, and a file of ours
        [sys.executable, str(SCRIPT)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
