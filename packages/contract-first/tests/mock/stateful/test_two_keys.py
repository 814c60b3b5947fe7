"""Which member a parameter means, by what is said of it; items that are found by either of two members."""

import pytest

from contract_first.contract import Contract
from contract_first.recognition import recognize

from .conftest import in_path, operation, ref

TEXT = {"type": "string"}
SCHEMAS = {
    "Issue": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "example": "10001"},
            "key": {"type": "string", "example": "PR-1"},
            "summary": TEXT,
        },
    },
    "Comment": {"type": "object", "properties": {"id": {"type": "integer"}, "text": TEXT}},
}
ISSUE, COMMENT = ref("Issue"), ref("Comment")
SUMMARY = {"type": "object", "properties": {"summary": TEXT}}
BODY = {"type": "object", "properties": {"text": TEXT}}
PATHS = {
    "/issues": {"post": operation(ISSUE, status="201", body=SUMMARY)},
    "/issues/{issueIdOrKey}": {
        "parameters": [in_path("issueIdOrKey")],
        "get": operation(ISSUE),
        "patch": operation(ISSUE, body=SUMMARY),
        "delete": operation(status="204"),
    },
    "/issues/{issueIdOrKey}/comments": {
        "parameters": [in_path("issueIdOrKey")],
        "get": operation({"type": "array", "items": COMMENT}),
        "post": operation(COMMENT, status="201", body=BODY),
    },
    "/issues/{issueIdOrKey}/comments/{id}": {
        "parameters": [in_path("issueIdOrKey"), in_path("id", "integer")],
        "get": operation(COMMENT),
    },
}


def test_an_item_has_two_keys(remembering):
    """What is created has two of its own; each operation finds it by either."""
    mock = remembering(PATHS, SCHEMAS)
    first, second = (mock.post("/issues", {"summary": text}) for text in ("one", "two"))
    assert first["key"] != second["key"]
    for issue in (first, second):
        assert mock.get(f"/issues/{issue['id']}") == mock.get(f"/issues/{issue['key']}") == issue
    assert mock("PATCH", f"/issues/{second['key']}", {"summary": "three"})[0] == 200
    assert mock.get(f"/issues/{second['id']}")["summary"] == "three"
    assert mock("DELETE", f"/issues/{second['key']}")[0] == 204
    assert mock("GET", f"/issues/{second['id']}")[0] == 404
    assert mock("GET", f"/issues/{first['key']}")[0] == 200


def test_what_is_below_an_item_is_found_by_either(remembering):
    """Comments that are created below the one key are listed below the other, and deleted with the item."""
    mock = remembering(PATHS, SCHEMAS)
    issue = mock.post("/issues", {"summary": "one"})
    by_key = mock.post(f"/issues/{issue['key']}/comments", {"text": "first"})
    by_id = mock.post(f"/issues/{issue['id']}/comments", {"text": "second"})
    for key in (issue["id"], issue["key"]):
        assert mock.get(f"/issues/{key}/comments") == [by_key, by_id]
        assert mock.get(f"/issues/{key}/comments/{by_key['id']}") == by_key
    assert mock("GET", "/issues/PR-77/comments")[0] == 404


def described(**members):
    """Return a schema whose members are strings with these facts."""
    return {
        "type": "object",
        "properties": {name: {"type": "string", **facts} for name, facts in members.items()},
    }


FACTS = {"description": "The unique identifier that is given by us."}
OWN = {"description": "The identifier that you have defined."}


@pytest.mark.parametrize(
    ("members", "facts", "key"),
    [
        ({"id": FACTS, "user_id": OWN}, FACTS, "id"),
        ({"id": {"example": "667d61cc"}, "user_id": {"example": "6"}}, {"example": "667d61cc"}, "id"),
        ({"id": FACTS, "user_id": OWN}, OWN, "user_id"),
        ({"id": FACTS, "user_id": FACTS}, {}, "user_id"),
    ],
)
def test_a_parameter_means_what_is_described_alike(members, facts, key):
    """Though a member has the parameter's name, it means the one that is the same by what is said of it."""
    item = described(**members)
    paths = {
        "/visitors": {"post": operation(item, status="201", body=item)},
        "/visitors/{user_id}": {"parameters": [{**in_path("user_id"), **facts}], "get": operation(item)},
    }
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    (collection,) = recognize(Contract(document, "test")).collections.values()
    assert collection.key == key


def test_a_text_in_the_path_finds_an_integer(remembering):
    """``{template_id}`` is the ``id`` of its item, of another type, though items have names and codes."""
    members = {"name": TEXT, "code": TEXT, "id": {"type": "integer"}}
    item = {"type": "object", "properties": members}
    paths = {
        "/templates": {"post": operation(item, status="201", body=described(name={}))},
        "/templates/{template_id}": {"parameters": [in_path("template_id")], "get": operation(item)},
    }
    mock = remembering(paths)
    created = mock.post("/templates", {"name": "Ada"})
    assert mock.get(f"/templates/{created['id']}") == created
