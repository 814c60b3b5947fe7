"""Contracts of a few lines, answered in-process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from scanner_contract import Contract
from scanner_mocks.answers import answering_app


@dataclass
class Response:
    """What the app sent."""

    status: int
    raw_headers: list
    body: bytes

    @property
    def headers(self):
        """The header fields by lower-case name."""
        return {name.decode(): value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def json(self):
        """The body's JSON value."""
        return json.loads(self.body)

    @property
    def source(self):
        """Who answered: ``handler``, ``example`` or ``generated``."""
        return self.headers.get("x-mock-answer")


class Client:
    """Calls an ASGI app with what a server would hand over."""

    def __init__(self, app):
        self.app = app

    def __call__(self, method, target, body=b"", **headers):
        """Send one request; an underscore in a header's name is a hyphen."""
        path, _, query = target.encode().partition(b"?")
        scope = {
            "type": "http",
            "method": method,
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "headers": [
                (name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()
            ],
        }
        return asyncio.run(self._exchange(scope, body))

    async def _exchange(self, scope, body):
        waiting, sent = [{"type": "http.request", "body": body}], []

        async def receive():
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        start, *content = sent
        return Response(start["status"], start["headers"], b"".join(each["body"] for each in content))

    def get(self, target="/", **headers):
        """Send a GET."""
        return self("GET", target, **headers)

    def post(self, target, value, **headers):
        """Send a POST of JSON."""
        return self("POST", target, json.dumps(value).encode(), content_type="application/json", **headers)


def document_of(paths, *, openapi="3.1.0", **rest):
    """Return a document of these paths."""
    return {"openapi": openapi, "info": {"title": "t", "version": "1"}, "paths": paths, **rest}


@pytest.fixture(scope="session")
def client():
    """Return what makes a client of an app."""
    return Client


@pytest.fixture(scope="session")
def mocked():
    """Answer a contract of these paths."""

    def make(paths, *, openapi="3.1.0", seed="", authentication=True, **rest):
        contract = Contract(document_of(paths, openapi=openapi, **rest), "test")
        return Client(answering_app(contract, seed=seed, authentication=authentication))

    return make


@pytest.fixture(scope="session")
def answering(mocked):
    """Answer ``GET /`` with these responses."""

    def make(responses, **rest):
        return mocked({"/": {"get": {"operationId": "op", "responses": responses}}}, **rest)

    return make


@pytest.fixture(scope="session")
def answering_schema(answering):
    """Answer ``GET /`` with a JSON value of this schema."""

    def make(schema, **rest):
        content = {"application/json": {"schema": schema}}
        return answering({"200": {"description": "", "content": content}}, **rest)

    return make
