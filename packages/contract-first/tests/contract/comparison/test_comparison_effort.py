"""How much work a comparison is: what is shared is compared once, and what multiplies is refused."""

from copy import deepcopy

import pytest

from contract_first.contract import ContractError
from contract_first.contract.comparison import alternatives, compare, effort, schemas
from contract_first.contract.contract import Contract

from .conftest import BODY, PET, REF, SCHEMAS, STRING


def test_alternatives_that_multiply(schema_rules):
    """Alternatives of alternatives, two to the power of a thousand, are compared in bounded time."""
    schemas = {
        f"S{n}": {"allOf": [{"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}, {"minLength": n}]}] * 2}
        for n in range(1000)
    } | {"S1000": STRING}
    assert schema_rules({"$ref": "#/components/schemas/S0"}, STRING, schemas=schemas)


@pytest.fixture
def linked(document):
    """Returns documents of operations whose schemas lead on: S0 to S1, to S2, and so forth."""

    def build(links, changed):
        built = []
        for kind in ("string", "integer"):
            named = {name: {"properties": {"to": None, "is": STRING}} for name in links}
            named[changed]["properties"]["is"] = {"type": kind}
            for name, target in links.items():
                named[name]["properties"]["to"] = {"$ref": f"#/components/schemas/{target}"}
            built.append(document({SCHEMAS: named}))
            for name in links:
                schema = {"properties": {f"own{name}": {"$ref": f"#/components/schemas/{name}"}}}
                response = {"description": "OK", "content": {"application/json": {"schema": schema}}}
                built[-1]["paths"][f"/{name}"] = {"get": {"responses": {"200": response}}}
        return Contract(built[0], "old"), Contract(built[1], "new")

    return build


@pytest.mark.parametrize(
    ("links", "meeting"),
    [
        ({"A": "B", "B": "C", "C": "D", "D": "D"}, "ABC"),
        ({"A": "B", "B": "C", "C": "A", "D": "D"}, "ABC"),
        ({"D": "D", "C": "C", "B": "C", "A": "B"}, "CBA"),
        ({"A": "C", "B": "C", "C": "D", "D": "C"}, "ABCD"),
        ({"D": "A", "A": "B", "B": "A", "C": "A"}, "C"),
        ({"A": "B", "B": "B", "D": "C", "C": "D"}, "DC"),
    ],
)
def test_operations_that_meet_a_change(linked, links, meeting):
    """A change is one of all operations whose schemas lead to it, in circles as well, and of no others."""
    (change,) = compare(*linked(links, "C"))
    assert change.operations == tuple(f"GET /{name}" for name in meeting)


def test_schemas_that_lead_to_each_other(monkeypatch, linked):
    """What is below a schema is not gone through for each operation that leads there."""
    monkeypatch.setattr(effort, "MOST_STEPS", 25_000)
    links = {f"S{number}": f"S{(number + 1) % 300}" for number in range(300)}
    (change,) = compare(*linked(links, "S7"))
    assert len(change.operations) == 300


@pytest.mark.parametrize("operations", [2, 20])
def test_a_schema_that_operations_share_is_compared_once(monkeypatch, operations):
    """However many refer to it; nor is what is written alike below it looked at."""
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
    assert len(compared) == 2 * len(["Pet"])


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


def test_values_are_counted(monkeypatch, document):
    """A schema may list hundreds of thousands of values."""
    monkeypatch.setattr(effort, "MOST_STEPS", 1000)
    old, new = (document({BODY: {"enum": list(range(at, at + 500))}}) for at in (0, 1))
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(Contract(old, "old"), Contract(new, "new"))


@pytest.fixture
def branches(document):
    """Returns two contracts of a ``oneOf`` of 70 objects of 20 properties, one of which tells them apart."""
    names = {f"p{number}": STRING for number in range(20)}
    objects = [
        {"type": "object", "required": ["t"], "properties": {**names, "t": {"const": n}}} for n in range(70)
    ]
    old = document({BODY: {"oneOf": objects}})
    return Contract(old, "old"), Contract(old | {"info": {"title": "Pets"}}, "new")


def test_values_that_tell_branches_apart_are_read_once(monkeypatch, branches):
    """They are not read again for each two branches."""
    read = []
    listed = alternatives.listed
    monkeypatch.setattr(alternatives, "listed", lambda given: read.append(given) or listed(given))
    assert compare(*branches) == []
    assert len(read) == 2 * 70


def test_branches_are_counted_with_their_properties(monkeypatch, branches):
    """Also where there are too many to be compared one by one."""
    monkeypatch.setattr(effort, "MOST_STEPS", 8000)
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(*branches)
