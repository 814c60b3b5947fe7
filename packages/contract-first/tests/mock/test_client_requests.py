"""Requests as clients send them: without Content-Type, with a slash too many; the journal says so."""

import json

import httpx2
import pytest

from contract_first.mock import contract_mock

ITEM = {
    "type": "object",
    "required": ["name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
JSON = {"application/json": {"schema": ITEM}}
OK = {"description": "d", "content": JSON}


def operation(media_types=("application/json",)):
    """Return an operation that creates an item of a body of these media types."""
    content = {name: {"schema": ITEM} for name in media_types}
    return {"requestBody": {"required": True, "content": content}, "responses": {"201": OK}}


PATHS = {
    "/items": {
        "get": {
            "responses": {
                "200": {**OK, "content": {"application/json": {"schema": {"type": "array", "items": ITEM}}}}
            }
        },
        "post": operation(),
    },
    "/items/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "get": {"responses": {"200": OK}},
    },
    "/drafts/": {"post": operation()},
    "/several": {"post": operation(["application/json", "application/x-www-form-urlencoded"])},
    "/files": {"post": operation(["multipart/form-data"])},
}


@pytest.fixture
def served(tmp_path):
    """Return what serves the paths by a mock, which remembers."""
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": PATHS}
    (tmp_path / "api.json").write_text(json.dumps(document))

    def serve(**options):
        return contract_mock(tmp_path / "api.json", stateful=True, items=0, **options)

    return serve


def send(url, body=b'{"name": "Ada"}', **headers):
    """POST a body without any Content-Type but those."""
    return httpx2.post(url, content=body, headers=headers)


def verdict(mock):
    """Return the violations of the last request in the journal."""
    (last,) = httpx2.get(f"{mock.control}/journal", params={"limit": 1}).json()["exchanges"]
    return [violation["detail"] for violation in last["verdict"]["request"]]


def test_a_body_without_content_type(served):
    """It is taken for the only media type that is declared; the journal has a warning."""
    with served() as mock:
        created = send(f"{mock.api}/items")
        assert (created.status_code, created.json()["name"]) == (201, "Ada")
        assert verdict(mock) == ["is missing; the contract has application/json"]
        assert send(f"{mock.api}/items", b'{"name": 7}').status_code == 422
        assert send(f"{mock.api}/several").status_code == 415


def test_no_member_is_lost_with_warnings(served):
    """What is not refused is read as what is declared first, also of several."""
    with served(validate_requests="warn") as mock:
        assert send(f"{mock.api}/items").json()["name"] == "Ada"
        assert send(f"{mock.api}/several").json()["name"] == "Ada"
        warned = send(f"{mock.api}/items", **{"Content-Type": "text/json"})
        assert warned.json()["name"] == "Ada"
        assert "text/json" in warned.headers["X-Mock-Request-Violation"]


@pytest.mark.parametrize(("mode", "status"), [("on", 415), ("warn", 201)])
def test_parts_without_content_type(served, mode, status):
    """They are of no media type: only that field says what is between them."""
    with served(validate_requests=mode) as mock:
        response = send(f"{mock.api}/files", b"--b\r\n")
        assert (response.status_code, "x-mock-request-violation" in response.headers) == (
            status,
            mode == "warn",
        )
        assert httpx2.post(f"{mock.api}/files", files={"name": (None, "Ada")}).json()["name"] == "Ada"


@pytest.mark.parametrize("path", ["/items/", "/drafts"])
def test_a_slash_at_the_end_of_a_path(served, path):
    """It may be too many, or not there; the journal has the operation, and a note."""
    with served() as mock:
        response = httpx2.post(f"{mock.api}{path}", json={"name": "Ada"})
        assert response.status_code == 201
        (note,) = verdict(mock)
        assert "slash at its end" in note
        assert httpx2.get(f"{mock.api}/items/7/").status_code == 404  # no such item
        assert httpx2.get(f"{mock.api}/other/").status_code == 404


def test_strict_refuses_both(served):
    """With --strict a request is as the contract has it."""
    with served(strict=True) as mock:
        assert send(f"{mock.api}/items").status_code == 415
        assert httpx2.post(f"{mock.api}/items/", json={"name": "Ada"}).status_code == 404
