"""Handlers of one's own in a mock: some operations in Python, the others from the contract."""

from __future__ import annotations

import queue
import sys

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.handlers import HandlersError

PATIENCE_SECONDS = 30
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Counters", "version": "1"},
    "paths": {
        "/counters/{name}": {
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "read_counter",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "integer"}, "example": 7}},
                    }
                },
            },
            "post": {
                "operationId": "count",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "integer"}}},
                    }
                },
            },
        }
    },
}
MODULE = """
def count(name, state):
    state[name] = state.get(name, 0) + STEP
    return state[name]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return the file of a package of handlers that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "own_handlers"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    file = folder / "counting.py"
    file.write_text(MODULE.replace("STEP", "1"))
    yield file
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_handlers"]:
        del sys.modules[name]


def write(file, text):
    """Write a file, in place of what was there, so that its signature is another."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


def test_they_handle_their_operations_and_reload(package):
    """A handler responds, all else is mocked; its state outlives a reload, and goes with a reset."""
    sentences = queue.Queue()
    options = {"handlers": "own_handlers", "tell": sentences.put, "stateful": True}
    with (
        contract_mock(Contract(DOCUMENT, "counters.json"), **options) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        following = iter(lambda: sentences.get(timeout=PATIENCE_SECONDS), None)
        assert any(sentence == "own_handlers handles count." for sentence in following)
        assert [client.post("/counters/a").json() for _ in range(2)] == [1, 2]
        assert client.get("/counters/a").json() == 7
        write(package, "def count(name, state)\n")
        refusal = "The handlers stay as they were: own_handlers cannot be loaded: SyntaxError"
        assert any(sentence.startswith(refusal) for sentence in following)  # behind that of the collections
        assert client.post("/counters/a").json() == 3
        write(package, MODULE.replace("STEP", "10"))
        assert next(following) == "Reloaded: own_handlers handles count."
        assert client.post("/counters/a").json() == 13
        client.post("/_mock/state/reset", json={}).raise_for_status()
        assert client.post("/counters/a").json() == 10


def test_what_a_handler_returns_is_validated():
    """A response that violates the contract is a 500, as it is in `serve`; an override comes before it."""
    handlers = {"count": lambda name: name}
    with (
        contract_mock(Contract(DOCUMENT, "counters.json"), handlers=handlers) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        assert client.post("/counters/a").status_code == 500
        mock.override(operation="count", respond={"body": 5})
        assert client.post("/counters/a").json() == 5


@pytest.mark.parametrize("handlers", ["no_such_package_of_ours", {"cuont": lambda: 1}])
def test_what_handles_nothing_is_refused(handlers):
    """A package that is not there, or has no function for an operation, fails the start."""
    mock = contract_mock(Contract(DOCUMENT, "counters.json"), handlers=handlers)
    with pytest.raises(HandlersError, match=r"cannot be loaded|has no function for an operation"), mock:
        pass
