"""A document is what OpenAPI and JSON Schema want, or the error says where it is not."""

import pytest

from contract_first.contract import ContractError, load_contract


@pytest.fixture
def with_schema(minimal):
    """Puts a schema into a document, as a component and as a request body."""

    def put(schema, version="3.1.0"):
        minimal["openapi"] = version
        minimal["components"] = {"schemas": {"Pet": schema}}
        minimal["paths"]["/pets"]["post"] = {
            "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"204": {"description": "Kept"}},
        }
        return minimal

    return put


@pytest.mark.parametrize(
    "schema",
    [
        True,
        False,
        {},
        {"type": ["string", "null"], "const": None},
        {"prefixItems": [True, {"type": "integer"}], "items": False, "unevaluatedItems": False},
        {"contains": {"type": "integer"}, "minContains": 0, "maxContains": 2},
        {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": False}},
        {"if": {"minLength": 1}, "then": {"pattern": "^a"}, "else": False},
        {
            "unevaluatedProperties": False,
            "patternProperties": {"^x-": True},
            "propertyNames": {"maxLength": 9},
        },
        {"exclusiveMinimum": 0, "exclusiveMaximum": 1.5, "multipleOf": 0.01},
        {"default": "not what the schema wants", "type": "integer"},
        {"required": ["elsewhere"], "allOf": [{"properties": {"here": True}}]},
        {"$id": "https://pets.test/pet", "$anchor": "pet", "$defs": {"x": {"$anchor": "x"}}, "$ref": "#x"},
        {"$id": "https://pets.test/tree", "$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$vocabulary": {"https://pets.test/v": True},
        },
        {"$schema": "https://pets.test/unknown-dialect", "type": "what that dialect says"},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "items": [True, False],
            "definitions": {"a": {}},
        },
        {
            "$schema": "https://spec.openapis.org/oas/3.1/dialect/base",
            "discriminator": {"propertyName": "kind"},
        },
        {"enum": [{"$ref": 1}, {"$id": 2}], "properties": {"$ref": True, "$id": {}}, "unknown": {"type": 3}},
    ],
    ids=str,
)
def test_any_schema_of_its_dialect_is_valid(with_schema, write, schema):
    """Whatever JSON Schema allows loads, and stays as written."""
    contract = load_contract(write(with_schema(schema)))
    assert contract.operations[1].request_body["content"]["application/json"]["schema"] == schema


@pytest.mark.parametrize(
    ("schema", "pointer", "reason"),
    [
        ({"type": "text"}, "/type", "is not one of"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum", "is not of type .number."),
        ({"allOf": []}, "/allOf", "less than 1 item"),
        ({"items": [True]}, "/items", "is not of types"),
        ({"$defs": {"a": 5}}, "/$defs/a", "is not of types"),
        ({"$schema": 5}, "/$schema", "is not of type .string."),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "id": 5},
            "/id",
            "is not of type .string.",
        ),
        ("text", "", "is not of type"),
        (None, "", "is not of type"),
    ],
)
def test_wrong_schema_in_31(with_schema, write, schema, pointer, reason):
    """A schema that breaks its dialect's meta-schema is reported where it does."""
    with pytest.raises(ContractError, match=rf"\S/schema(s/Pet)?{pointer.replace('$', '.')}: .*{reason}"):
        load_contract(write(with_schema(schema)))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_dialects_differ_by_version(with_schema, write, version):
    """What only one of OpenAPI 3.0 and 3.1 knows is refused in the other."""
    only_30 = with_schema(
        {"type": "integer", "nullable": True, "exclusiveMinimum": True, "minimum": 0}, version
    )
    assert refused(write(only_30)) is (version == "3.1.0")
    only_31 = with_schema({"type": ["integer", "null"], "exclusiveMinimum": 0}, version)
    assert refused(write(only_31)) is (version == "3.0.3")


def refused(path):
    """Whether a file is no contract."""
    try:
        load_contract(path)
    except ContractError:
        return True
    return False


def test_wrong_schema_in_30(with_schema, write):
    """A fault deep in a schema of OpenAPI 3.0 is reported where it is, not where its alternatives begin."""
    schema = {"properties": {"a": {"items": {"minimum": "1"}}}}
    with pytest.raises(ContractError, match=r"/properties/a/items/minimum: .*is not of type .number."):
        load_contract(write(with_schema(schema, "3.0.3")))


