"""Swagger 2.0 is converted in memory; messages point into the author's own file."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from contract_first.contract import ContractError, compare, load_contract
from contract_first.contract.document import pointers

OK = {"200": {"description": "OK"}}
SMALL = {
    "swagger": "2.0",
    "info": {"title": "Pets", "version": "1"},
    "host": "pets.test",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "parameters": {
        "limit": {"name": "limit", "in": "query", "type": "integer"},
        "pet": {"name": "pet", "in": "body", "schema": {"$ref": "#/definitions/Pet"}},
    },
    "definitions": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}},
    "responses": {"Wrong": {"description": "", "schema": {"type": "string"}}},
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "paths": {
        "/pets": {
            "parameters": [{"$ref": "#/parameters/limit"}, {"name": "a", "in": "header", "type": "string"}],
            "post": {
                "parameters": [
                    {"$ref": "#/parameters/pet"},
                    {"name": "ids", "in": "query", "type": "array", "items": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "schema": {"$ref": "#/definitions/Pet"},
                        "headers": {"X-Total": {"type": "integer"}},
                        "examples": {"application/json": {"name": "Rex"}},
                    },
                    "default": {"$ref": "#/responses/Wrong"},
                },
            },
            "put": {
                "parameters": [{"name": "photo", "in": "formData", "type": "file", "required": True}],
                "responses": {"200": {"description": ""}},
            },
        }
    },
}
"""A document with one of each part."""


@pytest.fixture
def swagger(write):
    """Loads a Swagger document of one path, and returns its contract."""

    def load(item, **members):
        document = {
            "swagger": "2.0",
            "info": {"title": "Pets", "version": "1"},
            "paths": {"/pets": item},
            **members,
        }
        return load_contract(write(json.dumps(document, indent=1)), lenient=True)

    return load


def test_strictly(write):
    """A valid document is as it is read leniently; what is wrong is named in the author's own file."""
    contract = load_contract(write(SMALL))
    assert contract.document == load_contract(write(SMALL), lenient=True).document
    assert list(contract.warnings) == [f"{contract.source} is Swagger 2.0, read as OpenAPI 3.0.3."]
    for change, reason in (
        ({"definitions": {"Pet": {"type": "creature"}}}, "#/definitions/Pet"),
        ({"unknown": 1}, "#/unknown: is no member of Swagger 2.0."),
        ({"definitions": {}}, "#/parameters/pet/schema"),
    ):
        with pytest.raises(ContractError, match=reason):
            load_contract(write(SMALL | change))


def test_a_value_that_may_not_be_empty(swagger):
    """OpenAPI 3 has no ``allowEmptyValue`` for forms, and a minimum length for it."""
    named = [{"name": str(each), "in": "formData", "type": "string"} for each in (True, False)]
    fields = [each | {"allowEmptyValue": each["name"] == "True"} for each in named]
    (operation,) = swagger({"post": {"parameters": fields, "responses": OK}}).operations
    (media_type,) = operation.definition["requestBody"]["content"].values()
    assert media_type["schema"]["properties"] == {
        "True": {"type": "string"},
        "False": {"type": "string", "minLength": 1},
    }


