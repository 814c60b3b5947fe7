"""Contracts as they come: requests are validated and callers asked for credentials, whatever the document."""

from __future__ import annotations

import json

import pytest

from contract_first.contract import Contract
from contract_first.mock.pipeline import contract_app
from contract_first.mock.pipeline.pipeline import Pipeline

OK = {"200": {"description": ""}}
REFUSED = {"401": {"description": "", "content": {"application/problem+json": {}}}}
SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "basic": {"type": "http", "scheme": "basic"},
    "oauth": {"type": "oauth2", "flows": {}},
    "certificate": {"type": "mutualTLS"},
}


@pytest.fixture(scope="module")
def guarded(mocked):
    """Serve ``GET /`` to those whom these alternatives let in."""

    def make(*alternatives, **options):
        security = [{name: [] for name in each} for each in alternatives]
        paths = {"/": {"get": {"responses": OK | REFUSED, "security": security}}}
        return mocked(paths, components={"securitySchemes": SCHEMES}, **options)

    return make


@pytest.mark.parametrize("credential", ["Basic a:b", "Basic Yg", "Basic Yg==", "Basic !!!!", "Basic"])
def test_basic_credentials_that_are_malformed(credential, guarded):
    """Not in Base64, or without a colon (RFC 7617, section 2): authors of clients want to know."""
    app = guarded(["basic"])
    assert app.get(authorization="Basic dXNlcjpwdw==").status == 200
    refused = app.get(authorization=credential)
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")


def test_any_credential_of_the_right_shape_will_do(guarded):
    """Either alternative, and all of it; an empty credential is none."""
    app = guarded(["header", "basic"], ["query"])
    assert app.get(x_key="a", authorization="Basic Yjo=").status == 200
    assert app.get("/?key=anything").status == 200
    for refused in (app.get(x_key="a"), app.get("/?key="), app.get(authorization="Bearer b", x_key="a")):
        assert refused.status == 401
        assert "X-Key and" in refused.json["detail"] or "and the header field X-Key" in refused.json["detail"]
        assert "ApiKey" in refused.headers["www-authenticate"]


def test_a_refusal_names_what_the_operation_takes(guarded):
    """Only its own schemes are asked for and challenged, by the contract's title, and each of them once."""
    refused = guarded(["certificate", "oauth"], ["oauth"], ["basic"]).get()
    assert refused.json["detail"] == "Send Authorization: Bearer TOKEN, or Authorization: Basic CREDENTIALS."
    assert refused.headers["www-authenticate"] == 'Basic realm="t", Bearer realm="t"'
    preferred = guarded(["query"]).get("/?key=k", prefer="code=401")
    assert preferred.headers["www-authenticate"] == 'ApiKey realm="t", in="query", name="key"'


@pytest.mark.parametrize("alternatives", [[[]], [["header"], []], [], [["certificate"]]])
def test_who_needs_no_credential_needs_none(alternatives, guarded):
    """An empty alternative is enough; a client's certificate is taken to be there."""
    assert guarded(*alternatives).get().status == 200


def test_credentials_can_be_left_out(guarded):
    """Without authentication nobody is asked."""
    assert guarded(["oauth"]).get().status == 401
    assert guarded(["oauth"]).get(authorization="Bearer x").status == 200
    assert guarded(["oauth"], authentication=False).get().status == 200


