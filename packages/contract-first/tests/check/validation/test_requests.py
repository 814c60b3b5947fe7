"""Requests: parameters, bodies and credentials."""

import pytest

from contract_first.check.exchange import Validation
from contract_first.check.validation import ExchangeValidator
from contract_first.contract import load_contract

KEY = {"X-Key": "k"}
FORM = "application/x-www-form-urlencoded"
DEEP = b"[" * 5000 + b"]" * 5000

XML = "application/xml"


@pytest.mark.parametrize(
    ("target", "headers", "violation"),
    [
        ("/things?limit=11", {}, ("query", "limit", "maximum")),
        ("/things?limit=1_0", {}, ("query", "limit", "type")),
        ("/things?limit=1&limit=2", {}, ("query", "limit", "repeated")),
        ("/things?limit=%zz", {}, ("query", "", "encoding")),
        ("/things?kind=other", {}, ("query", "kind", "enum")),
        ("/things", {"X-Trace": "a"}, ("header", "X-Trace", "type")),
        ("/things", {"Cookie": "theme=dark"}, ("cookie", "theme", "maxLength")),
    ],
)
def test_each_wrong_parameter_is_named(validator, listed, message, target, headers, violation, summary):
    """A parameter that breaks its schema, is sent twice or cannot be read breaks the request alone."""
    validation = validator.verdict(listed(target, message(headers=headers)))
    assert summary(validation.request) == [violation]
    assert not validation.response


def test_an_empty_query_parameter_is_an_empty_string(validator, listed):
    """What openapi-core calls an empty value is validated by the schema."""
    assert validator.verdict(listed("/things?q=")) == Validation()


