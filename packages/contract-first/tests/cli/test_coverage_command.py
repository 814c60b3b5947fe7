"""``contract-first contract coverage`` tells what is there for each operation."""

import pytest


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


def test_operation_without_a_handler(contract, write, pets, tests):
    """An operation without a handler is listed; the mock responds to it all the same, by the contract."""
    result = contract("coverage", write(pets), "--tests", tests)
    assert row(result, "/pets/{pet_id}")[-3:] == ["no", "contract", "no"]


def test_more_operations_than_a_table_is_of_use_for(contract, write, tests):
    """Of very many operations the table has some; all are counted."""
    get = {"responses": {"200": {"description": "OK"}}}
    paths = {f"/things/{number}": {"get": get} for number in range(1_010)}
    document = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths}
    lines = contract("coverage", write(document), "--tests", tests).stdout.splitlines()
    assert sum(line.startswith("GET ") for line in lines) == 1_000
    assert lines[-2:] == [
        "... 10 more operations",
        "Of 1010 operations, 0 have a handler and 0 a test that names it.",
    ]
