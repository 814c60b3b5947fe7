"""``--contract-coverage-min`` fails a run whose tests leave out too much of their contracts."""

import os
import subprocess
import sys

import pytest

TESTS = """
import pytest
from contract_first import create_app

APP = create_app("openapi.yaml", {"list_pets": lambda: None, "add_pet": lambda: None})


@pytest.mark.parametrize("number", range(4))
def test_pets(contract_client, number):
    contract_client(APP).get("/pets")


def test_cats(contract_client):
    contract_client(APP).post("/pets")
"""


@pytest.fixture
def run(write, minimal, tmp_path):
    """Runs pytest on tests that leave out one of three statuses, and returns its code and output."""
    responses = {"200": {"description": "OK"}, "404": {"description": "None."}}
    get, post = ({"operationId": name, "responses": responses} for name in ("list_pets", "add_pet"))
    minimal["paths"] = {"/pets": {"get": get, "post": {**post, "responses": {"200": {"description": "OK"}}}}}
    write(minimal, "openapi.yaml")
    write(TESTS, "test_app.py")

    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ["contract_first.testing.plugin", "xdist.plugin", "no:cacheprovider"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    command += [f"-p{plugin}" for plugin in plugins]

    def pytest_with(*options):
        done = subprocess.run(  # noqa: S603 -- our own
            [*command, *options], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return pytest_with


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_too_little(run, options):
    """All tests pass, and the run fails: what is missing is named, of all processes together."""
    code, output = run("--contract-coverage-min", "90", *options)
    assert code == 1, output
    assert "2 of 2 operations, 2 of 3 statuses, 0 of 0 parameters" in output
    assert "  GET /pets: not responded: 404\n" in output
    assert "Contract coverage is 80.0 %; expected 90 %." in output


def test_enough(run):
    """The run passes with as much as has to be."""
    code, output = run("--contract-coverage-min", "80")
    assert (code, "expected" in output) == (0, False), output


def test_a_percentage_that_is_none(run):
    """It is an error of usage."""
    code, output = run("--contract-coverage-min", "101")
    assert (code, "--contract-coverage-min is 101; expected a percentage, 0 to 100." in output) == (4, True)


def test_no_contract_at_all(run):
    """Where no test has a contract nothing is covered."""
    _, output = run("--contract-coverage-min", "1", "--collect-only")
    assert "Contract coverage is 0.0 %; expected 1 %." in output


def test_a_violation_is_readable(run, write):
    """The output of the test has its own line and the violation, and no frames of the client's."""
    write(TESTS.replace('"list_pets": lambda: None', '"list_pets": lambda: (None, 418)'), "test_app.py")
    _, output = run("-k", "0")
    report = output.partition("def test_pets")[2].partition(" coverage ")[0]
    assert "contract_client(APP).get(" in report
    assert "ContractViolationError: GET /pets: " in report
    assert "_client.py" not in report
    assert "_client.py" in run("-k", "0", "--full-trace")[1]