def test_what_is_empty_is_not_missing(listed, changed, message, summary):
    """A required form may have no fields, and a required object in the query no members."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    parameter = {"in": "query", "name": "p", "required": True, "schema": schema}
    body = {"required": True, "content": {FORM: {"schema": schema}}}
    sent = message(b"", {"Content-Type": FORM})
    validator = changed(parameters=[parameter], requestBody=body)
    assert validator.verdict(listed("/things", sent)) == Validation()
    assert summary(validator.verdict(listed("/things?a=x", sent)).request) == [("query", "p/a", "type")]
    schema["required"] = ["a"]
    validator = changed(parameters=[parameter], requestBody=body)
    found = summary(validator.verdict(listed("/things", sent)).request)
    assert found == [("query", "p", "required"), ("body", "", "required")]


def test_wrong_and_missing_parameters_are_reported_together(validator, exchange, message, summary):
    """Every parameter is validated, not only the first that is wrong."""
    validation = validator.verdict(
        exchange("GET", "/things/a", response=message(b"x", {"Content-Type": "text/plain"}))
    )
    assert summary(validation.request) == [("query", "must", "required"), ("path", "id", "type")]


def test_parameters_that_hold_json_are_read_as_such(listed, changed, summary):
    """A parameter with a media type is JSON, or cannot be read."""
    content = {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}}
    validator = changed(parameters=[{"in": "query", "name": "filter", "content": content}])
    assert validator.verdict(listed("/things?filter=%7B%22a%22:1%7D")) == Validation()
    for query, violation in (
        ("%7B%22a%22:%22b%22%7D", ("query", "filter/a", "type")),
        ("%7B", ("query", "filter", "encoding")),
    ):
        assert summary(validator.verdict(listed(f"/things?filter={query}")).request) == [violation]


@pytest.mark.parametrize(
    ("body", "headers", "violation"),
    [
        ({}, KEY, ("body", "", "required")),
        ({"name": "too long"}, KEY, ("body", "/name", "maxLength")),
        ({"name": "a", "size": "b"}, KEY, ("body", "/size", "type")),
        ({"name": "a", "more": 1}, KEY, ("body", "", "additionalProperties")),
        (b"", KEY, ("body", "", "required")),
        (b"{", {**KEY, "Content-Type": "application/json"}, ("body", "", "encoding")),
        (DEEP, {**KEY, "Content-Type": "application/json"}, ("body", "", "encoding")),
        (b"<a/>", {**KEY, "Content-Type": "text/xml"}, ("media type", "", "undocumented")),
        (b"name=too+long", {**KEY, "Content-Type": FORM}, ("body", "/name", "maxLength")),
        ({"name": "a"}, {}, ("security", "", "required")),
        ({"name": "a"}, {"X-Key": " "}, ("security", "", "required")),
        ({"name": "a"}, {"Authorization": "Basic eDp5"}, ("security", "", "required")),
    ],
)  # fmt: skip
def test_each_wrong_request_body_or_credential_is_named(
    validator, added, message, body, headers, violation, summary
):
    """A body that is missing, unreadable, of another media type or against its schema is a violation."""
    assert summary(validator.verdict(added(message(body, headers))).request) == [violation]


@pytest.mark.parametrize("headers", [KEY, {"Authorization": "Bearer abc"}, {"authorization": "Bearer ***"}])
def test_each_security_alternative_suffices(validator, added, message, headers):
    """A credential of any alternative will do, masked or not."""
    assert validator.verdict(added(message({"name": "a"}, headers))) == Validation()


def test_a_credential_in_the_query_counts(document, listed, changed, summary):
    """Wherever a scheme says that its credential is, there it is looked for."""
    document["components"]["securitySchemes"]["key"]["in"] = "query"
    validator = changed(security=[{"key": []}])
    assert validator.verdict(listed("/things?X-Key=k")) == Validation()
    assert summary(validator.verdict(listed("/things")).request) == [("security", "", "required")]
    assert ("query", "", "encoding") in summary(validator.verdict(listed("/things?X-Key=%zz")).request)


def test_a_multipart_body_is_read_part_by_part(validator, added, message, summary):
    """A form with a file conforms to the contract, and one without it does not; the file may be large."""

    def form(name, content):
        part = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode()
        headers = {**KEY, "Content-Type": "multipart/form-data; boundary=b"}
        return message(part + content + b"\r\n--b--\r\n", headers)

    assert validator.verdict(added(form("file", b"x" * 2_000_000))) == Validation()
    assert summary(validator.verdict(added(form("other", b"x"))).request) == [("body", "", "required")]
    broken = message(b"--b\r\n", {**KEY, "Content-Type": "multipart/form-data; boundary=b"})
    assert summary(validator.verdict(added(broken)).request) == [("body", "", "encoding")]


def test_texts_and_bytes_are_bodies_too(added, message, changed, summary):
    """Text is validated as such, in its charset; of bytes, which are no JSON value, little can be."""
    text = {"schema": {"type": "string", "maxLength": 3}}
    content = {"text/*": text, "application/octet-stream": {"schema": {}}}
    validator = changed("post", requestBody={"content": content}, security=[])

    def sent(body, media_type):
        return summary(validator.verdict(added(message(body, {"Content-Type": media_type}))).request)

    assert sent("é é".encode(), "text/plain; charset=utf-8") == []
    assert sent("é é".encode("latin-1"), "text/plain; charset=iso-8859-1") == []
    assert sent(b"too long", "text/plain") == [("body", "", "maxLength")]
    assert sent(b"\xff", "text/plain") == [("body", "", "encoding")]
    assert sent(b"\xff", "application/octet-stream") == []


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"type": "object", "required": ["id"]}, {"type": "integer"}]
)
@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/csv"])
def test_what_is_no_json_value_breaks_no_schema_of_one(schema, media_type, added, message, changed):
    """CSV and lines of JSON are described by schemas that nothing tells how to read them by."""
    validator = changed("post", requestBody={"content": {media_type: {"schema": schema}}}, security=[])
    assert validator.verdict(added(message(b"<id>1</id>", {"Content-Type": media_type}))) == Validation()


def test_xml_is_validated(added, message, changed, summary):
    """XML is the value that its schema says it is."""
    validator = changed("post", requestBody={"content": {XML: {"schema": {"type": "integer"}}}}, security=[])
    for body, found in ((b"<no>1</no>", []), (b"<no>x</no>", [("body", "", "type")])):
        assert summary(validator.verdict(added(message(body, {"Content-Type": XML}))).request) == found


def test_xml_of_more_levels_than_are_read_is_not_validated(added, message, changed, summary):
    """Another server may read what the service does not; the credential is missed all the same."""
    validator = changed("post", requestBody={"content": {XML: {"schema": {"type": "integer"}}}})
    body = b"<a>" * 300 + b"</a>" * 300
    validation = validator.verdict(added(message(body, {"Content-Type": XML})))
    assert summary(validation.request) == [("security", "", "required")]
    assert "the request's body is not validated: The body has over" in validation.unjudged


def test_places_are_those_of_the_authors_file(write, exchange):
    """A violation points at a parameter where its author wrote it, though one before it was left out."""
    listed = [{"in": "body", "name": "b"}, {"in": "query", "name": "q", "required": True, "schema": {}}]
    paths = {"/pets": {"get": {"parameters": listed, "responses": {"200": {"description": ""}}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": paths}
    validator = ExchangeValidator(load_contract(write(document), lenient=True))
    (violation,) = validator.verdict(exchange("GET", "/pets")).request
    assert violation.pointer == "/paths/~1pets/get/parameters/1/required"


def test_places_are_those_of_swagger(write, exchange):
    """So are the body, which is a parameter there, and the responses of a document of Swagger 2.0."""
    body = {"in": "body", "name": "b", "required": True, "schema": {"type": "object"}}
    operation = {"parameters": [body], "produces": ["text/csv"], "responses": {"200": {"description": ""}}}
    document = {"swagger": "2.0", "info": {"title": "Pets", "version": "1"}}
    paths = {"/pets": {"post": {**operation, "consumes": ["application/json"]}}}
    validator = ExchangeValidator(load_contract(write({**document, "paths": paths}), lenient=True))
    verdict = validator.verdict(exchange("POST", "/pets", status=201))
    assert verdict.request[0].pointer == "/paths/~1pets/post/parameters/0/required"
    assert verdict.response[0].pointer == "/paths/~1pets/post/responses"
