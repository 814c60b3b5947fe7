"""Requests that a mock forwards to its upstream: all without an override, or some operations."""

from __future__ import annotations

import socket

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.rule import RuleFileError

REX = {"id": 7, "name": "Rex"}


@pytest.fixture
def real(contract):
    """Run what stands for the real server: a mock that has other pets, and no operation to delete them."""
    paths = {**contract.document["paths"], "/pets/{id}": {**contract.document["paths"]["/pets/{id}"]}}
    del paths["/pets/{id}"]["delete"]
    with contract_mock(Contract({**contract.document, "paths": paths}, "real.json")) as mock:
        mock.override(operation="list_pets", respond={"body": [{"id": 9, "name": "real"}]})
        body = {"id": 8, "name": "{{ request.body.name }}"}
        mock.override(operation="add_pet", respond={"body": body, "headers": {"X-Mock-Answer": "mine"}})
        yield mock


@pytest.fixture
def client():
    """Return a client."""
    with httpx2.Client(trust_env=False, timeout=30) as client:
        yield client


def test_all_that_has_no_override(contract, real, client):
    """The upstream responds, the journal validates and names the rule; an override comes before it."""
    with contract_mock(contract, upstream=real.api) as mock:
        response = client.get(f"{mock.api}/pets", headers={"Origin": "http://a.test"})
        assert response.json() == [{"id": 9, "name": "real"}]
        assert response.headers.get_list("x-mock-answer") == ["upstream"]
        assert response.headers.get_list("access-control-allow-origin") == ["http://a.test"]
        assert client.post(f"{mock.api}/pets", json={"name": "Max"}).json() == {"id": 8, "name": "Max"}
        assert client.head(f"{mock.api}/pets").content == b""
        mock.override(operation="get_pet", respond={"body": REX})
        assert client.get(f"{mock.api}/pets/1").json() == REX
        assert client.delete(f"{mock.api}/pets/1").status_code == 405
        exchanges = client.get(f"{mock.control}/journal").json()["exchanges"]
        assert [exchange["fault"] for exchange in exchanges[:2]] == ["override-1"] * 2
        assert [exchange["by_rule"] for exchange in exchanges] == [False, False, False, True, False]
        assert exchanges[-1]["verdict"]["response"][0]["part"] == "status"
        (violating,) = client.get(f"{mock.control}/journal", params={"violations": True}).json()["exchanges"]
        assert violating["number"] == exchanges[-1]["number"]


def test_a_patch_of_what_the_upstream_sends(contract, real, client):
    """An override that only changes a response changes the upstream's; both rules are in the journal."""
    with contract_mock(contract, upstream=real.api) as mock:
        mock.override(operation="list_pets", patch={"members": {"/0/name": "bent"}})
        assert client.get(f"{mock.api}/pets").json() == [{"id": 9, "name": "bent"}]
        (exchange,) = client.get(f"{mock.control}/journal").json()["exchanges"]
        assert exchange["fault"] == "override-1 override-2"


def test_some_operations_and_statuses(contract, real, client):
    """Other operations are mocked, and so is what the upstream does not have, with the body that was sent."""
    with contract_mock(
        contract, upstream=real.api, forward=["list_pets", "remove_pet"], mock_on=[405], stateful=True
    ) as mock:
        assert client.get(f"{mock.api}/pets").json() == [{"id": 9, "name": "real"}]
        added = client.post(f"{mock.api}/pets", json={"name": "mine"}).json()
        assert added["name"] == "mine"
        assert client.delete(f"{mock.api}/pets/{added['id']}").status_code == 204
    with contract_mock(contract, upstream=real.api, forward=["add_pet"], mock_on=[201]) as mock:
        assert client.post(f"{mock.api}/pets", json={"name": "twice"}).json()["name"] == "twice"
    wrong = contract_mock(contract, upstream=real.api, forward=["list_pts"])
    with pytest.raises(RuleFileError, match=r"^--forward: entry 1: .*close to it: list_pets"), wrong:
        pass


def test_an_upstream_that_does_not_respond(contract, client):
    """The problem says why; without an upstream nothing can be forwarded."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with contract_mock(contract, upstream=url) as mock:
            response = client.get(f"{mock.api}/pets")
            assert (response.status_code, url in response.json()["detail"]) == (502, True)
    with contract_mock(contract) as mock, pytest.raises(ValueError, match=r"/effect/forward: .*--upstream"):
        mock.override(forward=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"forward": ["list_pets"]}, "--upstream URL"), ({"unrecorded": "404"}, "--replay FILE")],
)
def test_options_that_need_another(contract, options, message):
    """An option that would do nothing is refused."""
    with pytest.raises(ValueError, match=message), contract_mock(contract, **options):
        pass
