"""Contracts of a few lines, of which a mock remembers the items."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock.pipeline import ContractResponses, contract_app
from contract_first.mock.stateful.catalog import catalog_of
from contract_first.mock.stateful.memory import Memory

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    """Shows one time."""

    def now(self):
        """Return it."""
        return NOW


class Mocked:
    """Calls a mock that remembers, as a client does."""

    def __init__(self, paths, call, openapi="3.0.3", items=0, *, remembers=True, **rest):
        document = {"openapi": openapi, "info": {"title": "t", "version": "1"}, "paths": paths, **rest}
        contract = Contract(document, "test")
        self.memory = Memory(Clock())
        self.memory.catalog = catalog = catalog_of(contract)
        responses = ContractResponses(
            memory=self.memory if remembers else None,
            recognize=lambda: catalog,
            origin=lambda: "http://api.test",
            items=items,
        )
        self._app = contract_app(contract, responses=responses, authentication=False, clock=Clock())
        self._call = call

    def __call__(self, method, target, body=None, form=None, files=None, xml=None, headers=()):
        """Send a request; return the status, and the value or the text of the body."""
        raw, kind = b"", ""
        if body is not None:
            raw, kind = json.dumps(body).encode(), "application/json"
        if form is not None:
            raw, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        if xml is not None:
            raw, kind = xml.encode(), "application/xml"
        if files is not None:
            request = httpx2.Request(method, "http://api.test", data=form, files=files)
            raw, kind = request.read(), request.headers["Content-Type"]
        headers = [(b"host", b"api.test"), *([(b"content-type", kind.encode())] if kind else []), *headers]
        messages = [{"type": "http.request", "body": raw}]
        self.response = self._call(self._app, method, target.encode(), headers, messages)
        content = self.response.body
        is_xml = content.startswith(b"<")
        return self.response.status, content.decode() if is_xml else json.loads(content) if content else None

    def get(self, target):
        """Send a GET that succeeds, and return the value."""
        status, value = self("GET", target)
        assert status == 200, value
        return value

    def post(self, target, body=None, form=None):
        """Send a POST that succeeds, and return the value."""
        status, value = self("POST", target, body, form)
        assert status in {200, 201}, value
        return value


def operation(schema=None, *, status="200", body=None, form=None, parameters=(), **rest):
    """Return an operation with one success, an error, and a body."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    error = {"type": "object", "properties": {"message": {"type": "string"}}}
    sent = {"application/json": {"schema": body}} if body else None
    sent = {"application/x-www-form-urlencoded": {"schema": form}} if form else sent
    return {
        "parameters": list(parameters),
        **({"requestBody": {"content": sent}} if sent else {}),
        "responses": {
            status: {"description": "", **content},
            "default": {"description": "", "content": {"application/json": {"schema": error}}},
        },
        **rest,
    }


def in_path(name, type_="string"):
    """Return a path parameter."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": type_}}


def in_query(name, type_="string", **rest):
    """Return a query parameter."""
    return {"name": name, "in": "query", "schema": {"type": type_, **rest}}


def names(items):
    """Return the names of items."""
    return [each["name"] for each in items]


def ref(name):
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.fixture(scope="session")
def remembering(call_asgi):
    """Return what makes a mock of these paths and schemas."""
    with ExitStack() as stack:

        def make(paths, schemas=(), **rest):
            mock = Mocked(paths, call_asgi, components={"schemas": dict(schemas)}, **rest)
            stack.callback(mock.memory.store.close)
            return mock

        yield make


PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["cat", "dog"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "created_at": {"type": "string", "format": "date-time"},
        "url": {"type": "string", "format": "uri"},
    },
}
NEW_PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "kind": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
PET_ID = in_path("petId", "integer")
LISTED = {"type": "array", "items": ref("Pet")}
QUERIES = [
    in_query("kind"),
    in_query("limit", "integer"),
    in_query("page", "integer"),
    in_query("sort"),
    in_query("tags"),
]
PETS = {
    "/pets": {
        "get": operation(LISTED, parameters=QUERIES),
        "post": operation(ref("Pet"), status="201", body=NEW_PET),
    },
    "/pets/{petId}": {
        "parameters": [PET_ID],
        "get": operation(ref("Pet")),
        "put": operation(ref("Pet"), body=NEW_PET),
        "patch": operation(ref("Pet"), body={"type": "object"}),
        "delete": operation(status="204"),
    },
}


@pytest.fixture
def pets(remembering):
    """Return a mock of a pet store."""
    return remembering(PETS, {"Pet": PET})
