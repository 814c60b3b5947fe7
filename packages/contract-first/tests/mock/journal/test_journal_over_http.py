"""The journal of a running mock: what went over the wire, as anyone can ask for it."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from urllib.parse import urlsplit

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.journal.calls import Calls
from contract_first.mock.journal.remote import RemoteJournal
from contract_first.mock.journal.selector import ExchangeSelector

UNKNOWN = "2" * 22
"""An id that no thing has."""
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
KIND = {"type": "string", "enum": ["cup", "pot"]}
THING = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {"id": {"type": "string", "readOnly": True}, "kind": KIND},
}
PHOTO = {"type": "object", "properties": {"image": {"type": "string", "format": "binary"}}}


def content(schema, media_type="application/json"):
    """Return a body of a schema."""
    return {"content": {media_type: {"schema": schema}}}


def operation(name, status, schema, **parts):
    """Return an operation that responds with a schema, or with a problem."""
    problem = content({"type": "object"}, "application/problem+json")
    problems = {code: {"description": "It is wrong.", **problem} for code in ("404", "422")}
    responses = {status: {"description": "It is done.", **content(schema)}, **problems}
    return {"operationId": name, "responses": responses, **parts}


THINGS = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": operation("list_things", "200", {"type": "array", "items": THING}),
            "post": operation("create_thing", "201", THING, requestBody=content(THING)),
        },
        "/things/{id}": {
            "parameters": [ID],
            "get": operation("get_thing", "200", THING),
            "delete": operation("remove_thing", "200", THING),
        },
        "/photos": {
            "post": operation("add_photo", "201", {}, requestBody=content(PHOTO, "multipart/form-data"))
        },
    },
}


@pytest.fixture(scope="module")
def mock():
    """Run the mock of a small contract that remembers its things."""
    with contract_mock(Contract(THINGS, "things"), stateful=True, seed=7) as running:
        yield running


@pytest.fixture(scope="module")
def control(mock):
    """Return a client of its control API."""
    with httpx2.Client(base_url=mock.control, timeout=60, trust_env=False) as control:
        yield control


@pytest.fixture(scope="module")
def api(mock):
    """Return a client of its API."""
    with httpx2.Client(base_url=mock.api, timeout=60, trust_env=False) as api:
        yield api


@pytest.fixture(scope="module")
def thing(api):
    """Return the id of a thing."""
    return api.post("/things", json={"kind": "cup"}).json()["id"]


@pytest.fixture
def journal(control):
    """Return what asks the journal for what happens in this test."""
    last = control.get("/journal", params={"limit": 0}).json()["last"]

    def ask(**query):
        response = control.get("/journal", params={"after": last, **query})
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def test_an_exchange(api, journal, thing):
    """An exchange is there as soon as it has its response, with all that was said."""
    response = api.get(f"/things/{thing}?x=1", headers={"X-Mock-Scope": "run-1"})
    (exchange,) = journal()["exchanges"]
    assert exchange["url"] == str(response.url)
    assert (exchange["method"], exchange["status"], exchange["server"]) == (
        "GET",
        response.status_code,
        "api",
    )
    assert exchange["request_id"] == response.headers["X-Request-ID"]
    assert exchange["operation"] == "get_thing"
    assert exchange["scope"] == "run-1"
    assert base64.b64decode(exchange["response"]["body"]) == response.content
    assert exchange["response"]["text"] == response.text
    assert exchange["response"]["body_bytes"] == len(response.content)
    assert exchange["milliseconds"] > 0
    assert exchange["number"] == journal()["last"]


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"?q=" + b"x" * 20_000, 414), (b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)],
)
def test_a_request_that_is_refused_while_it_comes_in(mock, journal, head, status):
    """It is there too, with the beginning of its target; it was not whole, so nobody validates it."""
    url = urlsplit(mock.api)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        connection.sendall(b"PUT /notes" + head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 %d " % status)
    (exchange,) = journal()["exchanges"]
    assert (exchange["method"], exchange["status"], exchange["operation"]) == ("PUT", status, "")
    assert urlsplit(exchange["url"]).path == "/notes"
    assert len(exchange["url"]) < 1100
    assert not exchange["verdict"]["request"]
    assert "limit" in exchange["verdict"]["unjudged"] or "Host" in exchange["verdict"]["unjudged"]


def test_large_bodies_are_cut(api, journal):
    """Of a large body the beginning is kept, its length is reported, and nothing of what was not seen."""
    photo = {"image": ("can.jpg", b"\xff\xd8" + b"x" * 300_000, "image/jpeg")}
    api.post("/photos", files=photo)
    (exchange,) = journal()["exchanges"]
    assert len(base64.b64decode(exchange["request"]["body"])) == 64 * 1024
    assert exchange["request"]["body_bytes"] > 300_000
    assert "not recorded whole" in exchange["verdict"]["unjudged"]


def test_validations(api, journal, thing):
    """Each exchange is validated by the contract, and those that break it can be asked for."""
    api.get(f"/things/{thing}")
    api.post("/things", json={"kind": "SMELL"})
    (broken,) = journal(violations=True)["exchanges"]
    assert broken["status"] == 422
    output = {(each["part"], each["where"], each["rule"]) for each in broken["verdict"]["request"]}
    assert ("body", "/kind", "enum") in output
    assert broken["verdict"]["response"] == []
    assert all(each["pointer"].startswith("/") for each in broken["verdict"]["request"])


def test_what_is_beside_the_contract_is_not_recorded(mock, journal, control):
    """Explorer, health checks and control calls are not recorded."""
    for path in ("docs", "openapi.json", "healthz"):
        httpx2.get(f"{mock.api}/{path}", trust_env=False)
    control.get("/clock")
    assert journal()["exchanges"] == []


def test_a_dropped_connection(api, control, journal, thing):
    """A connection that a fault dropped has status 0, and names the fault."""
    fault = control.post("/faults", json={"effect": {"drop": True}, "times": 1, "scope": "drop"}).json()
    with pytest.raises(httpx2.RemoteProtocolError):
        api.get(f"/things/{thing}", headers={"X-Mock-Scope": "drop"})
    (exchange,) = journal(status="0", wait_seconds=30)["exchanges"]
    assert exchange["fault"] == fault["id"]
    control.delete(f"/faults/{fault['id']}")


def test_filters(api, journal, thing):
    """The journal can be asked for what matters."""
    api.get(f"/things/{thing}")
    api.get(f"/things/{UNKNOWN}", headers={"X-Mock-Scope": "run-7"})
    api.post("/things", json={})
    number = journal()["exchanges"][0]["number"]
    for query, found in {
        "operation=get_thing": [0, 1],
        "operation=get_thing&status=404": [1],
        "status=4xx": [1, 2],
        "method=POST": [2],
        "path=/thin*s": [2],
        "scope=run-7": [1],
        "server=s3&status=404": [],
        "limit=1": [0],
        f"after={number}&limit=1": [1],
    }.items():
        exchanges = journal(**dict(pair.split("=") for pair in query.split("&")))["exchanges"]
        assert [each["number"] - number for each in exchanges] == found, query


@pytest.mark.parametrize(
    "query",
    [
        {"status": "40"},
        {"status": "x"},
        {"after": -1},
        {"limit": 5000},
        {"wait_seconds": 61},
        {"server": "db"},
    ],
)
def test_questions_that_are_none(query, control):
    """A filter that means nothing is refused by its name."""
    response = control.get("/journal", params=query)
    assert response.status_code == 422
    assert response.json()["errors"][0]["name"] == next(iter(query))


def test_waiting(api, journal, thing):
    """A question may wait for what is still to come, and has its response when enough is there."""
    responses = []
    asking = threading.Thread(
        target=lambda: responses.append(journal(status="404", count=2, wait_seconds=30)["exchanges"])
    )
    asking.start()
    for path in (f"/things/{UNKNOWN}", f"/things/{thing}", f"/things/{UNKNOWN}"):
        api.get(path)
    asking.join()
    assert [each["status"] for each in responses[0]] == [404, 404]


def test_waiting_in_vain(journal):
    """A question whose time is over gets what is there."""
    assert journal(status="404", wait_seconds=0.01)["exchanges"] == []


def test_clearing_a_scope(api, control, journal, thing):
    """Exchanges of a scope can be forgotten; those of others stay."""
    for scope in ("mine", "other"):
        api.get(f"/things/{thing}", headers={"X-Mock-Scope": scope})
    assert control.delete("/journal", params={"scope": "mine"}).status_code == 204
    assert [each["scope"] for each in journal()["exchanges"]] == ["other"]


def test_events(api, control, thing):
    """A listener hears of exchanges as they come, validated, by the mock's run and their numbers."""
    with control.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        api.get(f"/things/{thing}")
        heard = dict(line.split(": ", 1) for line in iter(lambda: next(lines), "event: exchange") if line)
        exchange = json.loads(next(lines).removeprefix("data: "))
    assert heard["id"].partition(".")[2] == str(exchange["number"])
    assert (exchange["status"], exchange["verdict"]["request"]) == (200, [])


