"""What is wrong in a document is repaired or left out, the smallest part, and reported with its place."""

import json
import re
from copy import deepcopy

import pytest

from openapi_contract import (
    ContractError,
    anatomy,
    inlining,
    load_contract,
    loading,
    pointers,
    unusable,
    validation,
)

OK = {"200": {"description": "OK"}}
GET = {"responses": OK}
DOCUMENT = {"info": {"title": "Pets", "version": "1"}, "paths": {"/pets": {"get": GET}}}


@pytest.fixture
def lenient(write):
    """Loads a document leniently, and returns contract and defects as (pointer, action)."""

    def load(document, version="3.0.3", **members):
        whole = {"openapi": version, **deepcopy(DOCUMENT), **deepcopy(document), **members}
        path = write(json.dumps(whole, indent=1))
        with pytest.raises(ContractError):
            load_contract(path)
        contract = load_contract(path, lenient=True)
        again = write(contract.document, "again.json")
        assert load_contract(again).document == contract.document, "what it became is valid"
        assert all(each.line and each.source == str(path) for each in contract.defects)
        return contract, [(each.pointer, each.action) for each in contract.defects]

    return load


def parameters(*listed):
    """Return a document with the parameters of a path."""
    return {"paths": {"/pets/{id}": {"get": {"parameters": listed, "responses": OK}}}}


def schema(node):
    """Return a document with a schema."""
    return {"components": {"schemas": {"Pet": node}}}


KIND = {"discriminator": {"propertyName": "kind"}}
PET = "/components/schemas/Pet"
GET_PETS = "/paths/~1pets/get"
BOTH = pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])


@BOTH
@pytest.mark.parametrize(
    ("document", "defects"),
    [
        pytest.param({"info": {}}, [("/info", "repaired")] * 2, id="info without title and version"),
        pytest.param(
            {"info": {"title": "Pets", "version": "1", "description": None}},
            [("/info/description", "left out")],
            id="null where a string belongs",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {"responses": {"200": {}}}}}},
            [(f"{GET_PETS}/responses/200", "repaired")],
            id="response without a description",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {"responses": {"200": {"description": "", "content": None}}}}}},
            [(f"{GET_PETS}/responses/200/content", "left out")],
            id="response with an empty content",
        ),
        pytest.param(
            {
                "paths": {
                    "/pets": {
                        "get": {"responses": {"200": {"description": "", "headers": {"X A": {"schema": {}}}}}}
                    }
                }
            },
            [(f"{GET_PETS}/responses/200/headers/X A", "left out")],
            id="header whose name is no token",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": GET, "put": None}}},
            [("/paths/~1pets/put", "left out")],
            id="null for a method without an operation",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": GET, "put": []}}},
            [("/paths/~1pets/put", "operation disabled")],
            id="operation that is no object",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": GET}, "/pets/{id}": {"put": []}}},
            [("/paths/~1pets~1{id}/put", "operation disabled")],
            id="operation that is no object at a template",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {"parameters": [{"name": "q", "in": "query"}], **GET}}}},
            [(f"{GET_PETS}/parameters/0", "repaired")],
            id="parameter without a schema",
        ),
        pytest.param(
            parameters({"name": "id", "in": "path", "schema": {"type": "integer"}}),
            [("/paths/~1pets~1{id}/get/parameters/0", "repaired")],
            id="path parameter that is not required",
        ),
        pytest.param(
            parameters(), [("/paths/~1pets~1{id}/get", "repaired")], id="path parameter that is not declared"
        ),
        pytest.param(
            {"security": [{"key": []}]},
            [("/security", "left out")],
            id="security scheme that is not declared",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {**GET, "operationId": "a"}, "put": {**GET, "operationId": "a"}}}},
            [("/paths/~1pets/put/operationId", "left out")],
            id="operationId twice",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": GET}, "/pets/{id": {"get": GET}}},
            [("/paths/~1pets~1{id", "left out")],
            id="path that is no template",
        ),
        pytest.param(
            {"paths": {"pets": {"get": GET}}}, [("/paths/pets", "repaired")], id="path without a slash"
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {"responses": {"200": {"$ref": "#/components/responses/No"}}}}}},
            [(f"{GET_PETS}/responses/200", "left out")],
            id="response that is nowhere",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {**GET, "parameters": [{"$ref": "other.yaml#/q"}]}}}},
            [(f"{GET_PETS}/parameters/0", "left out")],
            id="parameter in a file that is nowhere",
        ),
        pytest.param(
            schema({"properties": {"a": {"$ref": "#/components/schemas/No"}}}),
            [(f"{PET}/properties/a", "left out")],
            id="schema that is nowhere",
        ),
        pytest.param(
            schema({"properties": {"a": {"type": "string", "required": False}}}),
            [(f"{PET}/properties/a/required", "left out")],
            id="required: false on a property",
        ),
        pytest.param(
            {"paths": {"/pets": {"get": {**GET, "parameters": [{"in": "body", "name": "b", "schema": {}}]}}}},
            [(f"{GET_PETS}/parameters/0", "left out")],
            id="parameter of Swagger",
        ),
        pytest.param(
            parameters({"name": "id", "in": "path", "required": False, "schema": {}}),
            [("/paths/~1pets~1{id}/get/parameters/0/required", "repaired")],
            id="path parameter that is required: false",
        ),
        pytest.param(
            parameters({"name": "id", "in": "path", "required": True, "schema": {}, "content": {"a/b": {}}}),
            [("/paths/~1pets~1{id}/get/parameters/0", "repaired")],
            id="parameter with schema and content",
        ),
    ],
)
def test_real_defects(lenient, document, version, defects):
    """Each is reported where it is, with what was done, and the rest is as it was."""
    contract, found = lenient(document, version)
    assert found == defects
    assert contract.operations


@BOTH
def test_document_without_info(write, version):
    """It gets a title of the file's name."""
    path = write({"openapi": version, "paths": {"/pets": {"get": GET}}})
    contract = load_contract(path, lenient=True)
    assert contract.document["info"] == {"title": "pets", "version": "0"}


