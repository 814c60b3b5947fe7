"""Mock, faults and journal agree on which operation a request is for, wherever the contract is deployed."""

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

PATHS = {
    "/a": {"get": {"responses": {"200": {"description": ""}}}},
    "/v1/own": {"get": {"responses": {"200": {"description": ""}}}},
    "/items/{id}": {"put": {"responses": {"200": {"description": ""}}}},
    "/#X-Amz-Target=Logs.Get": {"post": {"operationId": "Get", "responses": {"200": {"description": ""}}}},
    "/#X-Amz-Target=Logs.Put": {"post": {"operationId": "Put", "responses": {"200": {"description": ""}}}},
}
SERVERS = [
    {"url": "/{tenant}/api", "variables": {"tenant": {"default": "acme"}}},
    {"url": "https://x.test/{version}", "variables": {"version": {"default": "v1"}}},
    {"url": "/{stage}/only", "variables": {"stage": {"default": "live", "enum": ["live", "test"]}}},
    {"url": "https://x.test/with%20space/"},
    {"url": "/free/{unset}"},
]
TARGETS = {
    "/a": 200,
    "/acme/api/a": 200,
    "/other/api/a": 200,
    "/other/api/b": 404,
    "/other/a": 404,
    "//api/a": 404,
    "/v1/a": 200,
    "/v1/own": 200,
    "/v1/v1/own": 200,
    "/v2/a": 404,
    "/v1": 404,
    "/v1/": 404,
    "/live/only/a": 200,
    "/test/only/a": 200,
    "/third/only/a": 404,
    "/with%20space/a": 200,
    "/free/any%2Fthing/a": 200,
    "/other/api/items/5": 405,
    "/items/5": 405,
    "/other/api/%zz": 400,
}


@pytest.fixture(scope="module")
def running():
    """Run a mock whose servers have variables; return it and a client."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": SERVERS,
        "paths": PATHS,
    }
    with contract_mock(Contract(document, "t")) as mock, httpx2.Client(trust_env=False) as client:
        yield mock, client


def get(mock, target, method="GET", **headers):
    """Return the status of one request, its target sent as it is."""
    with closing(HTTPConnection(urlsplit(mock.api).netloc, timeout=10)) as connection:
        connection.request(method, target, headers=headers)
        return connection.getresponse().status


@pytest.mark.parametrize("target", TARGETS)
def test_the_journal_says_what_the_mock_does(running, target):
    """A response of the mock is one of the operation in the journal, a refusal one of no operation."""
    mock, client = running
    status = get(mock, target, **{"X-Mock-Scope": target})
    assert status == TARGETS[target]
    found = client.get(f"{mock.control}/journal", params={"scope": target}).json()["exchanges"]
    (exchange,) = found
    assert (exchange["operation"] != "") is (status == 200)
    assert exchange["verdict"].get("response", []) == []
    assert [each["part"] for each in exchange["verdict"].get("request", [])] == ["operation"] * (
        status != 200
    )


def test_a_header_field_tells_operations_apart_everywhere(running):
    """What a path template has behind ``#`` is in no URL: mock, faults and journal find it in the field."""
    mock, client = running
    fault = {"match": {"operation": "Put"}, "effect": {"status": 503}}
    client.post(f"{mock.control}/faults", json=fault).raise_for_status()
    statuses = [
        get(mock, "/", "POST", **{"X-Amz-Target": each, "X-Mock-Scope": "t"})
        for each in ("Logs.Get", "Logs.Put", "Logs.List")
    ]
    assert statuses == [200, 503, 404]
    found = client.get(f"{mock.control}/journal", params={"scope": "t"}).json()["exchanges"]
    assert [each["operation"] for each in found] == ["Get", "Put", ""]


def test_faults_apply_to_the_operation_that_the_mock_would_run(running):
    """A fault on an operation matches below each base path, and nothing beside them."""
    mock, client = running
    fault = {"match": {"operation": "get_a"}, "effect": {"status": 503}}
    client.post(f"{mock.control}/faults", json=fault).raise_for_status()
    assert [get(mock, target) for target in ("/a", "/other/api/a", "/v2/a", "/v1/own")] == [
        503,
        503,
        404,
        200,
    ]