def test_requests_are_validated(mocked):
    """Parameters and bodies that violate the contract get a problem, which it need not document."""
    body = {"required": True, "content": {"application/json": {"schema": {"type": "integer"}}}}
    parameter = {"name": "n", "in": "query", "schema": {"type": "integer"}}
    app = mocked({"/": {"post": {"responses": OK, "requestBody": body, "parameters": [parameter]}}})
    assert app.post("/?n=1", 5).status == 200
    refused = app.post("/?n=x", "five")
    assert refused.status == 422
    assert {each["in"] for each in refused.json["errors"]} == {"query", "body"}
    assert app("POST", "/", b"{", content_type="application/json").status == 400
    assert app("POST", "/", b"<a/>", content_type="text/xml").status == 415


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_requests_are_held_to_formats(openapi, mocked):
    """What is no date is refused where a date is declared, as the journal tells it too."""
    date, time, other = ({"type": "string", "format": each} for each in ("date", "time", "sku"))
    schema = {"type": "object", "properties": {"day": date, "from": time, "to": time, "other": other}}
    body = {"content": {"application/json": {"schema": schema}}}
    parameters = [{"name": "day", "in": "query", "schema": date}]
    operation = {"responses": OK, "requestBody": body, "parameters": parameters}
    app = mocked({"/": {"post": operation}}, openapi=openapi)
    value = {"day": "2024-02-29", "from": "12:00:00", "to": "12:00:00Z", "other": "?"}
    assert app.post("/?day=2024-02-29", value).status == 200
    refused = app.post("/?day=2023-02-29", {"day": "tomorrow"})
    assert [each["rule"] for each in refused.json["errors"]] == ["format", "format"]
    assert app.get("/nowhere").status == 404
    assert app("DELETE", "/").headers["allow"] == "OPTIONS, POST"


def test_files_and_bytes_are_taken(mocked):
    """Multipart forms are read and validated, binary bodies of a media range are taken."""
    form = {
        "type": "object",
        "required": ["photo"],
        "properties": {"photo": {"type": "string", "format": "binary"}},
    }
    content = {"multipart/form-data": {"schema": form}, "image/*": {"schema": {}}}
    app = mocked({"/": {"put": {"responses": OK, "requestBody": {"required": True, "content": content}}}})
    part = b'--B\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nx\r\n--B--\r\n'
    multipart = "multipart/form-data; boundary=B"
    assert app("PUT", "/", part % b"photo", content_type=multipart).status == 200
    assert app("PUT", "/", part % b"other", content_type=multipart).status == 422
    assert app("PUT", "/", b"\x89PNG", content_type="image/png").status == 200
    assert app("PUT", "/", b"", content_type="image/png").status == 200  # an empty file


def test_the_paths_of_servers(mocked):
    """What a client calls is found with and without the base path of a server, variables at their default."""
    server = {"url": "https://pets.test/{version}/", "variables": {"version": {"default": "v2"}}}
    paths = {
        "/pets/{id}": {"get": {"responses": OK}},
        "/v2/own": {"get": {"responses": {"204": {"description": ""}}}},
    }
    app = mocked(paths, servers=[server, {"url": "/"}, {"url": "http://[broken"}, {"url": "/{unset}"}])
    assert app.get("/pets/1").status == app.get("/v2/pets/1").status == 200
    assert app.get("/v2/own").status == 204
    assert app.get("/v3/pets/1").status == 404


def test_the_paths_of_servers_at_each_value_that_a_variable_lists(mocked):
    """Variables that list their values stand for each of them, with each value of the others."""
    variables = {
        "region": {"default": "eu", "enum": ["eu", "us"]},
        "stage": {"default": "live", "enum": ["live", "test"]},
        "version": {"default": "v2", "enum": ["v1", "v2"]},
    }
    server = {"url": "https://{region}.pets.test/{stage}/{version}", "variables": variables}
    app = mocked({"/pets": {"get": {"responses": OK}}}, servers=[server])
    assert {app.get(f"/{stage}/{v}/pets").status for stage in ("live", "test") for v in ("v1", "v2")} == {200}
    assert app.get("/live/v3/pets").status == 404


def test_the_paths_of_servers_of_one_path_alone(mocked):
    """A path and an operation may have servers of their own."""
    operation = {"responses": OK, "servers": [{"url": "/of-the-operation"}]}
    app = mocked({"/a": {"get": operation, "servers": [{"url": "/of-the-path"}]}})
    assert app.get("/of-the-operation/a").status == app.get("/of-the-path/a").status == 200