@BOTH
def test_reference_into_another_kind_of_component(lenient, version):
    """The content is taken that a response finds in a request body, and what is a component of no version."""
    content = {"application/json": {"schema": {"type": "integer"}}}
    bodies = {"requestBodies": {"Pet": {"content": content}}}
    reference = {"$ref": "#/components/requestBodies/Pet"}
    contract, found = lenient(
        {"paths": {"/pets": {"get": {"responses": {"200": reference}}}}, "components": bodies}, version
    )
    assert found == [(f"{GET_PETS}/responses/200", "repaired")]
    assert contract.operations[0].responses["200"]["content"] == content

    media_types = {"mediaTypes": {"Pet": content["application/json"]}}
    reference = {"application/json": {"$ref": "#/components/mediaTypes/Pet"}}
    responses = {"200": {"description": "", "content": reference}}
    contract, found = lenient(
        {"paths": {"/pets": {"get": {"responses": responses}}}, "components": media_types}, version
    )
    assert found[0] == (f"{GET_PETS}/responses/200/content/application~1json", "repaired")
    assert contract.operations[0].responses["200"]["content"] == content


@BOTH
@pytest.mark.parametrize("name", ["Pet", "P%65t"])
def test_references_of_a_document_that_is_half_converted(lenient, version, name):
    """They lead to the component of that kind and name, wherever Swagger 2.0 or the author has it."""
    content = {"application/json": {"schema": {"$ref": f"#/definitions/{name}"}}}
    responses = {"200": {"description": "", "content": content}, "404": {"$ref": f"#/responses/{name}"}}
    components = {
        "schemas": {"Pet": {"type": "integer"}},
        "responses": {"Pet": {"description": "gone"}},
        "requestBodies": {"Pet": {"content": content}},
    }
    body = {"$ref": f"#/components/schemas/{name}"}
    paths = {"/pets": {"post": {"requestBody": body, "responses": responses}}}
    contract, found = lenient({"paths": paths, "components": components}, version)
    assert {action for _, action in found} == {"repaired"}
    (operation,) = contract.operations
    assert operation.request_body == {"content": operation.responses["200"]["content"]}
    assert operation.responses["404"] == {"description": "gone"}
    (media_type,) = operation.responses["200"]["content"].values()
    assert contract.schemas.for_responses.of(media_type["schema"]).types == {"integer"}


def test_siblings_of_a_reference(lenient):
    """`required` beside the reference to a request body is ignored, as OpenAPI says."""
    body = {"$ref": "#/components/requestBodies/Pet", "required": True}
    contract, found = lenient(
        {
            "paths": {"/pets": {"post": {"requestBody": body, **GET}}},
            "components": {"requestBodies": {"Pet": {"content": {}}}},
        },
        "3.1.0",
    )
    assert found == [("/paths/~1pets/post/requestBody/required", "left out")]
    assert contract.operations[0].request_body == {"content": {}}


@pytest.mark.parametrize(
    ("version", "node", "becomes"),
    [
        ("3.1.0", {"$recursiveAnchor": True, "type": "object"}, {"type": "object"}),
        ("3.1.0", {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ("3.1.0", {"type": "date"}, {"type": "string"}),
        ("3.0.3", {"exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": True}),
        ("3.0.3", {"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ("3.0.3", {"type": "null"}, {"type": "string", "nullable": True, "enum": [None]}),
        ("3.0.3", {"type": "int64"}, {"type": "integer"}),
        ("3.0.3", {"const": 1}, {"enum": [1]}),
        ("3.0.3", {"$comment": "x", "type": "string"}, {"type": "string"}),
        ("3.0.3", {"required": ["a", "b", "a"]}, {"required": ["a", "b"]}),
        (
            "3.0.3",
            {"properties": {"a": {"required": True}}},
            {"properties": {"a": {}}, "required": ["a"]},
        ),
    ],
)
def test_schema_of_another_dialect(lenient, version, node, becomes):
    """What another version would say is said in the document's own, and unknown keywords go."""
    contract, _ = lenient(schema(node), version)
    assert contract.document["components"]["schemas"]["Pet"] == becomes


DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.mark.parametrize("dialect", [DRAFT_4, "https://json-schema.org/draft-05/schema"])
@pytest.mark.parametrize("named_by", ["$schema", "jsonSchemaDialect"])
@pytest.mark.parametrize(
    ("node", "becomes", "invalid"),
    [
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}, 0),
        (
            {"items": [{"type": "string"}], "additionalItems": False},
            {"prefixItems": [{"type": "string"}], "items": False},
            ["x", "y"],
        ),
    ],
)
def test_schema_that_names_an_older_dialect(write, named_by, dialect, node, becomes, invalid):
    """Its keywords are said in JSON Schema 2020-12, where they differ; so values can be validated."""
    members = {"jsonSchemaDialect": dialect} if named_by == "jsonSchemaDialect" else {}
    own = {} if members else {"$schema": dialect}
    document = {"openapi": "3.1.0", **members, **DOCUMENT, **schema({**own, "properties": {"a": node}})}
    contract = load_contract(write(document), lenient=True)
    pet = contract.document["components"]["schemas"]["Pet"]
    assert pet == {"properties": {"a": becomes}}
    assert "jsonSchemaDialect" not in contract.document
    assert not contract.schemas.of(pet).validator.is_valid({"a": invalid})
    pointer = f"{PET}/$schema" if named_by == "$schema" else "/jsonSchemaDialect"
    keyword = "items" if "items" in node else "exclusiveMinimum"
    assert {each.pointer for each in contract.defects} == {pointer, f"{PET}/properties/a/{keyword}"}


def test_schema_that_names_an_older_dialect_and_means_the_same(write):
    """What JSON Schema 2020-12 says in the same words stays as it is."""
    node = {"$schema": DRAFT_4, "type": "string", "minLength": 1}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=True)
    assert contract.document["components"]["schemas"]["Pet"] == node
    assert not contract.defects


def test_nullable_in_3_1(write):
    """What OpenAPI 3.0 says of null is said as JSON Schema does, and listed once."""
    cases = [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["null"], "nullable": True}, {"type": ["null"]}),
        ({"allOf": [{}], "nullable": True}, {"anyOf": [{"allOf": [{}]}, {"type": "null"}]}),
        ({"oneOf": [{}], **KIND, "nullable": True}, {"anyOf": [{"oneOf": [{}], **KIND}, {"type": "null"}]}),
        ({"allOf": [{}], **KIND, "nullable": True}, {**KIND, "anyOf": [{"allOf": [{}]}, {"type": "null"}]}),
        ({"nullable": True}, {}),
    ]
    node = {"properties": {f"p{index}": given for index, (given, _) in enumerate(cases)}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=True)
    found = contract.document["components"]["schemas"]["Pet"]["properties"]
    assert list(found.values()) == [becomes for _, becomes in cases]
    assert [each.pointer for each in contract.defects] == [f"{PET}/properties/p0/nullable"]


