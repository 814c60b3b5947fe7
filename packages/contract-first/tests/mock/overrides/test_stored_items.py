"""Rules look at the stored item that a request is for: in conditions and in templates."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.mock import contract_mock


@pytest.fixture(scope="module")
def mock(contract):
    """Run a mock that stores pets, two of them."""
    with contract_mock(contract, stateful=True, items=0, isolate=True) as mock:
        for name in ("Rex", "Tom"):
            httpx2.post(f"{mock.api}/pets", json={"name": name}, trust_env=False).raise_for_status()
        yield mock


@pytest.fixture
def get(mock):
    """Return what gets a pet; the overrides go at the end."""

    def get(number, **options):
        return httpx2.get(f"{mock.api}/pets/{number}", trust_env=False, **options)

    yield get
    httpx2.delete(f"{mock.control}/overrides", trust_env=False).raise_for_status()


def test_conditions(mock, get):
    """An override is for the items that are as it says; without an item there is nothing to be so."""
    mock.override(operation="get_pet", item={"/name": "Rex"}, respond={"status": 404})
    assert [get(number).status_code for number in (1, 2)] == [404, 200]
    mock.override(
        operation="get_pet", item={"/id": {"present": False}}, respond={"status": 404, "text": "none"}
    )
    assert [get(number).text for number in (1, 9)] == ["", "none"]
    elsewhere = {"X-Mock-Scope": "other"}  # where no pets are
    assert get(1, headers=elsewhere).text == "none"


def test_templates(mock, get):
    """A template names members of the item, and nothing where there is none."""
    body = {"id": "{{ item.id }}", "name": "{{ item.name | default('nobody') }}!"}
    mock.override(operation="get_pet", respond={"body": body})
    assert [get(number).json()["name"] for number in (1, 2, 9)] == ["Rex!", "Tom!", "nobody!"]
    assert get(1).json()["id"] == 1


def test_without_storing(contract):
    """A mock that stores nothing has no item: no such condition is met."""
    with contract_mock(contract) as mock:
        mock.override(item={"/name": "Rex"}, respond={"text": "there"})
        assert httpx2.get(f"{mock.api}/pets/7", trust_env=False).json()["name"] == "Rex"


def test_not_for_s3(mock):
    """S3 has no items of a contract."""
    rule = {"on": "s3", "match": {"item": {"/a": 1}}, "effect": {"status": 503}}
    response = httpx2.post(f"{mock.control}/faults", json=rule, trust_env=False)
    assert response.json()["errors"][0]["pointer"] == "/match/item"
