"""How much work a comparison is: what is shared is compared once, and what multiplies is refused."""

from copy import deepcopy

import pytest

from openapi_contract import ContractError
from openapi_contract.comparison import compare, effort, schemas
from openapi_contract.contract import Contract

from .conftest import BODY, PET, REF, SCHEMAS, STRING


def test_alternatives_that_multiply(schema_rules):
    """Alternatives of alternatives, two to the power of a thousand, are compared in bounded time."""
    schemas = {
        f"S{n}": {"allOf": [{"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}, {"minLength": n}]}] * 2}
        for n in range(1000)
    } | {"S1000": STRING}
    assert schema_rules({"$ref": "#/components/schemas/S0"}, STRING, schemas=schemas)


@pytest.mark.parametrize("operations", [2, 20])
def test_a_schema_that_operations_share_is_compared_once(monkeypatch, operations):
    """However many refer to it; nor is what is the same below it looked for again."""
    compared = []

    def noting(alternative, fallback):
        compared.append(fallback.pointer)
        return shape_of(alternative, fallback)

    shape_of = schemas.shape_of
    monkeypatch.setattr(schemas, "shape_of", noting)
    response = {"description": "OK", "content": {"application/json": {"schema": REF}}}
    paths = {f"/{number}": {"get": {"responses": {"200": response}}} for number in range(operations)}
    document = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Pet": PET}}}
    other = deepcopy(document) | {"info": {"title": "Pets"}}
    assert compare(Contract(document, "old"), Contract(other, "new")) == []
    assert len(compared) == 2 * len(["Pet", "Pet.name"])


@pytest.fixture
def many(document):
    """Returns a document of operations that each say ``allOf`` of one schema for themselves."""

    def build(operations=20, kind="string", says=lambda _: ""):
        built = document(
            {SCHEMAS: {"Pet": {"properties": {f"p{each}": {"type": kind} for each in range(50)}}}}
        )
        for number in range(operations):
            schema = {"allOf": [REF], "description": says(number)}
            response = {"description": "OK", "content": {"application/json": {"schema": schema}}}
            built["paths"][f"/{number}"] = {"get": {"responses": {"200": response}}}
        return built

    return build


@pytest.mark.parametrize("operations", [2, 20])
def test_schemas_written_alike_are_compared_once(monkeypatch, many, operations):
    """What is written alike in both contracts, and was the same, is not looked at in other operations."""
    compared = []
    shape_of = schemas.shape_of
    monkeypatch.setattr(schemas, "shape_of", lambda *given: compared.append(given) or shape_of(*given))
    old, new = many(operations), many(operations) | {"info": {"title": "Pets"}}
    before = len(compared)
    assert compare(Contract(old, "old"), Contract(new, "new")) == []
    assert len(compared) - before < 2 * 70


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_more_than_a_comparison_may_take(monkeypatch, many, kind):
    """Work that multiplies is refused, whether there is a change to find or not, and not called the same."""
    monkeypatch.setattr(effort, "MOST_STEPS", 1000)
    old, new = many(says=str), many(kind=kind, says=str) | {"info": {"title": "Pets"}}
    with pytest.raises(
        ContractError, match="new: cannot be compared with old: it takes more than 1000 steps"
    ):
        compare(Contract(old, "old"), Contract(new, "new"))


def test_alternatives_that_exclude_each_other_are_counted(monkeypatch, document):
    """Each of thousands of alternatives may exclude each other one."""
    monkeypatch.setattr(effort, "MOST_STEPS", 3000)
    old, new = (document({BODY: {"oneOf": [{"const": at + n} for n in range(100)]}}) for at in (0, 1))
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(Contract(old, "old"), Contract(new, "new"))


def test_servers_and_credentials_of_all_operations(monkeypatch, document):
    """Changes of what all operations have are counted for each, and what is equal is not gone through."""
    monkeypatch.setattr(effort, "MOST_STEPS", 100)
    old, new = document(), document()
    for contract, name in ((old, "a"), (new, "b")):
        contract["servers"] = [{"url": f"https://{name}{number}.example"} for number in range(50)]
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(Contract(old, "old"), Contract(new, "new"))