def test_unusable_schemas(write):
    """Invalid patterns and repeated alternatives are valid OpenAPI, and left out all the same."""
    node = {"oneOf": [{"pattern": "["}, {"type": "string"}, {"type": "string", "title": "again"}]}
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, **schema(node)}), lenient=True)
    assert contract.document["components"]["schemas"]["Pet"] == {"oneOf": [{}, {"type": "string"}]}
    assert [each.pointer for each in contract.defects] == [f"{PET}/oneOf/0/pattern", f"{PET}/oneOf/2"]


@BOTH
@pytest.mark.parametrize(
    ("node", "becomes", "defect"),
    [
        ({"type": "string", "enum": [1, 1.5, True]}, {"enum": ["1", "1.5", "true"]}, ("enum", "repaired")),
        ({"type": "string", "enum": ["a", 1, None]}, {"enum": ["a", "1", None]}, ("enum", "repaired")),
        ({"type": "integer", "enum": ["1", 2]}, {"enum": [1, 2]}, ("enum", "repaired")),
        ({"type": "boolean", "enum": ["true"]}, {"enum": [True]}, ("enum", "repaired")),
        (
            {"type": "array", "enum": ["a"], "items": {"type": "string"}},
            {"items": {"type": "string", "enum": ["a"]}},
            ("enum", "repaired"),
        ),
        ({"type": "string", "enum": [None]}, {"enum": [None]}, ("type", "left out")),
        ({"type": "integer", "enum": ["a", "1.5"]}, {"enum": ["a", "1.5"]}, ("type", "left out")),
        ({"type": "number", "enum": [1, "a"]}, None, None),
    ],
)
def test_values_of_an_enum_that_are_of_another_type(write, version, node, becomes, defect):
    """They are spelled in the type, or are those of the items; else the type is wrong."""
    path = write({"openapi": version, **DOCUMENT, **schema(node)})
    contract = load_contract(path, lenient=True)
    kept = {} if becomes is None or defect == ("type", "left out") else {"type": node["type"]}
    found = contract.document["components"]["schemas"]["Pet"]
    assert found == (node if becomes is None else kept | becomes)
    expected = [] if defect is None else [(f"{PET}/{defect[0]}", defect[1])]
    assert [(each.pointer, each.action) for each in contract.defects] == expected


def test_component_names(write):
    """A name that no component may have stays, for references lead to it."""
    components = {"schemas": {"Page<Pet>": {"type": "object"}}}
    path = write({"openapi": "3.1.0", **DOCUMENT, "components": components})
    contract = load_contract(path, lenient=True)
    assert [(each.pointer, each.action) for each in contract.defects] == [("/components/schemas", "accepted")]
    assert "Page<Pet>" in contract.document["components"]["schemas"]


def test_example_beside_examples(lenient):
    """All are kept, though OpenAPI 3.0 has one or the other; a name that is taken gets a sign."""
    examples = {"example": {"value": 1}, "cat": {"value": 2}}
    response = {"description": "", "content": {"application/json": {"example": 3, "examples": examples}}}
    contract, found = lenient({"paths": {"/pets": {"get": {"responses": {"200": response}}}}})
    assert found == [(f"{GET_PETS}/responses/200/content/application~1json", "repaired")]
    (media_type,) = contract.operations[0].responses["200"]["content"].values()
    assert media_type == {"examples": examples | {"example_": {"value": 3}}}


@pytest.mark.parametrize(
    ("version", "read"),
    [
        *((each, "3.1.0") for each in (None, 3, 3.1, "3", "3.x", "3.1")),
        *((each, "3.0.0") for each in (3.0, "3.0", "3.0.10", "3.0.x")),
        ("3.3.0", "3.2.0"),
    ],
)
def test_version_of_openapi(write, version, read):
    """A version that is written otherwise is understood, and one to come read as the last that is known."""
    contract = load_contract(write({"openapi": version, **DOCUMENT}), lenient=True)
    assert contract.openapi == read
    assert [(each.pointer, each.action) for each in contract.defects] == [("/openapi", "repaired")]


@pytest.mark.parametrize("version", ["v3", "4.0.0", "30", ["3.0.0"]])
def test_what_is_no_version_of_openapi(write, version):
    """It is refused, leniently too."""
    with pytest.raises(ContractError, match="expected a string"):
        load_contract(write({"openapi": version, **DOCUMENT}), lenient=True)


YAML = """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
x-ok: &ok
  description: OK
paths:
  /pets:
    get:
      responses:
        "200":
          <<: *ok
  /pets:
    put:
      operationId: a
      operationId: b
      responses: {"200": {description: !ours OK}}
"""


def test_yaml_that_is_not_json(write):
    """Of keys that stand twice objects are merged, merge keys are, and tags ignored, each with its line."""
    path = write(YAML, "pets.yaml")
    with pytest.raises(ContractError):
        load_contract(path)
    contract = load_contract(path, lenient=True)
    assert [(each.method, each.operation_id) for each in contract.operations] == [
        ("get", "get_pets"),
        ("put", "b"),
    ]
    assert [(each.line, each.pointer) for each in contract.defects] == [
        (10, "/paths/~1pets/get/responses/200/<<"),
        (11, "/paths/~1pets"),
        (14, "/paths/~1pets/put/operationId"),
        (15, "/paths/~1pets/put/responses/200/description"),
    ]


@pytest.mark.parametrize("text", ['{"openapi": "3.0.3" // x\n}', "{"])
def test_json_that_is_none(write, text):
    """It is refused with the words of JSON, if it is no YAML either."""
    with pytest.raises(ContractError, match="Invalid JSON at line 1"):
        load_contract(write(text), lenient=True)


def test_json_with_a_comma_too_many(write):
    """It is read as YAML, and keys that stand twice are merged there."""
    text = json.dumps({"openapi": "3.0.3", **DOCUMENT}, indent=1)
    path = write(text.replace('"version": "1"', '"version": "0",\n"version": "1",'))
    contract = load_contract(path, lenient=True)
    assert contract.version == "1"
    assert [(each.line, each.pointer) for each in contract.defects] == [(6, "/info/version")]


