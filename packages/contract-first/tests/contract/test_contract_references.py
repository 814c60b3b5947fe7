"""References within a document lead to what they should."""

import pytest

from contract_first.contract import ContractError, load_contract


@pytest.fixture
def with_component(minimal):
    """Puts components into a document, and a parameter that refers to one of them."""

    def put(components, reference="#/components/parameters/limit"):
        minimal["components"] = components
        minimal["paths"]["/pets"]["get"]["parameters"] = [{"$ref": reference}]
        return minimal

    return put


LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}


@pytest.mark.parametrize(
    ("reference", "parameters"),
    [
        ("#/components/parameters/limit", {"limit": LIMIT}),
        ("#/components/parameters/a", {"a": {"$ref": "#/components/parameters/b"}, "b": LIMIT}),
        ("#/components/parameters/a.%62", {"a.b": LIMIT}),
    ],
)
def test_reference_objects_are_followed(with_component, write, reference, parameters):
    """A Reference Object is followed to the end, through others and percent-encoding."""
    contract = load_contract(write(with_component({"parameters": parameters}, reference)))
    assert contract.operations[0].parameters == (LIMIT,)
    assert contract.resolve({"$ref": reference}) == LIMIT
    assert contract.resolve(LIMIT) == LIMIT


@pytest.mark.parametrize(
    ("components", "reason"),
    [
        ({}, "leads to no parameter: there is none at '/components/parameters/limit'"),
        ({"parameters": {"limit": {"$ref": "#/components/parameters/limit"}}}, "is circular"),
        (
            {"parameters": {"limit": {"$ref": "#/components/headers/X"}}, "headers": {"X": {"schema": True}}},
            "leads to no parameter: there is none at '/components/headers/X'",
        ),
        (
            {"parameters": {"limit": {"$ref": "#/paths/~1pets"}}},
            "leads to no parameter: there is none at '/paths/~1pets'",
        ),
    ],
    ids=["missing", "circle", "other kind", "path item"],
)
def test_reference_object_that_leads_astray(with_component, write, components, reason):
    """A Reference Object that leads nowhere, to another kind, or in a circle is reported with its place."""
    with pytest.raises(ContractError, match=f"#/[a-z].*/parameters/(0|limit): .*{reason}"):
        load_contract(write(with_component(components)))


@pytest.mark.parametrize(("length", "is_followed"), [(20, True), (21, False)])
def test_a_chain_of_references(with_component, write, length, is_followed):
    """Reference Objects lead on at most twenty times: whatever reads a document follows them all."""
    chain = {f"p{n}": {"$ref": f"#/components/parameters/p{n + 1}"} for n in range(1, length - 1)}
    last = {f"p{length - 1}": LIMIT, "limit": {"$ref": "#/components/parameters/p1"}}
    path = write(with_component({"parameters": {**chain, **last}}))
    if is_followed:
        assert LIMIT in load_contract(path).operations[0].parameters
    else:
        with pytest.raises(ContractError, match="leads on more than 20 times"):
            load_contract(path)


@pytest.mark.parametrize(
    "schemas",
    [
        {"Pet": {"properties": {"parent": {"$ref": "#/components/schemas/Pet"}}}},
        {
            "Pet": {"items": {"$ref": "#/components/schemas/Cat"}},
            "Cat": {"not": {"$ref": "#/components/schemas/Pet"}},
        },
        {"Pet": {"items": {"$ref": "#/components/schemas/Pet/$defs/a~1b%20c"}, "$defs": {"a/b c": True}}},
        {
            "Pet": {"$ref": "#/components/schemas/Cat/allOf/1", "minLength": 1},
            "Cat": {"allOf": [True, False]},
        },
    ],
    ids=["itself", "each other", "escapes", "into an array"],
)
def test_schemas_may_recur_and_point_anywhere(minimal, write, schemas):
    """A $ref of a schema may lead to any schema, around in circles too, and stays as written."""
    minimal["components"] = {"schemas": schemas}
    contract = load_contract(write(minimal))
    assert contract.document["components"]["schemas"] == schemas


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("#/components/schemas/Cat", "leads nowhere: there is no 'Cat'"),
        ("#/components/schemas/Pet/required/0", "does not lead to a schema"),
        ("#/components/schemas/Pet/required/7", "leads nowhere: there is no '7'"),
        ("#/components/schemas/Pet/required/x", "leads nowhere: there is no 'x'"),
    ],
)
def test_schema_reference_that_leads_astray(minimal, write, reference, reason):
    """A $ref of a schema that leads to no schema is reported with its place."""
    minimal["components"] = {"schemas": {"Pet": {"required": ["name"], "items": {"$ref": reference}}}}
    with pytest.raises(ContractError, match=f"#/components/schemas/Pet/items: .*{reason}"):
        load_contract(write(minimal))


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("#meta", "leads nowhere: there is no anchor 'meta'"),
        ("#/components/schemas/Cat", "leads nowhere: there is no 'Cat'"),
        ("https://example.com/cat#meta", "leads to nothing in the document"),
        ("http://[", "leads to nothing in the document"),
    ],
)
def test_dynamic_reference_that_leads_astray(minimal, write, reference, reason):
    """As a $ref it is reported with its place, at the start and not by the first response."""
    minimal |= {"openapi": "3.1.0", "components": {"schemas": {"Pet": {"items": {"$dynamicRef": reference}}}}}
    with pytest.raises(ContractError, match=f"#/components/schemas/Pet/items: .dynamicRef .*{reason}"):
        load_contract(write(minimal))


@pytest.mark.parametrize(
    "reference", ["#pet", "https://example.com/cat#cat", "https://json-schema.org/draft/2020-12/schema#meta"]
)
def test_dynamic_references_to_what_is_there(minimal, write, reference):
    """They lead to anchors of the document, of a resource in it, and of JSON Schema's own."""
    cat = {"$id": "https://example.com/cat", "$dynamicAnchor": "cat"}
    pet = {"$dynamicAnchor": "pet", "items": {"$dynamicRef": reference}, "$defs": {"cat": cat}}
    minimal |= {"openapi": "3.1.0", "components": {"schemas": {"Pet": pet}}}
    assert load_contract(write(minimal)).document["components"]["schemas"]["Pet"] == pet
