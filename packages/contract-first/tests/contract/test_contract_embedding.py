"""References to other files are brought into the document, and mean there what they meant."""

import jsonschema_rs
import pytest
from prance.util.resolver import RESOLVE_INTERNAL, RefResolver

from contract_first.contract import ContractError, load_contract


@pytest.fixture
def pets(minimal):
    """A document whose list of pets is described in another file."""
    schema = {"type": "array", "items": {"$ref": "schemas/pet.json#/Pet"}}
    content = {"application/json": {"schema": schema}}
    minimal["paths"]["/pets"]["get"]["responses"]["200"]["content"] = content
    return minimal


@pytest.fixture
def with_schema(minimal):
    """Puts a schema into a document, under the name Pet."""
    return lambda schema: minimal | {"components": {"schemas": {"Pet": schema}}}


def schemas(contract):
    """Return the schemas of a contract."""
    return contract.document["components"]["schemas"]


def test_part_of_another_file_becomes_a_component(pets, write):
    """A schema of another file becomes a component, once, named as there."""
    write({"Pet": {"type": "object"}}, "schemas/pet.json")
    pets["components"] = {"schemas": {"Animal": {"$ref": "./schemas/pet.json#/Pet"}}}
    contract = load_contract(write(pets))
    assert schemas(contract) == {"Animal": {"$ref": "#/components/schemas/Pet"}, "Pet": {"type": "object"}}
    items = contract.operations[0].responses["200"]["content"]["application/json"]["schema"]["items"]
    assert items == {"$ref": "#/components/schemas/Pet"}


def test_references_of_the_other_file_are_relative_to_it(pets, write):
    """References in another file lead where they led there: within it, to its neighbours, and back."""
    pets["components"] = {"schemas": {"Tag": {"type": "string"}}}
    write(
        {
            "Pet": {"properties": {"owner": {"$ref": "#/Owner"}, "vet": {"$ref": "vet.yaml"}}},
            "Owner": {"properties": {"tag": {"$ref": "../pets.json#/components/schemas/Tag"}}},
        },
        "schemas/pet.json",
    )
    write("type: object", "schemas/vet.yaml")
    assert schemas(load_contract(write(pets))) == {
        "Tag": {"type": "string"},
        "Pet": {
            "properties": {
                "owner": {"$ref": "#/components/schemas/Owner"},
                "vet": {"$ref": "#/components/schemas/vet"},
            }
        },
        "Owner": {"properties": {"tag": {"$ref": "#/components/schemas/Tag"}}},
        "vet": {"type": "object"},
    }


def test_recursion_across_files(pets, write):
    """Schemas of several files may refer to each other in a circle."""
    write({"Pet": {"properties": {"home": {"$ref": "home.json"}}}}, "schemas/pet.json")
    write(
        {"properties": {"pets": {"items": {"$ref": "pet.json#/Pet"}}, "in": {"$ref": "#"}}},
        "schemas/home.json",
    )
    assert schemas(load_contract(write(pets))) == {
        "Pet": {"properties": {"home": {"$ref": "#/components/schemas/home"}}},
        "home": {
            "properties": {
                "pets": {"items": {"$ref": "#/components/schemas/Pet"}},
                "in": {"$ref": "#/components/schemas/home"},
            }
        },
    }


def test_siblings_of_a_reference_stay(with_schema, write):
    """Keywords beside a $ref in a schema count, so they stay beside it."""
    write({"type": "object"}, "animal.json")
    contract = load_contract(write(with_schema({"$ref": "animal.json", "required": ["name"]})))
    assert schemas(contract)["Pet"] == {"$ref": "#/components/schemas/animal", "required": ["name"]}


def test_names_do_not_collide(with_schema, write):
    """Parts of the same name, of other files or of none, become components of their own."""
    write({"a/b c": {"minimum": 1}}, "one.json")
    write({"Pet": {"minimum": 2}, "a/b c": {"minimum": 3}}, "two.json")
    parts = [{"$ref": "one.json#/a~1b%20c"}, {"$ref": "two.json#/Pet"}, {"$ref": "two.json#/a~1b%20c"}]
    assert schemas(load_contract(write(with_schema({"allOf": parts})))) == {
        "Pet": {
            "allOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("a_b_c", "Pet_2", "a_b_c_2")]
        },
        "a_b_c": {"minimum": 1},
        "Pet_2": {"minimum": 2},
        "a_b_c_2": {"minimum": 3},
    }