def test_document_of_many_files(write):
    """References where none may be are followed through files, and defects name the file that they are in."""
    write("# Welcome", "texts/welcome.md")
    write(
        {"responses": {"200": {"$ref": "../parts/ok.json"}}, "description": {"$ref": "../texts/a.json#/b"}},
        "paths/list.json",
    )
    write({"b": "All pets"}, "texts/a.json")
    write(
        {"description": "OK", "content": {"application/json": {"schema": {"type": "money"}}}}, "parts/ok.json"
    )
    path = write(
        {
            "openapi": "3.0.3",
            "info": {"title": "Pets", "version": "1", "description": {"$ref": "texts/welcome.md"}},
            "tags": [{"name": "pets", "description": {"$ref": "texts/a.json#/b"}}],
            "paths": {"/pets": {"get": {"$ref": "paths/list.json"}}},
        }
    )
    contract = load_contract(path, lenient=True)
    assert contract.document["info"]["description"] == "# Welcome"
    assert contract.document["tags"][0]["description"] == "All pets"
    assert contract.document["paths"]["/pets"]["get"]["description"] == "All pets"
    assert contract.operations[0].responses["200"]["description"] == "OK"
    last = contract.defects[-1]
    assert last.source.endswith("parts/ok.json")
    assert (last.pointer, last.action) == ("/content/application~1json/schema/type", "left out")


def test_places_are_those_of_the_file(lenient):
    """What was left out of an array before does not move the places of what comes after it."""
    listed = [
        {"name": name, "in": where, "schema": {"type": "text"}}
        for name, where in [("a", "body"), ("b", "query"), ("c", "body"), ("d", "query")]
    ]
    _, found = lenient({"paths": {"/pets": {"get": {**GET, "parameters": listed}}}})
    assert found == [
        (f"{GET_PETS}/parameters/0", "left out"),
        (f"{GET_PETS}/parameters/1/schema/type", "repaired"),
        (f"{GET_PETS}/parameters/2", "left out"),
        (f"{GET_PETS}/parameters/3/schema/type", "repaired"),
    ]


def test_paths_of_the_same_shape(write):
    """Of paths that differ in the names of parameters alone, the first is taken whose parameters fit."""

    def item(name, **schema):
        declared = {"name": name, "in": "path", "required": True, "schema": schema}
        return {"get": {"operationId": name, "parameters": [declared], **GET}}

    paths = {"/a/{id}": item("id", type="integer"), "/a/{name}": item("name", pattern="^[a-z]+$")}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=True)
    routes = {sent: contract.route("GET", f"/a/{sent}").operation_id for sent in ("7", "rex", "R2-D2")}
    assert routes == {"7": "id", "rex": "name", "R2-D2": "id"}


@pytest.mark.parametrize(
    ("template", "sent"), [("/100%", "/100%25"), ("/a b", "/a%20b"), ("/%41%zz", "/A%25zz")]
)
def test_literal_characters_of_a_path(write, template, sent):
    """A percent sign and a space in a path mean themselves."""
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": {template: {"get": GET}}}))
    assert contract.route("GET", sent).operation is not None


def test_not_a_document(write):
    """What is no contract at all is refused in a sentence."""
    with pytest.raises(ContractError, match="expected a string"):
        load_contract(write({"a": 1}), lenient=True)


@pytest.mark.parametrize("lenient", [True, False])
def test_operations_without_end(write, lenient):
    """A document of more than twenty thousand operations is refused before anything else is done with it."""
    paths = {f"/{number}": {"get": GET} for number in range(20_001)}
    with pytest.raises(ContractError, match="#/paths: has more than 20000 operations"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=lenient)


def test_additional_operations_without_end(write):
    """Operations of other methods are as many."""
    methods = {f"M{number}": GET for number in range(20_001)}
    document = {"openapi": "3.2.0", **DOCUMENT, "paths": {"/pets": {"additionalOperations": methods}}}
    with pytest.raises(ContractError, match="#/paths: has more than 20000 operations"):
        load_contract(write(document), lenient=True)


MANY = range(10_001)
PARAMETERS = [{"name": f"p{number}", "in": "query", "schema": {}} for number in MANY]
MEDIA_TYPES = {f"a/b{number}": {} for number in MANY}


@pytest.mark.parametrize(
    ("pointer", "members"),
    [
        ("/paths/~1pets/parameters", {"paths": {"/pets": {"parameters": PARAMETERS, "get": GET}}}),
        ("/paths/~1pets/get/parameters", {"paths": {"/pets": {"get": {**GET, "parameters": PARAMETERS}}}}),
        (
            "/paths/~1pets/put/requestBody/content",
            {"paths": {"/pets": {"put": {**GET, "requestBody": {"content": MEDIA_TYPES}}}}},
        ),
        (
            "/components/securitySchemes",
            {"components": {"securitySchemes": {f"k{each}": {"type": "mutualTLS"} for each in MANY}}},
        ),
        ("/servers", {"paths": {"/pets": {"get": GET}}, "servers": [{"url": f"/{each}"} for each in MANY]}),
    ],
)
@pytest.mark.parametrize("lenient", [True, False])
def test_members_without_end(write, pointer, members, lenient):
    """So is one with an object of more than ten thousand members, each of which is validated and read."""
    with pytest.raises(ContractError, match=f"#{pointer}: has more than 10000 members"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, **members}), lenient=lenient)


def test_server_without_end(write):
    """So is one with a server of more variables than any address has."""
    url = "".join(f"/{{v{number}}}" for number in range(2000))
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"get": GET, "servers": [{"url": url}]}}}
    with pytest.raises(ContractError, match="#/paths/~1pets: has a server whose URL has more than 10000"):
        load_contract(write(document), lenient=True)


def test_webhooks_without_end(write, monkeypatch):
    """Webhooks count as operations."""
    monkeypatch.setattr(loading, "MAX_OPERATIONS", 10)
    webhooks = {f"w{number}": {"post": GET} for number in range(11)}
    with pytest.raises(ContractError, match="#/webhooks: has more than 10 operations"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "webhooks": webhooks}), lenient=True)


@pytest.mark.parametrize("lenient", [True, False])
def test_names_below_names(write, lenient):
    """What is below long names is refused: the pointer of each object there would hold all of them."""
    node = {"type": "string"}
    for level in range(30):
        node = {"properties": {"n" * 100 + str(level): node}}
    with pytest.raises(ContractError, match="is below names of more than 2000 characters") as refused:
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=lenient)
    assert len(str(refused.value)) < 2500