def test_operations_need_no_ids(mocked):
    """Names made from method and path are made different where they would be the same."""
    paths = {
        path: {"get": {"responses": {code: {"description": ""}}}}
        for path, code in {"/a/b": "200", "/a_b": "204"}.items()
    }
    app = mocked(paths)
    assert (app.get("/a/b").status, app.get("/a_b").status) == (200, 204)


def test_a_path_of_the_contract_comes_before_the_mocks_pages(mocked):
    """The explorer and the document give way to operations of their path."""
    app = mocked({"/docs": {"get": {"responses": {"204": {"description": ""}}}}})
    assert app.get("/docs").status == 204
    assert app.get("/openapi.json").json["info"] == {"title": "t", "version": "1"}


def test_an_operation_that_cannot_be_bound_is_reported_when_it_is_called(mocked):
    """The others respond; this one is a 501 that names the part."""
    broken = {"name": "q", "in": "query", "schema": {"$ref": "#/components/schemas/Missing"}}
    app = mocked(
        {"/good": {"get": {"responses": OK}}, "/bad": {"get": {"responses": OK, "parameters": [broken]}}}
    )
    assert app.get("/good").status == 200
    refused = app.get("/bad")
    assert refused.status == 501
    assert "Missing" in refused.json["detail"]


def test_pages_of_any_origin_may_ask(mocked):
    """A preflight allows the headers of the mock, and its responses expose theirs."""
    app = mocked({"/": {"get": {"responses": OK}}})
    headers = {"origin": "http://x.test", "access_control_request_method": "GET"}
    asked = "prefer,x-mock-scope,x-mock-fault"
    preflight = app("OPTIONS", "/", **headers, access_control_request_headers=asked)
    assert preflight.status == 200
    refused = app("OPTIONS", "/", **headers, access_control_request_headers="a b")
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (400, "http://x.test")
    exposed = app.get(origin="http://x.test").headers["access-control-expose-headers"]
    assert {"Preference-Applied", "X-Mock-Answer"} <= set(exposed.split(", "))


def large_document(operations=2000):
    """Return a document as large services have them: operations that share components which recur."""
    schemas = {
        f"Thing{n}": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "maxLength": 50},
                "next": {
                    "anyOf": [{"type": "string"}, {"$ref": f"#/components/schemas/Thing{(n + 1) % 300}"}]
                },
                "all": {"type": "array", "items": {"$ref": f"#/components/schemas/Thing{(n * 7) % 300}"}},
            },
        }
        for n in range(300)
    }
    paths = {
        f"/things{n}/{{id}}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": f"#/components/schemas/Thing{n % 300}"}}
                        },
                    }
                },
            }
        }
        for n in range(operations)
    }
    info = {"title": "large", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def test_only_what_is_asked_for_is_bound(client):
    """Of thousands of operations a start compiles none, and a request its own."""
    bound = []
    original = Pipeline.__init__

    def noting(self, operation, *rest, **others):
        bound.append(operation.contract_operation.path)
        original(self, operation, *rest, **others)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Pipeline, "__init__", noting)
        app = contract_app(Contract(large_document(), "large"))
        assert bound == []
        response = client(app).get("/things1500/a")
    assert bound == ["/things1500/{id}"]
    assert json.loads(response.body)["id"]


def test_operations_that_a_query_tells_apart(mocked):
    """Templates with a query respond to requests that have it; the expressions in it are parameters."""
    name = {"name": "name", "in": "path", "required": True, "schema": {"enum": ["a"]}}
    api = mocked(
        {
            "/rest?do=list": {"get": {"responses": {"204": {"description": ""}}}},
            "/rest?do=show&name={name}": {
                "get": {"parameters": [name], "responses": {"205": {"description": ""}}}
            },
        }
    )
    targets = ("/rest?do=list", "/rest?do=show&name=a", "/rest?do=show&name=b", "/rest?do=sing", "/rest")
    assert [api.get(each).status for each in targets] == [204, 205, 422, 404, 404]
