"""What is for no contract: no violation and no fault, and a way to the console."""

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

OK = {"responses": {"200": {"description": ""}}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
PATHS = {"/a": {"get": {**OK, "parameters": [LIMIT]}}, "/robots.txt": {"get": OK}}
BESIDE = ["/favicon.ico", "/.well-known/security.txt", "/apple-touch-icon-precomposed.png"]


def mocked(paths):
    """Return the mock of some paths."""
    return contract_mock(
        Contract({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}, "t")
    )


@pytest.fixture(scope="module")
def client():
    """Run a mock; return a client of it."""
    with mocked(PATHS) as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        yield client


def validation(client, path):
    """Return the validation of a GET."""
    client.post("/_mock/reset", json={})
    client.get(path)
    return client.get("/_mock/journal").json()["exchanges"][-1]["verdict"]


@pytest.mark.parametrize("path", BESIDE)
def test_what_browsers_ask_for_is_no_violation(client, path):
    """The journal has it, and says that it is for none of the contract's operations."""
    found = validation(client, path)
    assert (found.get("request", []), found.get("response", [])) == ([], [])
    assert "none of the contract's operations" in found["unjudged"]


def test_pages_are_not_recorded(client):
    """The page that shows the contract, and health checks, add nothing to the journal."""
    client.delete("/_mock/journal").raise_for_status()
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.json", "/docs/none"):
        client.get(path)
    health = {path: client.get(path).json() for path in ("/healthz", "/readyz")}
    assert health == {"/healthz": {"status": "alive"}, "/readyz": {"status": "ready"}}
    assert client.get("/_mock/journal").json()["exchanges"] == []


@pytest.mark.parametrize("path", ["/docs", "/healthz", "/readyz"])
def test_operations_in_the_place_of_pages(path):
    """They are the contract's, also below its base path, and recorded as such."""
    response = {"200": {"description": "", "content": {"text/plain": {"example": "the contract's"}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "/v1"}],
        "paths": {path: {"get": {"responses": response}}},
    }
    with contract_mock(Contract(document, "t")) as mock, httpx2.Client(trust_env=False, timeout=60) as client:
        seen = [client.get(f"{mock.api}{base}{path}").text for base in ("", "/v1")]
        recorded = client.get(f"{mock.control}/journal").json()["exchanges"]
    assert seen == ["the contract's"] * 2
    assert [any(exchange["verdict"].values()) for exchange in recorded] == [False, False]


def test_health_where_any_path_is_an_operations():
    """A path template does not take the place of health checks, and no exchange violates its operation."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    with mocked({"/{id}": {"get": {**OK, "parameters": [parameter]}}}) as mock:
        statuses = [
            httpx2.get(f"{mock.api}/{name}", trust_env=False).status_code for name in ("healthz", "5")
        ]
        recorded = httpx2.get(f"{mock.control}/journal", trust_env=False).json()["exchanges"]
    assert (statuses, len(recorded)) == ([200, 200], 1)


def test_a_wrong_path_is_a_violation(client):
    """A path that no browser asks for by itself is a mistake of the client."""
    assert [each["part"] for each in validation(client, "/b")["request"]] == ["operation"]


def test_a_refusal_is_no_second_violation(client):
    """The mock's own 4xx for an invalid request is not a violation of the response, documented or not."""
    found = validation(client, "/a?limit=x")
    assert [each["where"] for each in found["request"]] == ["limit"]
    assert found.get("response", []) == []


def test_a_fault_waits_for_the_contract(client):
    """A browser's icon uses up no fault, unless the fault names its path; what the contract has does."""
    client.post("/_mock/faults", json={"times": 1, "effect": {"status": 503}}).raise_for_status()
    assert [client.get(path).status_code for path in ("/favicon.ico", "/robots.txt", "/robots.txt")] == [
        404, 503, 200,
    ]  # fmt: skip
    fault = {"match": {"path": "/healthz"}, "effect": {"status": 500}}
    client.post("/_mock/faults", json=fault).raise_for_status()
    assert client.get("/healthz").status_code == 500


@pytest.mark.parametrize("path", ["/", "/_mock", "/_mock/"])
def test_the_way_to_the_console(client, path):
    """A browser that opens the mock comes to its console."""
    response = client.get(path, follow_redirects=True)
    assert (response.url.path, response.status_code) == ("/_mock/console", 200)


def test_an_operation_at_the_root_stays():
    """A contract's own root is the contract's."""
    with mocked({"/": {"get": OK}}) as mock:
        assert httpx2.get(mock.api, trust_env=False).status_code == 200