@pytest.fixture
def schemas(write):
    """Loads a document of these schemas leniently, and returns its defects."""

    def load(**schemas):
        document = {"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": schemas}}
        return load_contract(write(document), lenient=True).defects

    return load


@pytest.fixture
def looked_up(monkeypatch):
    """Gets each schema whose reference is followed to find out whether it can be used."""
    found, target = [], unusable._target
    monkeypatch.setattr(unusable, "_target", lambda *given: found.append(given) or target(*given))
    return found


def test_a_chain_of_schemas(schemas, looked_up):
    """Schemas that lead from one to the next are each looked up a few times, however long the chain is."""
    chain = {f"S{each}": {"allOf": [{"$ref": f"#/components/schemas/S{each + 1}"}]} for each in range(500)}
    assert not schemas(**chain, S500={"type": "string"})
    assert len(looked_up) < 5 * len(chain)


def test_schemas_that_are_compared(schemas, monkeypatch):
    """What many an ``allOf`` leads to is compared a bounded number of times, and left out once."""
    monkeypatch.setattr(unusable, "MOST_COMPARED", 1000)
    closed = {
        f"C{each}": {"properties": {f"p{each}": {}}, "required": [f"p{each}"], "additionalProperties": False}
        for each in range(20)
    }
    all_of = [{"$ref": f"#/components/schemas/{name}"} for name in closed]
    many = {f"S{each}": {"allOf": all_of} for each in range(500)}
    parts, flaws = [], []
    for name, found in (("_parts", parts), ("_closed", flaws)):
        function = getattr(unusable, name)

        def noted(*given, function=function, found=found):
            found += (listed := list(function(*given)))
            return listed

        monkeypatch.setattr(unusable, name, noted)
    assert len(schemas(**closed, **many)) == len(closed) == len(flaws)
    assert len(parts) <= 1000


def test_schemas_that_are_evaluated_twice(schemas, monkeypatch):
    """What has ``unevaluatedProperties`` evaluates what is beside it twice, and that the same again."""
    monkeypatch.setattr(unusable, "MOST_STEPS", 1000)
    both = ({"$ref": f"#/components/schemas/S{each + 1}"} for each in range(6))
    chain = {f"S{index}": {"anyOf": [each, {**each}]} for index, each in enumerate(both)}
    assert not schemas(**chain, S6={"type": "object"})
    for each in chain.values():
        each["unevaluatedProperties"] = False
    (defect,) = schemas(**chain, S6={"type": "object"})
    assert defect.reason == "leads to more than 1000 schemas for one value."


def test_names_without_end(write, monkeypatch):
    """Errors of components' names, each with a copy of what it is about, do not multiply."""
    sizes = []
    flaws = validation._flaws

    def counted(error, pointer):
        sizes.append(len(error.instance))
        return flaws(error, pointer)

    monkeypatch.setattr(validation, "_flaws", counted)
    components = {"schemas": {f"S {number}": {"type": "string"} for number in range(1000)}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "components": components}), lenient=True)
    assert [each.action for each in contract.defects] == ["accepted"]
    assert max(sizes) <= 100


def test_components_without_end(write):
    """What the document refers to may have more."""
    components = {"schemas": {f"S{number}": {"type": "string"} for number in MANY}}
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"get": GET}}, "components": components}
    assert not load_contract(write(document)).defects


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enum", [{"a": number} for number in MANY]),
        ("allOf", [{"type": "object"} for _ in MANY]),
        ("prefixItems", [{"type": "integer"} for _ in MANY]),
        ("$defs", {f"d{number}": {"$id": f"http://pets.example/{number}"} for number in MANY}),
        ("required", [f"p{number}" for number in MANY]),
    ],
)
def test_schema_without_end(write, field, value, lenient):
    """So is one with a schema, however deep, of as many alternatives, properties or values."""
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {"name": {field: value}}})}
    pointer = re.escape(f"#{PET}/properties/name/{field}")
    with pytest.raises(ContractError, match=f"{pointer}: has more than 10000 members"):
        load_contract(write(document), lenient=lenient)


@pytest.mark.parametrize("field", ["default", "const", "x-rows"])
def test_values_of_many_members(write, field):
    """Values may have more."""
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {"name": {field: list(MANY)}}})}
    assert not load_contract(write(document)).defects


@pytest.mark.parametrize("lenient", [True, False])
def test_schemas_without_end(write, monkeypatch, lenient):
    """So is one of schemas without end, wherever they are."""
    monkeypatch.setattr("openapi_contract.extent.MAX_OBJECTS", 1000)
    properties = {f"p{number}": {"items": {"type": "string"}} for number in range(500)}
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": properties})}
    with pytest.raises(ContractError, match="more than 1000 operations, parameters, responses, schemas"):
        load_contract(write(document), lenient=lenient)


TOO_MUCH = "brings in more than 67108864 characters from other files"


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(("part", "copies"), [("x" * 20_000, 1), ([[each] for each in range(35)], 9)])
def test_files_without_end(write, monkeypatch, part, copies, lenient):
    """So is one that brings in too much of other files, counted as often as it is copied."""
    monkeypatch.setattr("openapi_contract.embedding.MAX_CHARACTERS", 20_000)
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"$ref": "part.json#/item"}}}
    write({"item": {"get": GET}}, "part.json")
    assert load_contract(write(document), lenient=lenient).operations
    write({"item": {"get": {**GET, "x-rows": part}}}, "part.json")
    paths = {f"/{number}": {"$ref": "part.json#/item"} for number in range(copies)}
    with pytest.raises(ContractError, match=TOO_MUCH):
        load_contract(write({**document, "paths": paths}), lenient=lenient)


def test_prose_without_end(write, monkeypatch):
    """What stands in the place of a reference where none may be counts as well."""
    monkeypatch.setattr("openapi_contract.embedding.MAX_CHARACTERS", 20_000)
    write("x" * 3000, "part.md")
    tags = [{"name": f"t{number}", "description": {"$ref": "part.md"}} for number in range(9)]
    assert load_contract(write({"openapi": "3.1.0", **DOCUMENT, "tags": tags[:2]}), lenient=True).defects
    with pytest.raises(ContractError, match=TOO_MUCH):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "tags": tags}), lenient=True)


