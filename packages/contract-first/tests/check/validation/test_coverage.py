"""Where enumerations are, which coverage counts the values of."""

import json

import pytest

from contract_first.check.validation import coverage
from contract_first.contract import load_contract

NAMES = "abcdefgh"


@pytest.fixture
def operation(tmp_path):
    """Return a function that returns what is counted of an operation whose response has a schema."""

    def counted(schema, **components):
        content = {"application/json": {"schema": schema}}
        document = {
            "openapi": "3.1.0",
            "info": {"title": "Kinds", "version": "1"},
            "paths": {
                "/kinds": {
                    "get": {
                        "operationId": "kinds",
                        "responses": {"200": {"description": "ok", "content": content}},
                    }
                }
            },
            "components": {"schemas": components},
        }
        path = tmp_path / "kinds.json"
        path.write_text(json.dumps(document))
        contract = load_contract(str(path))
        (one,) = coverage.Coverage(contract).operations
        return one

    return counted


def test_members_items_and_references_are_looked_into(operation):
    """Through references, which may lead to themselves."""
    node = {"properties": {"kind": {"enum": ["x", "y"]}, "next": {"$ref": "#/components/schemas/Node"}}}
    values = operation({"type": "array", "items": {"$ref": "#/components/schemas/Node"}}, Node=node).values
    assert list(values)[:2] == ["200 /*/kind", "200 /*/next/kind"]
    assert values["200 /*/kind"] == {'"x"': 0, '"y"': 0}
    assert len(values) == coverage.DEEPEST - 1


def test_schemas_that_refer_to_all_others_end(operation):
    """They have a power of their number of places; those nearest to the root are counted."""
    members = {name: {"$ref": f"#/components/schemas/{name}"} for name in NAMES}
    node = {"properties": {"kind": {"enum": [1, 2]}, **members}}
    values = operation({"$ref": "#/components/schemas/a"}, **dict.fromkeys(NAMES, node)).values
    assert list(values)[:2] == ["200 /kind", "200 /a/kind"]
    assert len(values) <= coverage.MOST_PARTS