def test_assertions_from_another_process(api, mock, thing):
    """What a test asserts on calls works by the control API too, and waits for what is still to come."""
    journal = RemoteJournal(mock.control)
    calls = Calls(journal, scope="assertions")
    calls.assert_not_called()
    api.get(f"/things/{thing}", headers={"X-Mock-Scope": "assertions"})
    (exchange,) = calls.assert_called(operation="get_thing", times=1)
    assert exchange.response.json()["id"] == thing
    calls.assert_no_violations()
    with pytest.raises(AssertionError, match="Expected a call of operation='remove_thing'"):
        calls.assert_called(operation="remove_thing", within=0.05)
    assert journal.find(ExchangeSelector(scope="assertions"), 0) == []


def test_a_filter_that_is_none_is_refused(control):
    """A misspelled filter would find everything: it is refused with those that there are."""
    response = control.get("/journal", params={"violation": "true", "limit": 0})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["in"], error["name"], error["rule"]) == ("query", "violation", "undeclared")
    assert "violations" in error["detail"]
    assert control.get("/journal", params={"limit": 0, "token": "none is asked for"}).status_code == 200


def test_a_coded_body_that_expands_is_shown_in_part(control, api):
    """A few KB that hold MB take no more of the journal, and of its export, than a plain body."""
    last = control.get("/journal", params={"limit": 1}).json()["last"]
    sent = gzip.compress(json.dumps({"kind": "cup" * 1_000_000}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for _ in range(30):
        assert api.post("/things", content=sent, headers=headers).status_code == 415
    response = control.get("/journal", params={"after": last, "limit": 1000})
    (first, *_) = exchanges = response.json()["exchanges"]
    assert len(response.content) < 2 * 1024 * 1024
    assert 0 < len(exchanges) < 30
    assert len(base64.b64decode(first["request"]["body"])) == 64 * 1024
    assert first["request"]["body_bytes"] == 3_000_000 + len('{"kind": ""}')