def test_a_file_that_cannot_be_read_is_read_once(write, monkeypatch):
    """However many references lead into it."""
    read = []

    def noting(source, defects=None):
        read.append(source)
        return read_document(source, defects)

    read_document = inlining.read_document
    monkeypatch.setattr(inlining, "read_document", noting)
    write("{]", "part.json")
    names = {f"S{number}": {"$ref": f"part.json#/{number}"} for number in range(5)}
    contract = load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": names}}), lenient=True
    )
    assert len(contract.defects) == 5
    assert len(read) == 1


@pytest.mark.parametrize("lenient", [True, False])
def test_servers_without_end(write, monkeypatch, lenient):
    """Servers count as objects, each segment of their URLs as one more."""
    monkeypatch.setattr("openapi_contract.extent.MAX_OBJECTS", 1000)
    paths = {f"/{number}": {"get": {**GET, "servers": [{"url": "/a" * 50}]}} for number in range(20)}
    with pytest.raises(ContractError, match="has more than 1000 operations"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=lenient)


@pytest.mark.parametrize("lenient", [True, False])
def test_objects_below_long_names(write, monkeypatch, lenient):
    """Objects with long pointers count as several."""
    monkeypatch.setattr("openapi_contract.extent.MAX_OBJECTS", 1000)
    monkeypatch.setattr("openapi_contract.embedding.MAX_OBJECTS", 1000)
    properties = {f"p{number}": {"type": "string"} for number in range(400)}

    def document(name):
        return write(
            {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {name: {"properties": properties}}})}
        )

    assert load_contract(document("n"), lenient=lenient).operations
    with pytest.raises(ContractError, match="has more than 1000 operations"):
        load_contract(document("n" * 1200), lenient=lenient)


def test_alternatives_that_many_share_are_looked_at_once(write, monkeypatch):
    """Whether two alternatives mean the same is asked of each schema once, wherever references lead to it."""
    looked_at = []

    def noting(schema, change):
        looked_at.append(id(schema.get("properties")))
        return map_subschemas(schema, change)

    map_subschemas = unusable.map_subschemas
    monkeypatch.setattr(unusable, "map_subschemas", noting)
    lists = {f"S{number}": {"oneOf": [{"$ref": f"#{PET}"}, {"type": "null"}]} for number in range(9)}
    components = {"schemas": {"Pet": {"properties": {"name": {"type": "string"}}}, **lists}}
    assert not load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "components": components}), lenient=True
    ).defects
    assert len([each for each in looked_at if each != id(None)]) == 1


@pytest.mark.parametrize("lenient", [True, False])
def test_valid_documents_are_walked_once(write, monkeypatch, lenient):
    """Whatever looks at the objects of a document looks at the same ones, found in one walk."""
    looked_at = []

    def noting(place):
        looked_at.append(place.pointer)
        return children(place)

    children = anatomy.children
    monkeypatch.setattr(anatomy, "children", noting)
    load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, **schema({"items": {"type": "string"}})}), lenient=lenient
    )
    assert f"{PET}/items" in looked_at
    assert len(looked_at) == len(set(looked_at))


@pytest.mark.parametrize("lenient", [True, False])
def test_objects_multiplied_by_references(write, monkeypatch, lenient):
    """Objects count as often as references lead to them, in others that references lead to as well."""
    monkeypatch.setattr("openapi_contract.extent.MAX_OBJECTS", 1000)
    parameters = {f"p{number}": {"name": f"p{number}", "in": "query", "schema": {}} for number in range(10)}
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in parameters]
    components = {"parameters": parameters, "pathItems": {"item": {"parameters": shared, "get": GET}}}

    def document(paths):
        items = {f"/{number}": {"$ref": "#/components/pathItems/item"} for number in range(paths)}
        return write({"openapi": "3.1.0", **DOCUMENT, "paths": items, "components": components})

    assert len(load_contract(document(20), lenient=lenient).operations) == 20
    with pytest.raises(
        ContractError, match="has more than 1000 operations, parameters, responses, schemas and so on"
    ):
        load_contract(document(80), lenient=lenient)


def test_security_of_all_operations(write):
    """Operations share what the document requires of each of them."""
    paths = {"/a": {"get": GET}, "/b": {"get": {**GET, "security": []}}, "/c": {"get": GET}}
    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}}
    rest = {"paths": paths, "security": [{"key": []}], "components": schemes}
    first, own, third = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **rest})).operations
    assert (first.security, own.security) == (({"key": []},), ())
    assert third.security is first.security


def patterns_of(write, patterns):
    """Return those of a document that are kept, and why others are left out."""
    schemas = {f"S{number}": {"pattern": each} for number, each in enumerate(patterns)}
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {}, "components": {"schemas": schemas}}
    contract = load_contract(write(document), lenient=True)
    kept = contract.document["components"]["schemas"].values()
    return [each["pattern"] for each in kept if each], [each.reason for each in contract.defects]


def test_patterns_without_end(write, monkeypatch):
    """Patterns beyond a number are left out."""
    monkeypatch.setattr("openapi_contract.unusable.MOST_PATTERNS", 60)
    patterns = [f"^a{{{number + 10}}}$" for number in range(70)]
    kept, reasons = patterns_of(write, patterns + patterns)
    assert kept == 2 * patterns[:60]
    assert set(reasons) == {"is one of more than 60 patterns."}


def test_patterns_that_are_not_small(write, monkeypatch):
    """No more than these are compiled, not even to find out how large they are."""
    compiled, is_small = set(), unusable.is_small
    monkeypatch.setattr(unusable, "is_small", lambda pattern: compiled.add(pattern) or is_small(pattern))
    monkeypatch.setattr(unusable, "MOST_PATTERNS", 60)
    patterns_of(write, [f"^[^a]{{0,2{number}9}}$" for number in range(100)])
    assert len(compiled) == 60


@pytest.mark.parametrize("pattern", [r"^\p{{Lu}}{{1,1{}}}$", "^[^a]{{0,2{}9}}$"])
def test_large_patterns_without_end(write, pattern):
    """Large ones are left out much sooner, and those that are not large are kept."""
    large = [pattern.format(number + 10) for number in range(70)]
    kept, reasons = patterns_of(write, [*large, *large, "^[0-9]+$"])
    assert kept == [*large[:32], *large[:32], "^[0-9]+$"]
    assert set(reasons) == {"is one of more than 32 patterns that are large or no regular expressions."}


