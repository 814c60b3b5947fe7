"""Contracts of a few lines, served in-process."""

from __future__ import annotations

import json
from functools import partial

import pytest

from contract_first.contract import Contract
from contract_first.mock.pipeline import ContractResponses, contract_app
from contract_first.mock.responses import STRICT


class Client:
    """Calls an ASGI app with what a server would hand over."""

    def __init__(self, app, call):
        self.app = app
        self._call = call

    def __call__(self, method, target, body=b"", **headers):
        """Send one request; an underscore in a header's name is a hyphen."""
        fields = [
            (name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()
        ]
        return self._call(self.app, method, target.encode(), fields, [{"type": "http.request", "body": body}])

    def get(self, target="/", **headers):
        """Send a GET."""
        return self("GET", target, **headers)

    def post(self, target, value, **headers):
        """Send a POST of JSON."""
        return self("POST", target, json.dumps(value).encode(), content_type="application/json", **headers)


def document_of(paths, *, openapi="3.1.0", **rest):
    """Return a document of these paths."""
    return {"openapi": openapi, "info": {"title": "t", "version": "1"}, "paths": paths, **rest}


def ref(name):
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.fixture(scope="session")
def client(call_asgi):
    """Return what makes a client of an app."""
    return partial(Client, call=call_asgi)


@pytest.fixture(scope="session")
def mocked(client):
    """Serve a contract of these paths."""

    def make(paths, *, openapi="3.1.0", seed="", locale="", authentication=True, strictness=STRICT, **rest):
        contract = Contract(document_of(paths, openapi=openapi, **rest), "test")
        responses = ContractResponses(seed, strictness=strictness, locale=locale)
        return client(contract_app(contract, responses, authentication=authentication))

    return make


@pytest.fixture(scope="session")
def responding(mocked):
    """Respond to ``GET /`` with these responses."""

    def make(responses, **rest):
        return mocked({"/": {"get": {"operationId": "op", "responses": responses}}}, **rest)

    return make


@pytest.fixture(scope="session")
def responding_with(responding):
    """Respond to ``GET /`` with a JSON value of this schema."""

    def make(schema, **rest):
        content = {"application/json": {"schema": schema}}
        return responding({"200": {"description": "", "content": content}}, **rest)

    return make
