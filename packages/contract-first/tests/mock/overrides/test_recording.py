"""Recordings: of a proxy or a HAR, replayed by a mock; a recording is a list of rules."""

from __future__ import annotations

import json

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app
from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.rule import RuleFileError


def entry(url, *, status=200, method="GET", sent=None, body="", headers=(), kind="application/json"):
    """Return an entry of a HAR."""
    posted = {} if sent is None else {"postData": {"mimeType": "application/json", "text": json.dumps(sent)}}
    fields = [{"name": name, "value": value} for name, value in headers]
    return {
        "startedDateTime": "2026-11-30T00:00:00Z",
        "request": {"method": method, "url": f"https://api.test{url}", "headers": fields, **posted},
        "response": {
            "status": status,
            "headers": [{"name": "Date", "value": "x"}, {"name": "X-Page", "value": "{{ 1 }}"}],
            "content": {"mimeType": kind, "text": body if isinstance(body, str) else json.dumps(body)},
        },
    }


ENTRIES = [
    entry("/pets", body=[1]),
    entry("/pets", body=[1, 2]),
    entry("/pets?kind=cat&kind=dog", body=["{{ now }}"]),
    entry("/pets", method="POST", sent={"name": "a", "at": 1}, status=201, body={"id": 1}),
    entry("/pets", method="POST", sent={"name": "b", "at": 2}, status=409, body="no", kind="text/plain"),
    entry("/pets/1?token=***", body={}),
    entry("/pets/2", headers=[("X-Tenant", "a")], body="A"),
    entry("/pets/2", headers=[("X-Tenant", "b")], body="B"),
    entry("/pets/3", status=0),
    entry("/pets/5?apiKey=hunter2", body="F"),
    entry("/pets/glpat-abcdefghij1234567890", body="G"),
    {**entry("/pets/4"), "response": {"status": 200, "content": {"size": 10}}},
]


@pytest.fixture
def har(tmp_path):
    """Return a HAR file."""
    file = tmp_path / "traffic.har"
    file.write_text(json.dumps({"log": {"entries": ENTRIES}}))
    return file


@pytest.fixture
def replaying(contract, har):
    """Return what runs a mock that replays the HAR, and opens a client of it."""

    def replay(**options):
        return contract_mock(Contract(contract.document, "pets.json"), replay=har, **options)

    return replay


def client_of(mock):
    """Return a client of a mock."""
    return httpx2.Client(base_url=mock.api, trust_env=False)


def test_the_same_requests_get_the_same_responses(replaying):
    """Method, path, query and body decide; repeated requests get their responses in order, then the last."""
    with replaying() as mock, client_of(mock) as client:
        assert [client.get("/pets").json() for _ in range(3)] == [[1], [1, 2], [1, 2]]
        assert client.get("/pets?kind=cat&kind=dog").json() == ["{{ now }}"]
        assert client.get("/pets?kind=cat").json()[0]["id"] == 1, "is mocked"
        added = client.post("/pets", json={"at": 1, "name": "a"})
        assert (added.status_code, added.json(), added.headers["x-page"]) == (201, {"id": 1}, "{{ 1 }}")
        refused = client.post("/pets", json={"name": "b", "at": 2})
        assert (refused.status_code, refused.text) == (409, "no")
        assert client.get("/pets/1?token=any").json() == {}, "a secret is not compared"
        assert client.get("/pets/4").json()["name"] == "Rex", "of whose body nothing is recorded"
        assert client.get("/_mock/overrides").json() == {"overrides": []}
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/pets/3")


def test_what_requests_have_in_common(replaying):
    """Chosen headers and members of the body decide; what is not recorded is a 404, if that is asked for."""
    options = {"match_header": ["X-Tenant"], "match_body": ["/name"], "unrecorded": "404"}
    with replaying(**options) as mock, client_of(mock) as client:
        tenants = [client.get("/pets/2", headers={"X-Tenant": name}).text for name in ("b", "a")]
        assert tenants == ["B", "A"]
        assert client.post("/pets", json={"name": "a", "at": 7}).status_code == 201
        missing = client.post("/pets", json={"name": "c", "at": 1})
        assert (missing.status_code, missing.json()["detail"]) == (404, "It is not recorded.")
        override = {"match": {"operation": "list_pets"}, "effect": {"respond": {"body": "mine"}}}
        client.post("/_mock/overrides", json=override)
        assert client.get("/pets").json() == "mine", "an override comes before"
        client.post("/_mock/state/reset", json={})
        assert client.get("/pets").json() == [1], "a reset begins from the first"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"log": {"entries": [{"request": 1}]}}', r"log\.entries\[0\] is not HAR"),
        ('{"log": ', "is not JSON"),
        ('{"overrides": [{"effect": {"drop": true}}, {"effect": {}}]}', r"entry 2: /effect"),
        ("{}", "expected a list of overrides"),
    ],
)
def test_what_is_no_recording(content, message, contract, tmp_path):
    """A file that is none is refused with its place; one that says what matches is not asked again."""
    file = tmp_path / "recording.json"
    file.write_text(content)
    with pytest.raises(RuleFileError, match=message), contract_mock(contract, replay=file):
        pass
    file.write_text('{"overrides": []}')
    wrong = contract_mock(contract, replay=file, match_body=["/name"])
    with pytest.raises(ValueError, match="says which requests are the same"), wrong:
        pass


def test_a_har_becomes_overrides(har, contract, tmp_path):
    """A command writes a file of overrides, secrets masked, and says what it leaves out; no HAR, no file."""
    file, run = tmp_path / "overrides.json", CliRunner().invoke
    result = run(app, ["overrides", str(har), "-o", str(file), "--match-body", "/name"])
    assert (result.exit_code, "1 of 12 exchanges are left out" in result.stderr) == (0, True)
    with contract_mock(contract, overrides=file) as mock, client_of(mock) as client:
        assert client.post("/pets", json={"name": "a", "at": 9}).status_code == 201
        assert len(client.get("/_mock/overrides").json()["overrides"]) == 9
        assert client.get("/pets/5", params={"apiKey": "hunter2"}).text == "F"
        assert client.get("/pets/glpat-abcdefghij1234567890").text == "G"
    assert "hunter2" not in file.read_text()
    assert "glpat" not in file.read_text()
    refused = run(app, ["overrides", str(file)])
    assert (refused.exit_code, "expected a JSON object with a member 'log'" in refused.output) == (2, True)
