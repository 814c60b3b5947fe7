"""A PATCH that is a JSON Patch (RFC 6902) changes an item by its operations."""

from __future__ import annotations

import pytest

from contract_first.mock.stateful.json_patch import patched
from contract_first.service.messages.problems import BadRequest, Conflict

from .conftest import PET, PET_ID, PETS, operation, ref

OPERATION = {"type": "object", "properties": {"op": {"type": "string"}, "path": {"type": "string"}}}


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/c", "value": 1}, {"a": {"b": [1, 2]}, "c": 1}),
        ({"op": "add", "path": "/a/b/1", "value": 9}, {"a": {"b": [1, 9, 2]}}),
        ({"op": "add", "path": "/a/b/-", "value": 9}, {"a": {"b": [1, 2, 9]}}),
        ({"op": "remove", "path": "/a/b/0"}, {"a": {"b": [2]}}),
        ({"op": "replace", "path": "/a/b/0", "value": 9}, {"a": {"b": [9, 2]}}),
        ({"op": "replace", "path": "", "value": {"x": 1}}, {"x": 1}),
        ({"op": "move", "from": "/a/b", "path": "/b"}, {"a": {}, "b": [1, 2]}),
        ({"op": "copy", "from": "/a/b", "path": "/a~1b"}, {"a": {"b": [1, 2]}, "a/b": [1, 2]}),
        ({"op": "test", "path": "/a/b/1", "value": 2}, {"a": {"b": [1, 2]}}),
        ({"op": "test", "path": "/a", "value": {"b": [1.0, 2]}}, {"a": {"b": [1, 2]}}),
    ],
)
def test_an_operation(operation, result):
    """Each operation does what RFC 6902, section 4, says, and leaves the original alone."""
    value = {"a": {"b": [1, 2]}}
    assert patched(value, [operation]) == result
    assert value == {"a": {"b": [1, 2]}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "", "value": {"a": True, "list": []}},
        {"op": "remove", "path": "/b"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "replace", "path": "", "value": 1},
        {"op": "add", "path": "/b/c", "value": 1},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "/a"},
        {"op": "move", "path": "/b"},
        {"op": "move", "from": "/list", "path": "/list/0"},
        {"op": "swap", "path": "/a"},
        {"op": "copy", "from": 5, "path": "/b"},
        {"op": "move", "from": ["/a"], "path": "/b"},
        {"op": "add", "path": "a", "value": {"b": 1}},
    ],
)
def test_an_operation_that_cannot_be(operation):
    """What cannot be carried out is refused with its reason."""
    with pytest.raises(Conflict, match="JSON Patch: "):
        patched({"a": 1, "list": []}, [operation])


def test_copies_are_bounded():
    """Copies that double a value are refused before they fill the memory."""
    doubling = [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(64)]
    with pytest.raises(Conflict, match="bytes"):
        patched({"a": "b" * 1000}, doubling)


def test_small_copies_cost_what_they_copy():
    """A large value is not read again for each of many copies."""
    value = {"a": "b" * 1024 * 1024, "c": 1}
    copies = [{"op": "copy", "from": "/c", "path": f"/{number}"} for number in range(1000)]
    assert len(patched(value, copies)) == 1002


@pytest.mark.parametrize("levels", [250, 5000])
def test_results_are_no_deeper_than_bodies(levels):
    """What many operations nest is refused as a body that comes so deep is."""
    operations = [
        operation
        for _ in range(levels)
        for operation in (
            {"op": "add", "path": "/b", "value": {}},
            {"op": "move", "from": "/a", "path": "/b/a"},
            {"op": "move", "from": "/b", "path": "/a"},
        )
    ]
    with pytest.raises(BadRequest, match="result of the JSON Patch is nested too deeply"):
        patched({"a": {}}, operations)


@pytest.mark.parametrize("name", ["", "patchOperations"])
def test_an_item_is_patched(remembering, name):
    """All operations are carried out or none, those in a member too; a refusal is a 409 that says why."""
    operations = {"type": "array", "items": OPERATION}
    body = {"type": "object", "properties": {name: operations}} if name else operations
    item = {**PETS["/pets/{petId}"], "parameters": [PET_ID]}
    mock = remembering(
        {**PETS, "/pets/{petId}": {**item, "patch": operation(ref("Pet"), body=body)}}, {"Pet": PET}
    )
    pet = mock.post("/pets", {"name": "Rex", "kind": "dog", "tags": ["a"]})
    path = f"/pets/{pet['id']}"
    changes = [
        {"op": "test", "path": "/name", "value": "Rex"},
        {"op": "add", "path": "/tags/-", "value": "b"},
        {"op": "remove", "path": "/kind"},
    ]
    status, changed = mock("PATCH", path, {name: changes} if name else changes)
    assert (status, changed["tags"], "kind" in changed) == (200, ["a", "b"], False)
    wrong = [{"op": "remove", "path": "/tags/0"}, changes[2]]
    status, _ = mock("PATCH", path, {name: wrong} if name else wrong)
    assert status == 409
    assert mock.get(path) == changed
