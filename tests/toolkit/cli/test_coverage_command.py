"""``scanner-api contract coverage`` tells what is there for each operation."""

import pytest

from scanner_contract import load_contract


def row(result, path):
    """Return the line of an operation as words."""
    return next(line.split() for line in result.stdout.splitlines() if f" {path} " in line)


@pytest.fixture
def tests(tmp_path):
    """A folder with one test, which names one handler."""
    folder = tmp_path / "tests"
    folder.mkdir()
    folder.joinpath("test_some.py").write_text("from operations import get_session\n")
    return folder


def test_our_own(contract, tests):
    """Every operation in force has a handler, and is tested if a test has its handler's name as a word."""
    result = contract("coverage", "--tests", tests)
    assert result.exit_code == 0
    assert row(result, "/sessions/{id}")[-3:] == ["yes", "handler", "yes"]
    assert row(result, "/sessions/{id}/status")[-3:] == ["yes", "handler", "no"]
    every = len(load_contract().operations)
    assert result.stdout.endswith(
        f"Of {every} operations, {every} have a handler and 1 a test that names it.\n"
    )


@pytest.mark.parametrize(
    ("line", "is_tested"),
    [
        ("api.get('/sessions/abc/status')", "yes"),
        ("""api.get(f"/sessions/{session['id']}/status?x=1")""", "yes"),
        ('api.get(f"{api}/sessions/{session.id}/status")', "yes"),
        ('Request("GET", "http://x/scanner/api/v1/sessions/%s/status")', "yes"),
        ('api.post("/sessions/abc/status")', "no"),
        ('api.get("/sessions/abc/status/more")', "no"),
        ('api.get("/more/sessions/abc/status")', "no"),
        ('api.get("/sessions/abc/def/status")', "no"),
        ("api.get_session_status()", "yes"),
        ("api.forget_session_status()", "no"),
    ],
)
def test_tests_that_name_a_path(contract, tests, line, is_tested):
    """A test may name path and method of an operation instead of its handler, as it goes over HTTP."""
    tests.joinpath("test_some.py").write_text(line)
    assert row(contract("coverage", "--tests", tests), "/sessions/{id}/status")[-1] == is_tested


def test_without_tests(contract, tmp_path):
    """Where there are no tests to search, whether an operation is tested is unknown."""
    result = contract("coverage", "--tests", tmp_path / "none")
    assert row(result, "/sessions/{id}")[-1] == "unknown"
    assert result.stdout.endswith(f" have a handler; there are no Python files in {tmp_path}/none.\n")
