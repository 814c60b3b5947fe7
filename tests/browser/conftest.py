"""What pages are tried with."""

import json
import os
import runpy
import subprocess
from pathlib import Path

import pytest

from scanner_mocks import scanner_mock

node = runpy.run_path(str(Path(__file__).parents[1] / "services" / "node.py"))
npm_project, chromium = node["npm_project"], node["chromium"]
SECONDS = 240


@pytest.fixture(scope="module")
def mock():
    """Run a mock for the tests of one file."""
    with scanner_mock() as running:
        yield running


@pytest.fixture(scope="session")
def drive(npm_project, chromium):
    """Return what runs a script of a project beside this file with Chromium, and returns its outcomes."""

    def run(name, script, **variables):
        project = npm_project(Path(__file__).with_name(name))
        finished = subprocess.run(  # noqa: S603 -- our own script
            ["node", script],  # noqa: S607 -- wherever it is
            cwd=project,
            env={**os.environ, "CHROMIUM": chromium, "CHROMIUM_FLAGS": node["CHROMIUM_FLAGS"], **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert finished.returncode == 0, finished.stderr
        outcomes = json.loads((project / "outcomes.json").read_text())
        assert "error" not in outcomes, outcomes["error"]
        return outcomes

    return run