def test_invalid_patterns_without_end(write):
    """What is no pattern takes no other's place, and is not looked at for ever."""
    invalid, large = (
        [f"({number}" for number in range(49)],
        [f"^[^a]{{0,2{number}9}}$" for number in range(9)],
    )
    kept, reasons = patterns_of(write, [*invalid, *large, "^[0-9]+$"])
    assert kept == [*large, "^[0-9]+$"]
    assert reasons == ["is not a regular expression."] * 49
    kept, reasons = patterns_of(write, [*invalid, "(a", "(b", "^[0-9]+$"])
    assert kept == ["^[0-9]+$"]
    assert reasons.count("is one of more than 50 patterns that are large or no regular expressions.") == 1


def test_defects_without_end(write):
    """So is one that has defects everywhere."""
    schemas = {f"S{number}": {"type": "money"} for number in range(10_001)}
    with pytest.raises(ContractError, match="has too many defects"):
        load_contract(
            write({"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": schemas}}), lenient=True
        )


@BOTH
@pytest.mark.parametrize(
    "document",
    [
        parameters(*({"in": "body", "name": f"p{number}"} for number in range(500))),
        schema({"properties": {f"p{number}": {"type": "money"} for number in range(500)}}),
    ],
    ids=["parameters", "properties"],
)
def test_defects_of_one_object_without_end(write, monkeypatch, document, version):
    """However many parts of an object are wrong, no more are validated than defects are allowed."""
    validated = []
    alone = validation._flaws_alone

    def counted(place, validator):
        validated.append(place.pointer)
        return alone(place, validator)

    monkeypatch.setattr(validation, "_flaws_alone", counted)
    monkeypatch.setattr(loading, "MAX_DEFECTS", 10)
    with pytest.raises(ContractError, match="more than 10"):
        load_contract(write({"openapi": version, **DOCUMENT, **document}), lenient=True)
    assert len(validated) < 50


def test_places_behind_what_was_left_out(write):
    """Where an item of an array is in the file is known, also if others were left out before it."""
    wrong = {"in": "body", "name": "b", "schema": {}}
    right = [{"in": "query", "name": name, "schema": {"type": "integer"}} for name in "pq"]
    both = {"oneOf": [{"pattern": "("}, {"pattern": "("}, {"allOf": [{"type": "money"}, {"minimum": 1}]}]}
    listed = [wrong, right[0], wrong, {**right[1], "schema": both}]
    paths = {"/pets": {"get": {"parameters": listed, **GET}}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=True)
    at = f"{GET_PETS}/parameters"
    assert [each["name"] for each in contract.operations[0].parameters] == ["p", "q"]
    assert contract.origin(f"{at}/0/schema") == f"{at}/1/schema"
    assert contract.origin(f"{at}/1/schema/oneOf/0") == f"{at}/3/schema/oneOf/0"
    assert contract.origin(f"{at}/1/schema/oneOf/1/allOf/1") == f"{at}/3/schema/oneOf/2/allOf/1"


def test_places_behind_what_is_repeated(write):
    """So is where an item is before which equal ones stood."""
    listed = [{"in": "query", "name": name, "schema": {"type": "integer"}} for name in "ppq"]
    contract = load_contract(
        write({"openapi": "3.0.3", **DOCUMENT, "paths": {"/pets": {"get": {"parameters": listed, **GET}}}}),
        lenient=True,
    )
    assert contract.origin(f"{GET_PETS}/parameters/1") == f"{GET_PETS}/parameters/2"


def test_references_without_end(write):
    """What is put in the place of references does not grow without end."""
    parts = {f"p{n}": {"a": {"$ref": f"#/x-p/p{n + 1}"}, "b": {"$ref": f"#/x-p/p{n + 1}"}} for n in range(60)}
    info = {"title": "Pets", "version": "1", "contact": {"$ref": "#/x-p/p0"}}
    assert load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, "x-p": parts, "info": info}), lenient=True
    ).defects


def test_a_defect_deep_in_a_schema_of_30(write):
    """A schema of OpenAPI 3.0 is validated level by level: its alternatives would take exponential time."""
    node = {"type": "money"}
    for _ in range(90):
        node = {"items": node}
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, **schema(node)}), lenient=True)
    assert [each.pointer for each in contract.defects] == [f"{PET}{'/items' * 90}/type"]


@pytest.mark.parametrize(
    "document",
    [
        {"paths": {"/pets": True, "/cats": {"get": True}}},
        {"paths": {"/pets": {"get": {"responses": {"$ID": 1}}}}},
        {"paths": {"/pets": {"get": {"responses": {"default": ""}}}}},
        {
            "components": {
                "schemas": {"Pet": {"properties": {"type": "string", "title": "a", "required": True}}}
            }
        },
    ],
)
@BOTH
def test_defects_that_follow_from_each_other(lenient, document, version):
    """What is left out or filled in is not wrong again, over and over."""
    assert lenient(document, version)[1]


def test_expressions_in_the_query_of_a_template(write):
    """What a template has in its query may be declared as a parameter of the query."""
    item = {"get": {"parameters": [{"name": "id", "in": "query", "schema": {}}], "responses": OK}}
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, "paths": {"/pets?id={id}": item}}))
    assert [each["in"] for each in contract.operations[0].parameters] == ["query"]


def defects_of_schemas(write, schemas, version="3.0.3"):
    """Load a valid document of these schemas, and return the defects as (pointer, action)."""
    document = {"openapi": version, **DOCUMENT, "components": {"schemas": schemas}}
    path = write(document)
    load_contract(path)
    return [(each.pointer, each.action) for each in load_contract(path, lenient=True).defects]


@BOTH
def test_a_part_of_an_all_of_that_forbids_what_another_requires(write, version):
    """``additionalProperties: false`` is left out where nothing conforms to the whole, and else stays."""
    base = {"type": "object", "properties": {"id": {}}, "required": ["id"], "additionalProperties": False}
    own = {"type": "object", "properties": {"name": {}}, "required": ["name"]}
    optional = {"type": "object", "properties": {"age": {}}}
    schemas = {
        "Base": base,
        "Deep": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
        "Pet": {"allOf": [{"$ref": "#/components/schemas/Deep"}, own]},
        "Cat": {"allOf": [deepcopy(base), optional]},
        "Dog": {**deepcopy(own), "additionalProperties": False, "allOf": [deepcopy(optional)]},
        "Any": {"allOf": [{**deepcopy(base), "patternProperties": {"^n": {}}}, deepcopy(own)]}
        if version == "3.1.0"
        else {},
    }
    assert defects_of_schemas(write, schemas, version) == [
        ("/components/schemas/Base/additionalProperties", "left out")
    ]


