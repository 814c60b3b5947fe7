"""A database of the test's own, and commands run on it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app


@pytest.fixture
def url(tmp_path):
    """Return the URL of a database that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"


@pytest.fixture
def run(url):
    """Return what runs a command on the database, wide enough that nothing wraps."""

    def invoke(*arguments):
        environment = {"COLUMNS": "200", "TERM": "dumb"}
        return CliRunner().invoke(app, [*map(str, arguments), "--database-url", url], env=environment)

    return invoke
