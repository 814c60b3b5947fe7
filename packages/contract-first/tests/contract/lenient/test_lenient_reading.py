"""What is wrong in a document is repaired or left out, the smallest part, and reported with its place."""

import pytest

from contract_first.contract import ContractError, load_contract
from contract_first.contract.document.json_types import named_types, type_of

from .conftest import BOTH, DOCUMENT, GET, GET_PETS, OK, PET, parameters, schema


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


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


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


def test_definitions_of_a_document_that_is_half_converted(lenient):
    """They are schemas of the components, unless one has their name."""
    content = {"application/json": {"schema": {"$ref": "#/definitions/Pet"}}}
    paths = {"/pets": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    definitions = {"Pet": {"type": "integer"}, "Other": {"type": "integer"}}
    components = {"schemas": {"Other": {"type": "string"}}}
    contract, found = lenient({"paths": paths, "components": components}, definitions=definitions)
    assert found == [
        (f"{GET_PETS}/responses/200/content/application~1json/schema", "repaired"),
        ("/definitions", "repaired"),
    ]
    assert contract.document["components"]["schemas"] == {
        "Other": {"type": "string"},
        "Pet": {"type": "integer"},
    }


@BOTH
def test_references_without_an_end_and_paths_without_a_difference(write, version):
    """They are valid, and reported: the reference is left out, and the paths are served."""
    schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    paths = {
        f"/pets/{{{name}}}": {method: {**GET, "parameters": [dict(ID, name=name)]}}
        for name, method in (("x", "get"), ("y", "delete"))
    }
    document = {"openapi": version, **DOCUMENT, "paths": paths, "components": {"schemas": schemas}}
    contract = load_contract(write(document), lenient=True)
    assert [(each.pointer, each.action) for each in contract.defects] == [
        ("/components/schemas/A/$ref", "left out"),
        ("/components/schemas/B/$ref", "left out"),
        ("/paths/~1pets~1{y}", "accepted"),
    ]


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


def test_a_reference_that_no_component_is_named_by(lenient):
    """A slash in the name that a reference to nothing ends in is no name of a component."""
    content = {"application/json": {"schema": {"$ref": "#/definitions/a%2Fb"}}}
    responses = {"200": {"description": "", "content": content}}
    _, found = lenient({"paths": {"/pets": {"get": {"responses": responses}}}})
    assert found == [(f"{GET_PETS}/responses/200/content/application~1json/schema", "left out")]


@BOTH
@pytest.mark.parametrize("value", ["#/nowhere", "#/info", 5])
def test_a_document_is_no_reference(lenient, version, value):
    """A `$ref` beside the version is left out, and nothing else."""
    _, found = lenient({"$ref": value}, version)
    assert found == [("/$ref", "left out")]


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


@BOTH
@pytest.mark.parametrize(
    ("node", "becomes", "defect"),
    [
        ({"type": "string", "enum": [1, 1.5, True]}, {"enum": ["1", "1.5", "true"]}, ("enum", "repaired")),
        ({"type": "string", "enum": ["a", 1, None]}, {"enum": ["a", "1", None]}, ("enum", "repaired")),
        ({"type": "integer", "enum": ["1", 2]}, {"enum": [2, 1]}, ("enum", "repaired")),
        ({"type": "string", "enum": [1, "1"]}, {"enum": ["1"]}, ("enum", "repaired")),
        ({"type": "boolean", "enum": ["true"]}, {"enum": [True]}, ("enum", "repaired")),
        (
            {"type": "array", "enum": ["a"], "items": {"type": "string"}},
            {"items": {"type": "string", "enum": ["a"]}},
            ("enum", "repaired"),
        ),
        (
            {"type": "array", "enum": ["a"], "items": {"$ref": "#/components/schemas/Name"}},
            {"items": {"allOf": [{"$ref": "#/components/schemas/Name"}], "enum": ["a"]}},
            ("enum", "repaired"),
        ),
        ({"type": "string", "enum": [None]}, {"enum": [None]}, ("type", "left out")),
        ({"type": "integer", "enum": ["a", "1.5"]}, {"enum": ["a", "1.5"]}, ("type", "left out")),
        ({"type": "number", "enum": [1, "a"]}, None, None),
    ],
)
def test_values_of_an_enum_that_are_of_another_type(write, version, node, becomes, defect):
    """They are spelled in the type behind those of it, or are those of the items; else the type is wrong."""
    schemas = {"Pet": node, "Name": {"type": "string"}}
    path = write({"openapi": version, **DOCUMENT, "components": {"schemas": schemas}})
    contract = load_contract(path, lenient=True)
    kept = {} if becomes is None or defect == ("type", "left out") else {"type": node["type"]}
    found = contract.document["components"]["schemas"]["Pet"]
    is_hopeless = not {type_of(each) for each in node["enum"]} & named_types(node)
    assert found.pop("x-no-value", False) is is_hopeless
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