def test_default_dialect_of_the_document(with_schema, write):
    """Schemas are in the dialect that the document names, if they name none."""
    document = with_schema({"items": [True]})
    assert refused(write(document))
    document["jsonSchemaDialect"] = "http://json-schema.org/draft-07/schema#"
    assert not refused(write(document))
    document = with_schema({"minimum": 1, "exclusiveMinimum": True})
    assert refused(write(document))
    document["jsonSchemaDialect"] = "http://json-schema.org/draft-04/schema#"
    assert not refused(write(document))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("path", "operation", "reason"),
    [
        ("/pets", {"responses": {"200": {}}}, "get/responses/200: .description. is a required property"),
        ("/pets", {"responses": {"2000": {"description": ""}}}, "get/responses"),
        ("/pets", {"responses": {"200": {"description": ""}}, "respones": {}}, "respones"),
        (
            "/pets",
            {"responses": {"200": {"description": ""}}, "parameters": [{"in": "query"}]},
            "parameters/0",
        ),
        (
            "/pets/{id}",
            {"responses": {"200": {"description": ""}}},
            "Path parameter .id. is in the template and not declared",
        ),
        ("/pets/{id", {"responses": {"200": {"description": ""}}}, "/paths"),
        ("pets", {"responses": {"200": {"description": ""}}}, "pets"),
    ],
    ids=["no description", "status", "misspelt", "parameter", "template", "brace", "slash"],
)
def test_wrong_structure(minimal, write, version, path, operation, reason):
    """What breaks OpenAPI outside of schemas is reported in one line, in either version."""
    minimal["openapi"] = version
    minimal["paths"] = {path: {"get": operation}}
    with pytest.raises(ContractError, match=reason) as raised:
        load_contract(write(minimal))
    assert "\n" not in str(raised.value)


def test_duplicate_parameters_and_tags(minimal, write):
    """Rules that no schema can express are checked: here, that names are unique."""
    minimal["tags"] = [{"name": "pets"}, {"name": "pets"}]
    with pytest.raises(ContractError, match="Duplicate tag name 'pets'"):
        load_contract(write(minimal))
    parameter = {"name": "limit", "in": "query", "schema": True}
    del minimal["tags"]
    minimal["paths"]["/pets"]["get"]["parameters"] = [parameter, parameter]
    with pytest.raises(ContractError, match="Duplicate parameter 'limit'"):
        load_contract(write(minimal))


@pytest.mark.parametrize("value", ["/root", 5, None, ["a"], {"get": "nothing"}])
def test_extensions_may_stand_among_the_paths(minimal, write, value):
    """Whatever an extension holds, it is no path item."""
    minimal["paths"]["x-root"] = value
    assert len(load_contract(write(minimal)).operations) == 1


@pytest.mark.parametrize("part", ["webhooks", "components"])
def test_a_document_of_3_1_needs_no_paths(minimal, write, part):
    """Webhooks or components alone are a document in 3.1, of no operations; one of 3.0 has paths."""
    del minimal["paths"]
    minimal |= {"openapi": "3.1.0", part: {}}
    assert load_contract(write(minimal)).operations == ()
    minimal["openapi"] = "3.0.3"
    with pytest.raises(ContractError, match="#/paths: is missing; expected an object"):
        load_contract(write(minimal))


@pytest.mark.parametrize("value", [None, 5, []])
def test_a_component_of_an_odd_name(minimal, write, value):
    """The schema of 3.0 says nothing of it."""
    minimal |= {"openapi": "3.0.3", "components": {"responses": {"a b": value}}}
    assert len(load_contract(write(minimal)).operations) == 1


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_pattern_only_should_be_one_of_ecma_262(minimal, write, version):
    """A pattern in another dialect, or in none, makes no document invalid."""
    minimal["openapi"] = version
    minimal["components"] = {"schemas": {"Tag": {"type": "string", "pattern": r"\A[a-z]+\Z"}}}
    assert load_contract(write(minimal)).operations


def test_long_values_are_cut(minimal, write):
    """A message shows the beginning of a value, however long it is."""
    minimal["info"]["version"] = ["x" * 10_000]
    with pytest.raises(ContractError, match=r"#/info/version: \[\"xxx.*\.\.\.\.$") as raised:
        load_contract(write(minimal))
    assert len(str(raised.value)) < 600


def test_every_keyword_of_30(with_schema, write):
    """A schema of OpenAPI 3.0 may have each of its keywords."""
    node = {
        "title": "a",
        "multipleOf": 1,
        "maximum": 9,
        "exclusiveMaximum": True,
        "minimum": 1,
        "exclusiveMinimum": False,
        "maxLength": 9,
        "minLength": 0,
        "pattern": "a",
        "maxItems": 9,
        "minItems": 0,
        "uniqueItems": True,
        "maxProperties": 9,
        "minProperties": 0,
        "required": ["a"],
        "enum": [1],
        "type": "object",
        "not": {},
        "allOf": [{}],
        "oneOf": [{}],
        "anyOf": [{}],
        "items": {"uniqueItems": True},
        "properties": {"items": {}, "uniqueItems": {}},
        "additionalProperties": False,
        "description": "a",
        "format": "a",
        "default": 1,
        "nullable": True,
        "discriminator": {"propertyName": "a"},
        "readOnly": False,
        "writeOnly": False,
        "example": 1,
        "externalDocs": {"url": "/"},
        "deprecated": False,
        "xml": {"name": "a"},
        "x-a": 1,
    }
    assert not refused(write(with_schema(node, "3.0.3")))
