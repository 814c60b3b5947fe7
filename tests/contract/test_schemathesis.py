"""Schemathesis attacks the mock over HTTP, S3 behind it: all phases, all checks, seeded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.resources import files

import pytest
import schemathesis
from hypothesis import given, settings, strategies

from scanner_contract import load_contract
from scanner_mocks import scanner_mock

pytestmark = pytest.mark.programs

CONFIGURATION = [
    files(package) / "schemathesis.toml" for package in ("contract_first.check.run", "scanner_mocks")
]
HOOKS = files("contract_first.check.run") / "hooks.py"
SEED = "20261124"
EXAMPLES = int(os.environ.get("SCANNER_TEST_EXAMPLES", "50"))
"""How many for each operation; 200, which take four times as long, are for before a release."""
OPERATIONS = len(load_contract().operations)
FEW = 10
"""How many without a credential: each operation refuses before it reads anything else."""
STORIES = EXAMPLES
"""How many times one call after another, each some 25 calls."""


@pytest.fixture(scope="module")
def mock():
    """One mock for all runs; requests without a credential are not to end in a 429 before their check."""
    with scanner_mock(rate_limit_per_minute=10**9, rate_limit_per_day=10**9) as running:
        yield running


@pytest.fixture(scope="module")
def attack(mock, tmp_path_factory):
    """Return what runs Schemathesis with all checks, and returns how many operations it tested.

    Its report is in the assertion if it fails.
    """
    file = tmp_path_factory.mktemp("schemathesis") / "schemathesis.toml"
    shipped = [each.read_text("utf-8") for each in CONFIGURATION]
    file.write_text("\n".join([f"hooks = {str(HOOKS)!r}", *shipped]))
    url = f"{mock.api}/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "run", url]
    options = ["--url", mock.api, "--seed", SEED, "--no-color"]

    def attack(*arguments, examples=EXAMPLES):
        run = subprocess.run(  # noqa: S603 -- the project's own command
            [*command, *options, "--max-examples", str(examples), *arguments],
            check=False,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
        return int(re.search(r"^  Tested: (\d+)$", run.stdout, re.MULTILINE)[1])

    return attack


def test_an_api_key_finds_nothing_wrong(attack, mock):
    """With a valid API key, no operation violates the contract, whatever it is sent."""
    key = f"X-API-Key: {mock.keys['unlimited']}"
    assert attack("--header", key, "--phases", "fuzzing") == OPERATIONS


def test_a_bearer_token_finds_nothing_wrong(attack, mock):
    """With a valid bearer token, no operation violates the contract, whatever it is sent."""
    token = f"Authorization: Bearer {mock.bearer_token}"
    assert attack("--header", token, "--phases", "coverage") == OPERATIONS


def test_one_call_after_another_finds_nothing_wrong(attack, mock):
    """Nor does one at its edges, or after others."""
    key = f"X-API-Key: {mock.keys['unlimited']}"
    phases = "examples,coverage,stateful"
    assert attack("--header", key, "--phases", phases, examples=STORIES) == OPERATIONS


def test_without_a_credential_nothing_is_wrong(attack):
    """Without a credential, every refusal is one that the contract has."""
    assert attack(examples=FEW) == OPERATIONS


@given(strategies.data())
@settings(max_examples=1, derandomize=True, deadline=None, database=None)
def test_a_form_that_a_link_wrote_into_is_still_taken_for_a_wrong_one(mock, data):
    """A changed form with bytes in it counts as wrong, so one check is off for uploads behind a link."""
    contract = schemathesis.openapi.from_url(f"{mock.api}/openapi.json")
    case = data.draw(contract["/scanner/api/v1/captures/upload-image"]["POST"].as_strategy())
    assert case.meta.generation.mode.is_positive
    case.body = {**case.body, "session_short_id": mock.session_id}
    assert case.meta.generation.mode.is_negative
