"""What the mock of the Scanner does with contracts: which have handlers, and which options need one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from contract_first.contract import Contract
from scanner_api.cli import app
from scanner_contract import load_contract
from scanner_mocks.cli.mock import has_handlers

GET = {"responses": {"204": {"description": ""}}}
PETS = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "7"}, "paths": {"/pets": {"get": GET}}}


def test_which_contracts_have_handlers():
    """Operations that are the packaged contract's own are for the service."""
    assert has_handlers(load_contract())
    assert not has_handlers(Contract(PETS, "pets"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--watch"], "need a --contract"),
        (["--no-auth"], "need a --contract"),
        (["--contract", "https://pets.test/openapi.json", "--watch"], "needs a contract in a file"),
        (["--contract", "/nowhere/pets.json"], "cannot be read"),
    ],
)
def test_options_that_cannot_be(options, said):
    """The command ends at once, and says what is wrong."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["mock", "--port", "0", *options])
    assert result.exit_code in {1, 2}
    assert said in result.output
