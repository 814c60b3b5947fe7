"""Refusals of a contract without handlers: as it documents them, else as problems that are nobody's own."""

from __future__ import annotations

import pytest

ERROR = {
    "type": "object",
    "required": ["why"],
    "additionalProperties": False,
    "properties": {"why": {"type": "string", "maxLength": 40}},
}
PROBLEM = {"type": "object", "required": ["type", "title"], "properties": {"status": {"type": "integer"}}}


def documented(schema, media_type="application/json", **more):
    """Return a response."""
    return {"description": "", "content": {media_type: {"schema": schema, **more}}}


@pytest.fixture(scope="module")
def refusing(mocked):
    """Refuse ``GET /?n=x`` and requests without a key, with these responses documented."""

    def make(responses):
        parameter = {"name": "n", "in": "query", "schema": {"type": "integer"}}
        operation = {"responses": responses, "parameters": [parameter], "security": [{"key": []}]}
        scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
        return mocked({"/": {"get": operation}}, components={"securitySchemes": {"key": scheme}})

    return make


@pytest.mark.parametrize(
    ("responses", "status"),
    [
        ({"422": documented(ERROR)}, 422),
        ({"400": documented(ERROR)}, 400),
        ({"400": documented(ERROR), "default": documented({"type": "null"})}, 400),
        ({"4XX": documented(ERROR)}, 422),
        ({"default": documented(ERROR)}, 422),
    ],
)
def test_a_refusal_is_as_the_contract_documents_it(responses, status, refusing):
    """The body conforms to the contract, and a header says what is wrong with the request."""
    response = refusing(responses).get("/?n=x", x_key="k")
    assert (response.status, list(response.json), response.source) == (status, ["why"], "generated")
    assert response.headers["x-mock-refusal"] == 'query n: value is not of type "integer" but "string"'


def test_a_missing_credential_as_the_contract_documents_it(refusing):
    """It has the members of the example and says what is wrong, with the challenge of the status."""
    response = refusing({"401": documented(ERROR, example={"why": "no key"})}).get()
    assert (response.status, response.json, response.source) == (
        *(401, {"why": "Send the header field X-Key."}, "example"),
    )
    assert "ApiKey" in response.headers["www-authenticate"]
    assert response.headers["x-mock-refusal"] == "Send the header field X-Key."


def test_a_refusal_of_a_whole_body(mocked):
    """What is wrong with all of a body has no place in it."""
    body = {"required": True, "content": {"application/json": {"schema": {"required": ["a"]}}}}
    operation = {"responses": {"422": documented(ERROR)}, "requestBody": body}
    response = mocked({"/": {"post": operation}})("POST", "/", b"{}", content_type="application/json")
    assert response.headers["x-mock-refusal"] == 'body: "a" is a required property'


def test_a_refusal_as_a_list_of_errors(mocked):
    """A generated list of errors has one, which says once what is wrong, however many schemas refuse it."""
    error = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    errors = {"type": "object", "required": ["errors"], "properties": {"errors": {"type": "array"}}}
    errors["properties"]["errors"] |= {"items": error, "minItems": 1}
    named = {"type": "object", "properties": {"a": {"type": "string"}}}
    body = {"required": True, "content": {"application/json": {"schema": {"allOf": [named, {**named}]}}}}
    operation = {"responses": {"422": documented(errors)}, "requestBody": body}
    response = mocked({"/": {"post": operation}})("POST", "/", b'{"a": 5}', content_type="application/json")
    assert response.headers["x-mock-refusal"] == 'body /a: value is not of type "string" but "integer"'
    assert response.json == {"errors": [{"message": response.headers["x-mock-refusal"]}]}


@pytest.mark.parametrize(
    "responses",
    [
        {"200": {"description": ""}},
        {"422": {"description": ""}},
        {"422": documented({"type": "string", "const": "x", "maxLength": 0})},
        {"422": documented(PROBLEM, "application/problem+json")},
        {"400": documented(ERROR), "422": {"description": ""}},
    ],
)
def test_a_refusal_that_is_not_documented_is_a_problem(responses, refusing):
    """So is one without anything to send, and one that is documented as a problem: its parts are listed."""
    response = refusing(responses).get("/?n=x", x_key="k")
    assert (response.status, response.headers["content-type"]) == (422, "application/problem+json")
    assert response.json["errors"][0]["name"] == "n"
    assert response.json["type"] == "about:blank"


def test_a_status_that_is_documented_without_a_body(refusing):
    """A 400 is that of a problem, where the contract knows no 422."""
    response = refusing({"200": {"description": ""}, "400": {"description": ""}}).get("/?n=x", x_key="k")
    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    assert (response.json["status"], response.json["title"]) == (400, "Bad Request")
    assert response.json["errors"][0]["name"] == "n"


def test_problems_are_of_no_other_api(refusing):
    """A request that no operation matches is a problem whose type says no more than its status."""
    app = refusing({"200": {"description": ""}})
    got = [app.get("/nowhere"), app("DELETE", "/"), app.get(prefer="code=418", x_key="k")]
    assert [each.status for each in got] == [404, 405, 404]
    assert {each.json["type"] for each in got} == {"about:blank"}


def test_problems_that_are_not_like_ours(responding):
    """A contract whose problems have other members gets those."""
    own = {**PROBLEM, "required": ["code"], "additionalProperties": False}
    own["properties"] = {"code": {"type": "integer"}}
    response = responding({"404": documented(own, "application/problem+json")}).get(prefer="code=404")
    assert (response.status, list(response.json)) == (404, ["code"])


def test_an_undocumented_refusal_is_like_a_documented_error(refusing):
    """What is wrong is in the members that any error has, also where an example says something else."""
    said = documented({**PROBLEM, "required": ["message"]}, example={"message": "Down.", "status": 503})
    response = refusing({"503": {**said, "headers": {"Retry-After": {"schema": {"type": "integer"}}}}}).get(
        "/?n=x", x_key="k"
    )
    assert (response.status, response.json) == (
        422,
        {"message": response.headers["x-mock-refusal"], "status": 422},
    )
    assert "retry-after" not in response.headers