def test_reference_objects_go_to_their_own_section(minimal, write):
    """Parameters, responses, headers and the like of another file become components of their kind."""
    operation = minimal["paths"]["/pets"]["get"]
    operation["parameters"] = [{"$ref": "shared.json#/limit"}]
    operation["responses"]["404"] = {"$ref": "shared.json#/missing"}
    operation["responses"]["200"]["headers"] = {"X-Total": {"$ref": "shared.json#/total"}}
    write(
        {
            "limit": {"name": "limit", "in": "query", "schema": {"$ref": "#/count"}},
            "missing": {"description": "Not found", "headers": {"X-Total": {"$ref": "#/total"}}},
            "total": {"schema": {"$ref": "#/count"}},
            "count": {"type": "integer"},
        },
        "shared.json",
    )
    contract = load_contract(write(minimal))
    assert {section: list(members) for section, members in contract.document["components"].items()} == {
        "parameters": ["limit"],
        "responses": ["missing"],
        "headers": ["total"],
        "schemas": ["count"],
    }
    read = contract.operations[0]
    assert read.parameters[0]["schema"] == {"$ref": "#/components/schemas/count"}
    assert read.responses["404"]["headers"]["X-Total"] == {"schema": {"$ref": "#/components/schemas/count"}}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_path_items_are_put_in_place(minimal, write, version):
    """A path item of another file is read with all that it refers to, in OpenAPI 3.0 too."""
    minimal["openapi"] = version
    minimal["paths"]["/pets/{id}"] = {"$ref": "paths/index.yaml#/pet"}
    write({"pet": {"$ref": "pet.json"}}, "paths/index.yaml")
    write(
        {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"$ref": "id.json"}}],
            "delete": {"responses": {"204": {"description": "Gone"}}},
        },
        "paths/pet.json",
    )
    write({"type": "string"}, "paths/id.json")
    contract = load_contract(write(minimal))
    assert contract.operations[1].pointer == "/paths/~1pets~1{id}/delete"
    assert contract.operations[1].parameters[0]["schema"] == {"$ref": "#/components/schemas/id"}


def test_nothing_else_is_a_reference(with_schema, write):
    """A $ref in an example, a constant or a property of that name is no reference, and stays."""
    schema = {
        "properties": {"$ref": {"const": {"$ref": "nowhere.json"}}},
        "enum": [{"$ref": "nowhere.json"}],
        "default": {"$ref": "nowhere.json"},
        "examples": [{"$ref": "nowhere.json"}],
        "x-note": {"$ref": "nowhere.json"},
    }
    assert schemas(load_contract(write(with_schema(schema)))) == {"Pet": schema}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"$ref": "http://json-schema.org/draft-07/schema#"},
        {"$id": "https://pets.test/a/pet", "$ref": "#/$defs/name", "$defs": {"name": {"type": "string"}}},
        {"$id": "https://pets.test/a/pet", "$ref": "name", "$defs": {"n": {"$id": "name", "minLength": 1}}},
        {
            "$ref": "https://pets.test/n#/$defs/x",
            "$defs": {"n": {"$id": "https://pets.test/n", "$defs": {"x": True}}},
        },
        {"$id": "urn:pets:pet", "$ref": "#/$defs/name", "$defs": {"name": True}},
        {"$id": "pet.json", "items": {"$ref": "pet.json"}},
        {"$anchor": "pet", "items": {"$ref": "#pet"}},
        {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
    ],
    ids=str,
)
def test_embedded_resources_and_anchors_are_left_alone(with_schema, write, schema):
    """What JSON Schema resolves itself ($id, anchors, its meta-schemas) is not touched, nor fetched."""
    assert schemas(load_contract(write(with_schema(schema)))) == {"Pet": schema}


