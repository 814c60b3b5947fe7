"""openapi-core validates a response by its validator for the version of the document."""

import pytest

from contract_first.contract import Contract
from contract_first.service.messages.response import Rendered
from contract_first.service.response.response_validation import ResponseValidator

DIALECT_32 = "https://spec.openapis.org/oas/3.2/dialect/2025-09-17"


def contract_of(openapi, schema, **members):
    """Return a contract with one operation, which responds with JSON of a schema."""
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": openapi,
        "info": {"title": "t", "version": "1"},
        "paths": {"/pets": {"get": {"operationId": "op", "responses": {"200": response}}}},
        **members,
    }
    return Contract(document, "test")


def errors(contract, body, operation_id="op"):
    """Return what is wrong with a response of an operation."""
    operation = contract.operation(operation_id)
    return ResponseValidator(contract).errors(operation, Rendered(200, [], body), "application/json")


@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
def test_each_version_has_its_validator(version):
    """A document of OpenAPI 3.2 is not read as one of 3.1."""
    validator = ResponseValidator(contract_of(f"{version}.0", {"type": "string"}))
    assert type(validator._validator).__name__ == f"V{version.replace('.', '')}ResponseValidator"


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_versions_agree_on_what_they_share(version):
    """Types, formats and patterns mean the same in all of them, and so does an integer."""
    schema = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "format": "int32"},
            "name": {"type": "string", "pattern": "^a+$"},
            "raw": {"type": "string", "format": "byte"},
            "day": {"type": "string", "format": "date"},
        },
    }
    contract = contract_of(version, schema)
    assert errors(contract, b'{"size": 1.0, "name": "aa", "raw": "YQ==", "day": "2026-01-31"}') == []
    for body, keyword in [
        (b'{"size": 3000000000}', "format"),
        (b'{"size": 1, "name": "b"}', "pattern"),
        (b'{"size": 1, "raw": "?"}', "format"),
        (b'{"size": 1, "day": "31.1.2026"}', "format"),
        (b'{"size": "1"}', "type"),
    ]:
        (error,) = errors(contract, body)
        assert keyword in error
    assert errors(contract, b"{}") == ["body: 'size' is a required property"]


def test_what_only_3_2_has():
    """Its dialect is known, and the operations that only it has are found."""
    query = {
        "operationId": "query_pets",
        "responses": {
            "200": {"description": "", "content": {"application/json": {"schema": {"const": 1}}}},
        },
    }
    contract = contract_of("3.2.0", {"type": ["integer", "null"]}, jsonSchemaDialect=DIALECT_32)
    contract.document["paths"]["/pets"] |= {"query": query}
    contract.document["paths"]["/pets"]["additionalOperations"] = {"COPY": {**query, "operationId": "copy"}}
    assert errors(contract, b"null") == []
    assert errors(contract, b'"a"') == ["body: violates type ['integer', 'null']"]
    for operation_id in ("query_pets", "copy"):
        assert errors(contract, b"1", operation_id) == []
        assert errors(contract, b"2", operation_id) == ["body: violates const 1"]


def test_an_empty_file():
    """No bytes are a response of a media type that a schema says nothing of, but no JSON and no XML."""
    media_types = ("application/octet-stream", "image/png", "application/json", "application/xml")
    contract = contract_of("3.1.0", {})
    response = contract.document["paths"]["/pets"]["get"]["responses"]["200"]
    response["content"] = {media_type: {} for media_type in media_types}
    operation = contract.operation("op")
    empty = Rendered(200, [], b"")
    validator = ResponseValidator(contract)
    wrong = [name for name in media_types if validator.errors(operation, empty, name)]
    assert wrong == ["application/json", "application/xml"]
