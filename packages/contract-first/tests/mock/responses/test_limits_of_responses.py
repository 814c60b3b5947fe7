"""Responses of a contract differ from a server's where docs/responses.md says so, and as it says."""

from __future__ import annotations

from contract_first.mock.responses.page import LIMITS

OK = {"200": {"description": ""}}


def test_each_limit_has_a_test():
    """Each row of the table has a test of its name here."""
    assert {f"test_{name.replace(' ', '_')}" for name, _ in LIMITS} - globals().keys() == set()


def test_state(mocked):
    """What was posted is not among what is listed."""
    things = {"type": "array", "maxItems": 1, "items": {"type": "string"}}
    listed = {"200": {"description": "", "content": {"application/json": {"schema": things}}}}
    taken = {"content": {"application/json": {"schema": {"type": "string"}}}}
    app = mocked({"/": {"get": {"responses": listed}, "post": {"responses": OK, "requestBody": taken}}})
    before = app.get().json
    assert app.post("/", "a thing that nobody would generate").status == 200
    assert app.get().json == before


def test_credentials(mocked):
    """Nonsense is let in, and nothing has to be sent where a certificate is asked for."""
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "K"}, "own": {"type": "mutualTLS"}}
    paths = {f"/{name}": {"get": {"responses": OK, "security": [{name: []}]}} for name in schemes}
    app = mocked(paths, components={"securitySchemes": schemes})
    assert [app.get("/key", k="nonsense").status, app.get("/own").status] == [200, 200]


def test_other_media_types(mocked):
    """XML that violates its schema is refused; what is generated from a schema is its value."""
    number = {"application/xml": {"schema": {"type": "integer"}}}
    operation = {
        "requestBody": {"content": number},
        "responses": {"200": {"description": "", "content": number}},
    }
    app = mocked({"/": {"put": operation}})
    assert app("PUT", "/", b"<no>number</no>", content_type="application/xml").status == 422
    response = app("PUT", "/", b"<no>5</no>", content_type="application/xml")
    assert response.status == 200
    assert response.body.startswith(b"<?xml")


def test_images(responding):
    """One pixel of PNG, or four bytes."""
    for media_type, beginning in {"image/png": b"\x89PNG", "video/mp4": b"mock"}.items():
        content = {media_type: {"schema": {"type": "string"}}}
        assert responding({"200": {"description": "", "content": content}}).get().body.startswith(beginning)


def test_external_examples(responding):
    """A value elsewhere is not fetched: one is made of the schema."""
    far = {"examples": {"far": {"externalValue": "http://127.0.0.1:9/"}}, "schema": {"const": "near"}}
    response = responding({"200": {"description": "", "content": {"application/json": far}}}).get()
    assert (response.json, response.source) == ("near", "generated")


def test_callbacks(mocked):
    """What a contract says of calls in the other direction is of no effect."""
    back = {"done": {"http://127.0.0.1:9/": {"post": {"responses": OK}}}}
    app = mocked({"/": {"post": {"responses": OK, "callbacks": back}}})
    assert app("POST", "/").status == 200


def test_hard_schemas(responding_with):
    """What is not found is asked for."""
    response = responding_with({"type": "integer", "not": {"type": "number"}, "minimum": 3})
    assert response.get().status == 501
