"""The page about changing one response is true: each wish on it comes true on a mock of the Petstore."""

from __future__ import annotations

import re
from pathlib import Path
from time import monotonic

import httpx2
import pytest
import yaml

from contract_first.mock import contract_mock

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "change-one-response.md").read_text()
WISHES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
KEY = {"X-API-Key": "any"}


@pytest.fixture(scope="module")
def mock():
    """Run the mock of the Petstore."""
    with contract_mock(str(ROOT / "examples" / "petstore" / "openapi.yaml"), authentication=False) as mock:
        yield mock


@pytest.fixture
def client(mock):
    """Return a client of the mock, whose overrides go at the end."""
    with httpx2.Client(base_url=mock.api, trust_env=False, timeout=30) as client:
        yield client
        client.delete("/_mock/overrides").raise_for_status()


@pytest.fixture
def wish(client):
    """Return what makes a wish of the page, by its number."""

    def make(number):
        for override in WISHES[number]:
            client.post("/_mock/overrides", json=override).raise_for_status()

    return make


def test_an_empty_list(client, wish):
    """A list has no items."""
    wish(0)
    assert client.get("/pets").json() == []


def test_the_second_call_fails(client, wish):
    """Of all calls the second fails."""
    wish(1)
    assert [client.get("/pets").status_code for _ in range(4)] == [200, 503, 200, 200]


def test_one_member_is_another(client, wish):
    """One member differs from the response without the override."""
    before = client.get("/pets/7").json()
    wish(2)
    assert client.get("/pets/7").json() == {**before, "name": "A name that is far too long for the card"}


def test_an_item_of_a_list_by_condition(client, wish):
    """Only requests that meet the condition are overridden; the violation is named."""
    before = client.get("/pets", params={"kind": "cat"}).json()
    wish(3)
    assert client.get("/pets", params={"kind": "cat"}).json() == [{**before[0], "id": -1}, *before[1:]]
    assert client.get("/pets", params={"kind": "dog"}).json()[0]["id"] > 0
    bent, other = client.get("/_mock/journal").json()["exchanges"][-2:]
    assert [violation["where"] for violation in bent["verdict"]["response"]] == ["/0/id"]
    assert (bent["fault"].partition("-")[0], other["fault"]) == ("override", "")


def test_a_slow_response(client, wish):
    """A response takes two seconds."""
    wish(4)
    started = monotonic()
    client.get("/pets/7").raise_for_status()
    assert monotonic() - started >= 2


def test_a_sequence(client, wish):
    """Each call gets the next effect, and all further ones the last."""
    wish(5)
    assert client.get("/pets").status_code == 503
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("/pets")
    assert [client.get("/pets").json() for _ in range(2)] == [[], []]


def test_what_was_sent_is_repeated(client, wish):
    """Templates repeat the request, and count."""
    wish(6)
    sent = {"name": "Rex", "kind": "dog"}
    responses = [client.post("/pets", json=sent) for _ in range(2)]
    assert [response.json() for response in responses] == [{"id": 1, **sent}, {"id": 2, **sent}]
    assert [response.headers["location"] for response in responses] == ["/pets/1", "/pets/2"]
    assert {response.status_code for response in responses} == {201}


def test_one_name_is_refused(client, wish):
    """A condition on a member of the body decides."""
    wish(7)
    statuses = [
        client.post("/pets", json={"name": name, "kind": "dog"}).status_code for name in ("admin2", "Rex")
    ]
    assert statuses == [409, 201]


def test_headers(client, wish):
    """Headers are removed and added, and the body is as it was."""
    before = client.get("/pets").json()
    wish(8)
    response = client.get("/pets")
    assert "x-request-id" not in response.headers
    assert response.headers["cache-control"] == "max-age=60"
    assert response.json() == before


def test_a_page_of_a_proxy(client, wish):
    """Some requests, the same for the same seed, get a page."""
    wish(9)
    pages = [response for response in (client.get("/pets") for _ in range(50)) if response.status_code == 502]
    assert 0 < len(pages) < 25
    assert {page.text for page in pages} == {"<h1>Bad Gateway</h1>"}
    assert pages[0].headers["content-type"] == "text/html"


def test_there_are_ten():
    """The page has ten wishes, and each is tested above."""
    assert len(WISHES) == 10