@BOTH
@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_multiply(write, version, keyword):
    """Schemas that lead twice to one that leads twice to another, and so on, are cut."""
    twice = {
        f"S{index}": {
            keyword: [
                {
                    "allOf": [{"$ref": f"#/components/schemas/S{index + 1}"}],
                    "minLength": length,
                }
                for length in (1, 2)
            ]
        }
        for index in range(40)
    }
    found = defects_of_schemas(write, {**twice, "S40": {"type": "string"}}, version)
    assert {action for _, action in found} == {"left out"}
    assert 2 <= len(found) <= 4  # of 2 to the power of 40, some 100,000 are looked at each time
    few = {name: twice[name] for name in list(twice)[-10:]}
    assert not defects_of_schemas(write, {**few, "S40": {"type": "string"}}, version)


def test_a_schema_that_leads_to_itself(write):
    """A circle is not counted without end."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Pet"}}}
    circle = {"anyOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "string"}]}
    pet = {"anyOf": [node, {"$ref": "#/components/schemas/Circle"}]}
    assert not defects_of_schemas(write, {"Pet": pet, "Circle": circle})


A_STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("document", "pointer", "becomes"),
    [
        pytest.param({"paths": {"/a": {"GET": GET}}}, "/paths/~1a/get", GET, id="method in capitals"),
        pytest.param(
            {"paths": {"/a": {"get": {"responses": {"200": {"description": "", "schema": A_STRING}}}}}},
            "/paths/~1a/get/responses/200/content/application~1json/schema",
            A_STRING,
            id="schema of a response, as it was in Swagger 2.0",
        ),
        pytest.param(
            {
                "paths": {
                    "/a": {"post": {"requestBody": {"content": {"text/plain": A_STRING}}, "responses": OK}}
                }
            },
            "/paths/~1a/post/requestBody/content/text~1plain/schema",
            A_STRING,
            id="schema in the place of a media type",
        ),
        pytest.param(
            {"components": {"headers": {"X": A_STRING}}},
            "/components/headers/X/schema",
            A_STRING,
            id="schema in the place of a header",
        ),
        pytest.param(
            {"paths": {"/a": {"get": {"responses": {"200": "OK"}}}}},
            "/paths/~1a/get/responses/200/description",
            "OK",
            id="text in the place of a response",
        ),
        pytest.param(
            parameters({"name": "id", "in": "path", "required": "true", "schema": {}}),
            "/paths/~1pets~1{id}/get/parameters/0/required",
            True,
            id="boolean in quotation marks",
        ),
        pytest.param(schema({"maxLength": "12"}), f"{PET}/maxLength", 12, id="number in quotation marks"),
        pytest.param(
            schema({"discriminator": "kind"}),
            f"{PET}/discriminator/propertyName",
            "kind",
            id="discriminator, as it was in Swagger 2.0",
        ),
        pytest.param(
            {"paths": {"/a": {"get": {"tags": "pets", "responses": OK}}}},
            "/paths/~1a/get/tags",
            ["pets"],
            id="a value in the place of a list",
        ),
        pytest.param(
            {"paths": {"/a": {"get": {"tags": [5], "responses": OK}}}},
            "/paths/~1a/get/tags/0",
            "5",
            id="a number in the place of a text",
        ),
        pytest.param(
            {"servers": [{"url": "https://a:{port}", "variables": {"port": {"default": 443}}}]},
            "/servers/0/variables/port/default",
            "443",
            id="a port",
        ),
        pytest.param(
            {"paths": {"/a": {"post": {"requestBody": {"schema": A_STRING}, "responses": OK}}}},
            "/paths/~1a/post/requestBody/content/application~1json/schema",
            A_STRING,
            id="schema of a request body",
        ),
        pytest.param(
            {
                "paths": {
                    "/a": {"get": {"parameters": {"q": {"name": "q", "in": "query", "schema": {}}}, **GET}}
                }
            },
            "/paths/~1a/get/parameters/0/name",
            "q",
            id="parameters by name",
        ),
    ],
)
def test_what_was_meant(lenient, document, pointer, becomes):
    """What a document says in another place, or as a value of another type, is put right."""
    contract, defects = lenient(document)
    assert pointers.lookup(contract.document, pointer) == becomes
    assert {action for _, action in defects} == {"repaired"}


def test_members_that_are_not_allowed(lenient):
    """Each is listed at its own place; what is wrong beside or below them is listed as well."""
    get = {
        "parameters": [{"in": "body", "name": "b", "schema": {}}],
        "responses": {**OK, "ok": OK["200"]},
        "a": 1,
    }
    contract, found = lenient({"paths": {"http://x/a": {}, "/b": {"get": get, "c": 2}}})
    at = "/paths/~1b/get"
    names = (f"{at}/parameters/0", f"{at}/responses/ok", f"{at}/a", "/paths/~1b/c", "/paths/http:~1~1x~1a")
    assert sorted(found) == sorted((each, "left out") for each in names)
    reasons = {each.pointer: each.reason for each in contract.defects}
    assert reasons.pop(names[0]) == 'is in "body"; expected a place such as path or query.'
    assert set(reasons.values()) == {
        f"{each!r} is not allowed here." for each in ("ok", "a", "c", "http://x/a")
    }


@pytest.mark.parametrize("template", ["/pets/{id:.+}", "/pets/{*id}", "/pets/{id}"])
def test_expressions_as_routers_have_them(write, template):
    """A parameter is declared by the plain name."""
    own = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {template: {"get": {"parameters": [own], "responses": OK}}}
    (operation,) = load_contract(write({"openapi": "3.0.3", **DOCUMENT, "paths": paths})).operations
    assert list(operation.parameters) == [own]


@pytest.mark.parametrize("number", ["9" * 5000, "007", "1." + "0" * 5000])
def test_a_text_that_is_a_number_of_no_use(write, number):
    """It is left out, though Python takes such digits."""
    contract = load_contract(
        write({"openapi": "3.0.3", **DOCUMENT, **schema({"maxLength": number})}), lenient=True
    )
    assert "maxLength" not in pointers.lookup(contract.document, PET)
