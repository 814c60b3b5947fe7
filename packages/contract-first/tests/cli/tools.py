"""Runs Python's tools on what a command has written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


def run_in(folder, *command):
    """Run a Python tool in a folder, with the project's own settings, and return what it did."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    return subprocess.run(  # noqa: S603 -- tools of the project, on files of the test
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )


def check(folder, mypy_cache):
    """Assert that linter (ours, and as it comes), formatter and type checker accept what was written."""
    settings = Path(__file__).parents[1] / "mypy.ini"
    mypy = ["mypy", "--follow-imports=silent", "--cache-dir", mypy_cache, "--config-file", settings]
    for command in (
        ["ruff", "check", "--no-cache", "operations"],
        ["ruff", "check", "--no-cache", "--isolated", "--extend-select", "RUF100", "operations"],
        ["ruff", "format", "--check", "--no-cache", "operations"],
        [*mypy, "operations"],
    ):
        result = run_in(folder, *command)
        assert result.returncode == 0, result.stdout + result.stderr
