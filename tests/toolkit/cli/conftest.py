"""The commands of ``scanner-api contract``, as a shell would call them."""

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app


@pytest.fixture
def contract():
    """Runs a command of ``scanner-api contract``, wide enough that nothing wraps."""

    def invoke(*arguments):
        return CliRunner().invoke(
            app, ["contract", *map(str, arguments)], env={"COLUMNS": "200", "TERM": "dumb"}
        )

    return invoke
