"""A response is validated as it is written, though it is not read back."""

import datetime as dt
import math

import msgspec
import pytest

from contract_first.contract import Contract
from contract_first.service.messages.response import Rendered
from contract_first.service.response.accept_filter import AcceptFilter


def responses(schema):
    """Return the Responses Object of a JSON value."""
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_that_json_does_not_have(responding, number):
    """They are written as null, and validated as that, with and without a schema that allows null."""
    assert responding(responses({"not": {"type": "null"}}), number).get("/").status == 500
    assert responding(responses({"type": "number"}), number).get("/").status == 500
    assert responding(responses({"type": ["number", "null"]}), number).get("/").body == b"null"


def test_what_is_no_json_is_validated_as_its_text(responding):
    """A date is a string, the key of a mapping as well, bytes are Base64."""
    returned = {dt.date(2026, 1, 31): b"ab"}
    named = {
        "type": "object",
        "propertyNames": {"pattern": "^2026"},
        "additionalProperties": {"const": "YWI="},
    }
    assert responding(responses(named), returned).get("/").status == 200
    assert (
        responding(responses({**named, "propertyNames": {"pattern": "^2025"}}), returned).get("/").status
        == 500
    )


def test_written_json(responding):
    """What is JSON already is sent as it is written, and validated as well."""
    written = msgspec.Raw(b'{"a": 1}')
    assert responding(responses({"type": "object"}), written).get("/").body == b'{"a": 1}'
    assert responding(responses({"type": "array"}), written).get("/").status == 500
    assert responding(responses({"type": "object"}), msgspec.Raw(b'{"a": "\xff"}')).get("/").status == 500


@pytest.mark.parametrize(("digits", "status"), [(4300, 200), (4301, 500), (10_000, 500)])
def test_integers_that_python_does_not_read(responding, digits, status, caplog):
    """A client that uses Python's json could not read the response, also in an undeclared member."""
    declared = {"type": "object", "properties": {"a": {"type": "integer"}}}
    for place in range(0, 100, 33):  # the filter looks at every hundredth byte first
        written = b'{"b": "%s", "c": %s}' % (b"x" * place, b"7" * digits)
        assert responding(responses(declared), written).get("/").status == status
    assert ("cannot be read" in caplog.text) is (status == 500)


def test_a_long_integer_behind_many_that_are_nearly_as_long(responding):
    """Each run of digits is read once, so that three million of them take no longer than others."""
    nearly = (b"7" * 4300 + b",") * 700
    for digits, status in ((4300, 200), (4301, 500)):
        written = b'{"b": [%s0], "c": %s, "d": [%s0]}' % (nearly, b"7" * digits, nearly)
        assert responding(responses({"type": "object"}), msgspec.Raw(written)).get("/").status == status


def test_the_body_is_filtered_beside_header_fields():
    """A response with declared header fields is accepted by its body, as one without them is."""
    declared = {"X-Total": {"schema": {"type": "integer"}}}
    described = {"200": {**responses({"type": "object"})["200"], "headers": declared}}
    operation = {"operationId": "read", "responses": described}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Values", "version": "1"},
            "paths": {"/": {"get": operation}},
        },
        "values",
    )
    [read] = contract.operations
    accepts = AcceptFilter(read, contract.schemas).accepts
    assert accepts(Rendered(200, [(b"x-total", b"7")], b'{"a":1}'), "application/json")
    assert not accepts(Rendered(200, [(b"x-total", b"seven")], b'{"a":1}'), "application/json")
    assert not accepts(Rendered(200, [(b"x-total", b"7")], b"[1]"), "application/json")


@pytest.mark.parametrize("returned", [None, {"name": "Rex"}])
def test_a_status_without_a_body(serve, returned):
    """What a document declares for a 204 is not sent, for HTTP has no body there."""

    async def remove():
        return returned

    response = {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {"operationId": "remove", "responses": {"204": response}}
    removed = serve({"/": {"get": operation}}, {"remove": remove}).get("/")
    assert (removed.status, removed.body) == (204, b"")


def test_a_property_called_as_a_dialect(serve):
    """`$schema` among properties is a name like another."""

    async def find():
        return {"$schema": "a"}

    schema = {"type": "object", "properties": {"$schema": {"type": "string"}}}
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "find", "responses": {"200": response}}
    assert serve({"/": {"get": operation}}, {"find": find}).get("/").status == 200