def test_every_part(swagger):
    """Hosts, parameters, bodies, responses, references and security schemes mean what they did."""
    contract = swagger(
        {
            "parameters": [{"$ref": "#/parameters/limit"}],
            "get": {
                "parameters": [
                    {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
                    {
                        "name": "tags",
                        "in": "query",
                        "type": "array",
                        "items": {},
                        "collectionFormat": "multi",
                    },
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}},
                        "headers": {"X-Total": {"type": "integer", "description": "All"}},
                        "examples": {"application/json": [{"name": "Rex"}]},
                    },
                    "default": {"$ref": "#/responses/Wrong"},
                },
            },
            "post": {
                "consumes": ["application/xml"],
                "parameters": [{"$ref": "#/parameters/pet"}],
                "responses": {"201": {"description": ""}},
            },
        },
        host="pets.test",
        basePath="/v1/",
        schemes=["http", "https"],
        produces=["application/json", "application/xml"],
        definitions={
            "Pet": {
                "type": "object",
                "discriminator": "kind",
                "properties": {
                    "name": {"type": "string", "x-nullable": True},
                    "next": {"$ref": "#/definitions/Pet"},
                },
            }
        },
        parameters={
            "limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 9},
            "pet": {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
        },
        responses={"Wrong": {"description": "Wrong", "schema": {"type": "string"}}},
        securityDefinitions={
            "basic": {"type": "basic"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "oauth": {"type": "oauth2", "flow": "accessCode", "authorizationUrl": "/a", "tokenUrl": "/t"},
        },
    )
    assert list(contract.warnings) == [f"{contract.source} is Swagger 2.0, read as OpenAPI 3.0.3."]
    document = contract.document
    assert document["servers"] == [{"url": "http://pets.test/v1"}, {"url": "https://pets.test/v1"}]
    assert document["components"]["schemas"]["Pet"] == {
        "type": "object",
        "discriminator": {"propertyName": "kind"},
        "properties": {
            "name": {"type": "string", "nullable": True},
            "next": {"$ref": "#/components/schemas/Pet"},
        },
    }
    schemes = document["components"]["securitySchemes"]
    assert schemes["basic"] == {"type": "http", "scheme": "basic"}
    assert schemes["oauth"]["flows"] == {
        "authorizationCode": {"scopes": {}, "authorizationUrl": "/a", "tokenUrl": "/t"}
    }
    get, post = contract.operations
    limit, ids, tags = get.parameters
    assert limit == {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}
    assert (ids["style"], ids["explode"]) == ("form", False)
    assert (tags["style"], tags["explode"]) == ("form", True)
    response = get.responses["200"]
    assert response["headers"] == {"X-Total": {"description": "All", "schema": {"type": "integer"}}}
    assert response["content"]["application/json"]["example"] == [{"name": "Rex"}]
    assert response["content"]["application/xml"]["schema"]["items"] == {"$ref": "#/components/schemas/Pet"}
    assert get.responses["default"]["content"]["application/xml"] == {"schema": {"type": "string"}}
    assert post.request_body == {
        "content": {"application/xml": {"schema": {"$ref": "#/components/schemas/Pet"}}},
        "required": True,
    }


@pytest.mark.parametrize(
    ("consumes", "kind", "media_types"),
    [
        ([], "string", ["application/x-www-form-urlencoded"]),
        ([], "file", ["multipart/form-data"]),
        (["multipart/form-data", "application/json"], "string", ["multipart/form-data"]),
    ],
)
def test_forms(swagger, consumes, kind, media_types):
    """Fields of a form become the properties of one body."""
    fields = [
        {"name": "photo", "in": "formData", "type": kind, "required": True},
        {"name": "tags", "in": "formData", "type": "array", "items": {"type": "string"}},
    ]
    (operation,) = swagger({"post": {"consumes": consumes, "parameters": fields, "responses": OK}}).operations
    assert list(operation.request_body["content"]) == media_types
    (media_type,) = operation.request_body["content"].values()
    photo = {"type": "string", "format": "binary"} if kind == "file" else {"type": "string"}
    assert media_type["schema"]["properties"]["photo"] == photo
    assert media_type["schema"]["required"] == ["photo"]
    assert media_type["encoding"] == {"tags": {"style": "form", "explode": False}}


def test_places_are_the_authors(swagger):
    """Defects, lint and violations point at what the author wrote."""
    contract = swagger(
        {
            "post": {
                "tags": ["pets"],
                "parameters": [
                    {"name": "pet", "in": "body", "schema": {"$ref": "#/definitions/Pet"}},
                    {"name": "limit", "in": "query", "type": "count"},
                ],
                "responses": {"200": {"description": "", "schema": {"type": "string", "minLength": "1"}}},
            }
        },
        definitions={"Pet": {"properties": {"age": {"type": "integer", "example": "old"}}}},
    )
    lines = Path(contract.source).read_text().splitlines()
    assert [(lines[each.line - 1].strip(" ,"), each.pointer) for each in contract.defects] == [
        ('"type": "count"', "/paths/~1pets/post/parameters/1/type"),
        ('"minLength": "1"', "/paths/~1pets/post/responses/200/schema/minLength"),
    ]
    operation = contract.operations[0]
    schema = contract.schemas.for_requests.of(operation.request_body["content"]["application/json"]["schema"])
    (violation,) = schema.violations({"age": "old"}, "body", "", "/paths/~1pets/post/requestBody")
    assert violation.pointer == "/definitions/Pet/properties/age/type"


@pytest.mark.parametrize(
    "members",
    [
        {"definitions": [], "parameters": 5, "responses": None, "securityDefinitions": {"a": 1}},
        {"consumes": "application/json", "produces": {}, "schemes": 1, "host": 1, "basePath": [1]},
        {
            "definitions": {"Pet": {"properties": {"a": 1}, "items": []}},
            "paths": {"/a": {"get": {"parameters": [1]}}},
        },
        {"paths": None},
        {"components": 5},
    ],
)
def test_wrong_shapes(swagger, members):
    """Whatever is wrong in a document of Swagger is a defect of it, and no failure."""
    named = {each.pointer.split("/")[1] for each in swagger({"get": {"responses": OK}}, **members).defects}
    assert named == members.keys()


def places(node, way=()):
    """Yield the way to each value of a document below its root."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*way, key)
        if isinstance(value, dict | list):
            yield from places(value, (*way, key))


@pytest.mark.parametrize("value", [[], {"a": []}, "s", True, None], ids=str)
def test_one_wrong_value(write, value):
    """Wherever one value is of another type, the load ends with a contract or a ContractError."""
    loaded = []
    for *above, name in places(SMALL):
        document = node = deepcopy(SMALL)
        for each in above:
            node = node[each]
        node[name] = value
        try:
            loaded.append(load_contract(write(json.dumps(document)), lenient=True))
        except ContractError:
            pass
        except Exception as error:  # noqa: BLE001 -- whatever it is, its place is what helps
            pytest.fail(f"{value!r} at {[*above, name]}: {error!r}")
    assert any(contract.operations for contract in loaded)
    assert any(contract.defects for contract in loaded)


def test_changes_are_at_places_of_the_author(write):
    """A comparison says where in the new file something changed, or in the old one what is gone."""
    new = deepcopy(SMALL)
    new["definitions"]["Pet"]["properties"]["name"]["maxLength"] = 9
    new["host"] = "cats.test"
    item = new["paths"]["/pets"]
    item["parameters"] = []
    item["post"]["parameters"].insert(0, {"name": "page", "in": "query", "type": "integer"})
    del item["post"]["responses"]["200"]["headers"]
    item["put"]["parameters"][0] |= {"name": "picture"}
    old, changed = (load_contract(write(each), lenient=True) for each in (SMALL, new))
    found = {(each.difference.rule.name, each.difference.pointer) for each in compare(old, changed)}
    pets = "/paths/~1pets"
    assert found == {
        ("request-max-length-narrowed", "/definitions/Pet/properties/name"),
        ("response-max-length-narrowed", "/definitions/Pet/properties/name"),
        ("server-removed", ""),
        ("server-added", ""),
        ("parameter-removed", "/parameters/limit"),
        ("parameter-removed", f"{pets}/parameters/1"),
        ("parameter-added", f"{pets}/post/parameters/0"),
        ("response-header-removed", f"{pets}/post/responses/200/headers/X-Total"),
        ("request-property-removed", f"{pets}/put/parameters/0"),
        ("request-required-property-added", f"{pets}/put/parameters/0"),
    }


def test_what_a_document_must_not_have(swagger):
    """Methods in capitals are methods; of bodies and fields the required count, and the rest is listed."""
    body = {"name": "pet", "in": "body", "schema": {"type": "object"}}
    other = {"name": "owner", "in": "body", "schema": {"type": "string"}}
    field = {"name": "age", "in": "formData", "type": "integer"}
    cases = (
        ([field, body], "application/json", "0"),
        ([body, {**field, "required": True}], "application/x-www-form-urlencoded", "0"),
        ([{**body, "required": True}, {**field, "required": True}], "application/json", "1"),
        ([body, other], "application/json", "1"),
    )
    assert [each.method for each in swagger({"POST": {"responses": OK}}).operations] == ["post"]
    for parameters, media_type, left_out in cases:
        contract = swagger({"post": {"parameters": parameters, "responses": OK}})
        assert list(contract.operations[0].request_body["content"]) == [media_type]
        assert contract.operations[0].parameters == ()
        reason = "is in the body, as another parameter is."
        assert (f"/paths/~1pets/post/parameters/{left_out}", reason, "left out") in {
            (each.pointer, each.reason, each.action) for each in contract.defects
        }


def test_paths_with_a_query(swagger):
    """``x-ms-paths`` are paths that a query tells apart; what is wrong in them is where the author has it."""
    wrong = {"name": "q", "in": "query", "type": "count"}
    more = {
        "/pets": {
            "get": {"operationId": "hidden", "responses": OK},
            "put": {"operationId": "put", "parameters": [wrong], "responses": OK},
        },
        "/pets?comp=list": {"get": {"operationId": "list", "parameters": [wrong], "responses": OK}},
    }
    contract = swagger({"get": {"operationId": "get", "responses": OK}}, **{"x-ms-paths": more})
    found = [contract.route("GET", "/pets", query).operation_id for query in (b"", b"comp=list")]
    assert found == ["get", "list"]
    assert contract.route("PUT", "/pets", b"").operation_id == "put"
    lines = Path(contract.source).read_text().splitlines()
    assert {(lines[each.line - 1].strip(" ,{"), each.pointer) for each in contract.defects} >= {
        ('"x-ms-paths":', "/x-ms-paths"),
        ('"type": "count"', "/x-ms-paths/~1pets?comp=list/get/parameters/0/type"),
        ('"type": "count"', "/x-ms-paths/~1pets/put/parameters/0/type"),
        ('"get":', "/x-ms-paths/~1pets/get"),
    }


def test_what_operations_share_without_end(swagger):
    """What is shared, and each operation has of its own in OpenAPI 3, is counted before it is copied."""
    shared = {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(1000)}}
    item = {
        method: {"parameters": [{"$ref": "#/parameters/shared"}], "responses": OK}
        for method in ("put", "post", "patch")
    }
    members = {"parameters": {"shared": {"name": "b", "in": "body", "schema": shared}}}
    assert swagger(item, **members, consumes=["application/json"]).operations
    many = [f"application/x{number}" for number in range(300)]
    with pytest.raises(ContractError, match="more than 800000 objects and arrays as OpenAPI"):
        swagger(item, **members, consumes=many)
    responses = {"200": {"description": "", "schema": shared}}
    with pytest.raises(ContractError, match="more than 800000 objects and arrays as OpenAPI"):
        swagger({method: {"responses": responses} for method in item}, produces=many)


def test_parameters_that_operations_share(swagger, monkeypatch):
    """They count as often as they are referred to, and twice as in all of Swagger, before any is copied."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)
    monkeypatch.setattr("contract_first.contract.repair.swagger.openapi_of", None)
    shared = {f"p{number}": {"name": f"p{number}", "in": "query", "type": "string"} for number in range(110)}
    references = [{"$ref": f"#/parameters/{name}"} for name in shared]
    item = {method: {"parameters": references, "responses": OK} for method in ("get", "put")}
    with pytest.raises(ContractError, match="with what is shared counted as often as it is referred to"):
        swagger(item, parameters=shared)


def test_shared_parameters_stay_shared(swagger):
    """Operations refer to them as components, by names of any kind; those in bodies become parts of these."""
    shared = {
        "a %/b": {"name": "a", "in": "query", "type": "string"},
        "body": {"name": "b", "in": "body", "schema": {"type": "string"}},
        "on": {"$ref": "#/parameters/a %25~1b"},
    }
    listed = [{"$ref": "#/parameters/on"}, {"$ref": "#/parameters/body"}]
    contract = swagger({"post": {"parameters": listed, "responses": OK}}, parameters=shared)
    (operation,) = contract.operations
    assert operation.definition["parameters"] == [{"$ref": "#/components/parameters/a%20%25~1b"}]
    assert [(each["name"], each["schema"]) for each in operation.parameters] == [("a", {"type": "string"})]
    assert contract.origin(operation.pointers.parameters["query", "a"]) == "/parameters/a %~1b"
    assert operation.request_body["content"]


def test_references_that_lead_on_without_end(swagger, monkeypatch):
    """They are followed as far as Reference Objects may lead, for each of those that refer to the first."""
    followed = []

    def noting(document, pointer):
        followed.append(pointer)
        return lookup(document, pointer)

    lookup = pointers.lookup
    monkeypatch.setattr("contract_first.contract.repair.swagger.pointers.lookup", noting)
    chain = {f"p{number}": {"$ref": f"#/parameters/p{number + 1}"} for number in range(200)}
    contract = swagger(
        {"get": {"parameters": [{"$ref": "#/parameters/p0"}], "responses": OK}}, parameters=chain
    )
    assert any("leads" in each.reason for each in contract.defects)
    assert len(followed) < 200 * 60