def test_part_of_a_resource_stays_in_it(with_schema, write):
    """A part of a file with an $id is referred to by that $id, which is the base of what it refers to."""
    common = {
        "$id": "https://pets.test/common",
        "$defs": {"id": {"$ref": "#/$defs/n"}, "n": {"type": "integer"}},
    }
    write(common, "common.json")
    found = schemas(load_contract(write(with_schema({"$ref": "common.json#/$defs/id"}))))
    assert found == {"Pet": {"$ref": "https://pets.test/common#/$defs/id"}, "common": common}
    registry = jsonschema_rs.Registry([(common["$id"], found["common"])])
    validator = jsonschema_rs.Draft202012Validator(found["Pet"], registry=registry)
    assert [validator.is_valid(1), validator.is_valid("1")] == [True, False]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("missing.json", "No such file"),
        ("empty.json", "is empty"),
        ("pet.json#/Cat", "has no /Cat"),
        ("pet.json#/Pet/allOf/1", "has no /Pet/allOf/1"),
        ("pet.json#/Pet/allOf/-1", "has no /Pet/allOf/-1"),
        ("pet.json#cat", "names an anchor of another file"),
        ("../secret.json", "nor a file in its folder or below"),
        ("sub/../../secret.json", "nor a file in its folder or below"),
        ("link.json", "nor a file in its folder or below"),
        ("/etc/hostname", "nor a file in its folder or below"),
        ("file:///etc/hostname", "nor a file in its folder or below"),
        ("//host/share.json", "nor a file in its folder or below"),
        ("http://127.0.0.1:1/pet.json", "nor a file in its folder or below"),
        ("urn:pets:unknown", "nor a file in its folder or below"),
        ("a%00b.json", "does not name a file"),
        ("http://[", "is not a URI reference"),
    ],
)
def test_reference_that_cannot_be_followed(with_schema, write, tmp_path, reference, reason):
    """A reference that leads nowhere, or where a contract may not look, is reported with its place."""
    write({"type": "object"}, "secret.json")
    write("", "api/empty.json")
    write({"Pet": {"allOf": [True]}}, "api/pet.json")
    (tmp_path / "api" / "link.json").symlink_to(tmp_path / "secret.json")
    path = write(with_schema({"items": {"$ref": reference}}), "api/pets.json")
    with pytest.raises(ContractError) as raised:
        load_contract(path)
    assert str(raised.value).startswith(f"{path}#/components/schemas/Pet/items: ")
    assert reason in str(raised.value)


def test_faults_are_reported_where_they_are(pets, write):
    """A reference in another file that leads nowhere is reported with that file and its place in it."""
    other = write({"Pet": {"items": {"$ref": "nowhere.json"}}}, "schemas/pet.json")
    with pytest.raises(ContractError, match=rf"^{other}#/Pet/items: .*nowhere.json: cannot be read"):
        load_contract(write(pets))


@pytest.mark.parametrize(
    "content",
    [
        {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}},
        {"a": {"$ref": "#/b", "get": {}}, "b": {}},
        {"a": []},
        {"a": {"get": {"responses": {}, "callbacks": {"again": {"{$url}": {"$ref": "#/a"}}}}}},
    ],
    ids=["circle", "siblings", "no object", "recursion"],
)
def test_path_items_that_cannot_be_put_in_place(minimal, write, content):
    """A path item of another file ends somewhere, and is one."""
    minimal["paths"]["/more"] = {"$ref": "paths.json#/a"}
    write(content, "paths.json")
    with pytest.raises(ContractError, match=r"circular|does not lead to a path item|nested deeper"):
        load_contract(write(minimal))


def test_prance_sees_the_same_contract(pets, write):
    """With every reference written out by prance, the files apart and the one document are the same."""
    write({"Pet": {"properties": {"owner": {"$ref": "owner.json#/Owner"}}}}, "schemas/pet.json")
    write(
        {"Owner": {"properties": {"name": {"$ref": "#/Name"}}}, "Name": {"type": "string"}},
        "schemas/owner.json",
    )
    path = write(pets)
    apart = RefResolver(pets, str(path))
    apart.resolve_references()
    together = RefResolver(load_contract(path).document, str(path), resolve_types=RESOLVE_INTERNAL)
    together.resolve_references()
    assert together.specs["paths"] == apart.specs["paths"]
