"""What is in another place or form than the specification has it is read as it was meant."""

import pytest

from contract_first.contract import load_contract
from contract_first.contract.document import pointers

from .conftest import BOTH, GET, OK, PET, parameters, schema

A_STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("document", "pointer", "becomes"),
    [
        pytest.param({"paths": {"/a": {"GET": GET}}}, "/paths/~1a/get", GET, id="method in capitals"),
        pytest.param({"paths": {" \\a\\b": {"get": GET}}}, "/paths/~1a~1b/get", GET, id="backslashes"),
        pytest.param(
            {"paths": {"/a": {"get": {"Responses": OK}}}}, "/paths/~1a/get/responses", OK, id="in capitals"
        ),
        pytest.param(
            schema({"items": {"$ref": "#components/schemas/Pet"}}),
            f"{PET}/items/$ref",
            f"#{PET}",
            id="pointer without its first slash",
        ),
        pytest.param(
            schema({"items": {"$ref": "models\\Pet.yaml"}}), f"{PET}/items/$ref", f"#{PET}", id="missing file"
        ),
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


@BOTH
@pytest.mark.parametrize(
    ("node", "becomes"),
    [
        ({"type": "basic"}, {"type": "http", "scheme": "basic"}),
        ({"type": "HTTP", "scheme": "Basic"}, {"type": "http", "scheme": "Basic"}),
        ({"type": "apikey", "in": "Query", "name": "K"}, {"type": "apiKey", "in": "query", "name": "K"}),
        (
            {"type": "oauth2", "flow": "implicit", "authorizationUrl": "/a", "scopes": {"b": "c"}},
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/a", "scopes": {"b": "c"}}}},
        ),
    ],
)
def test_a_security_scheme_that_is_spelled_otherwise(lenient, version, node, becomes):
    """It has the type that was meant in other letters, or in those of Swagger 2.0."""
    document = {"components": {"securitySchemes": {"S": node}}, "security": [{"S": []}]}
    contract, defects = lenient(document, version)
    assert contract.security_schemes == {"S": becomes}
    assert defects == [("/components/securitySchemes/S", "repaired")]


@BOTH
def test_a_security_scheme_without_credentials(write, version):
    """What tools export for an API without authentication asks for nothing, beside other schemes, too."""
    schemes = {"none": {"type": "http", "scheme": "noauth"}, "key": {"type": "http", "scheme": "bearer"}}
    get = {**GET, "security": [{"none": []}, {"key": []}]}
    info, components = {"title": "Pets", "version": "1"}, {"securitySchemes": schemes}
    document = {"openapi": version, "info": info, "components": components, "security": [{"none": []}]}
    document["paths"] = {"/a": {"get": GET}, "/b": {"get": get}}
    contract = load_contract(write(document), lenient=True)
    assert [each.security for each in contract.operations] == [({},), ({}, {"key": []})]
    assert list(contract.security_schemes) == ["key"]
    (defect,) = contract.defects
    assert (defect.pointer, defect.action) == ("/components/securitySchemes/none", "repaired")
