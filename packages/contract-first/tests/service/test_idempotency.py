"""Idempotency keys of any contract: what a request is recognised by, and what is stored of it."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.service import BadRequest, KeyInUse, KeyReused, Response, create_app

KEY = {"in": "header", "name": "idempotency-key", "schema": {"type": "string", "maxLength": 9}}
ANY = {"schema": {"properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 1}}}}
FILE = {"schema": {"properties": {"photo": {"type": "string", "contentMediaType": "image/png"}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "post": {
                "operationId": "create_pet",
                "parameters": [KEY, {"in": "query", "name": "dry", "schema": {"type": "boolean"}}],
                "requestBody": {
                    "content": {
                        "application/json": ANY,
                        "multipart/form-data": FILE,
                        "application/octet-stream": {},
                    }
                },
                "responses": {"201": {"description": "", "content": {"application/json": {}}}},
            }
        }
    },
}


class Memory:
    """Responses by key, each with the fingerprint of its request."""

    def __init__(self):
        self.responses = {}

    async def once(self, attempt, run):
        """Return the response of the first try."""
        fingerprint, response = self.responses.get(attempt.key, (attempt.fingerprint, None))
        if fingerprint != attempt.fingerprint:
            raise KeyReused
        if response is None:
            self.responses[attempt.key] = fingerprint, await run()
        return self.responses[attempt.key][1]


@pytest.fixture
def pets():
    """Return the app, and the names of those that were created."""
    created = []

    async def create_pet(body, dry):
        if dry:
            raise BadRequest("Nothing was created.")
        created.append(body)
        return Response({"number": len(created)}, headers={"Location": f"/pets/{len(created)}"})

    return create_app(Contract(DOCUMENT, "pets"), {"create_pet": create_pet}, idempotency=Memory()), created


def post(app, *requests, key="k"):
    """Return the responses to requests with a key."""

    async def posted():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://pets.test") as client:
            headers = {} if key is None else {"Idempotency-Key": key}
            return [
                await client.post("/pets", **{**each, "headers": {**headers, **each.get("headers", {})}})
                for each in requests
            ]

    return asyncio.run(posted())


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"content": b'{"name": "Rex", "age": 1}', "headers": JSON},
            {"content": b'{"name":"\\u0052ex"}', "headers": JSON},
        ),
        ({"json": {"age": 10**30}},) * 2,
        *[({"files": {"photo": ("a.png", content)}},) * 2 for content in (b"one", b"one" * 1_000_000)],
        ({"content": b"\x00\xff", "headers": {"Content-Type": "application/octet-stream"}},) * 2,
        ({}, {}),
    ],
)
def test_the_same_request_however_it_is_written(pets, first, second):
    """It is run once, and each time its response is the first one, with what is said of this exchange."""
    app, created = pets
    one, two = post(app, first, second)
    assert (one.status_code, two.status_code, len(created)) == (201, 201, 1)
    assert (one.content, one.headers["location"]) == (two.content, two.headers["location"])
    assert one.headers["x-request-id"] != two.headers["x-request-id"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"json": {"name": "Rex"}}, {"json": {"name": "Tom"}}),
        ({"json": {"name": "Rex"}}, {"json": {"name": "Rex"}, "params": {"dry": "false"}}),
        ({"files": {"photo": ("a.png", b"one")}}, {"files": {"photo": ("a.png", b"two")}}),
        ({"files": {"photo": ("a.png", b"one")}}, {"files": {"photo": ("b.png", b"one")}}),
        ({}, {"json": {}}),
    ],
)
def test_another_request_with_the_key_is_refused(pets, first, second):
    """A 422 that names the header."""
    app, created = pets
    one, two = post(app, first, second)
    assert (one.status_code, two.status_code, len(created)) == (201, 422, 1)
    assert "Idempotency-Key" in two.json()["detail"]


def test_what_is_raised_is_not_stored(pets):
    """Nor is a request without a key, or one that violates the contract."""
    app, created = pets
    dry = {"params": {"dry": "true"}}
    responses = post(app, dry, dry, {}, {"json": {"name": 1}})
    assert [each.status_code for each in responses] == [400, 400, 201, 422]
    assert [each.status_code for each in post(app, {}, {}, key=None)] == [201, 201]
    assert [each.status_code for each in post(app, {}, key="longer than 9")] == [422]
    assert len(created) == 3


def test_a_key_in_use_is_a_conflict_that_passes():
    """It says when to try again."""
    problem = KeyInUse()
    assert (problem.status, problem.headers, problem.is_transient) == (409, {"Retry-After": "1"}, True)


def test_without_a_store_the_header_is_the_handlers():
    """It is a parameter like any other."""

    def create_pet(idempotency_key, dry, body):
        return [idempotency_key, dry, body]

    app = create_app(Contract(DOCUMENT, "pets"), {"create_pet": create_pet})
    assert json.loads(post(app, {"json": {}})[0].content) == ["k", None, {"age": 1}]
