"""The journal of a running mock: what went over the wire, as anyone can ask for it."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from urllib.parse import urlsplit

import httpx2
import pytest

from contract_first.mock.journal.calls import Calls
from contract_first.mock.journal.remote import RemoteJournal
from contract_first.mock.journal.selector import ExchangeSelector

UNKNOWN = "2" * 22
"""An id that no session has."""


@pytest.fixture
def journal(control):
    """Return what asks the journal for what happens in this test."""
    last = control.get("/journal", params={"limit": 0}).json()["last"]

    def ask(**query):
        response = control.get("/journal", params={"after": last, **query})
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def test_an_exchange(api, journal, mock):
    """An exchange is there as soon as it has its response, with all that was said."""
    response = api.get(f"/sessions/{mock.session_id}?x=1", headers={"X-Mock-Scope": "run-1"})
    (exchange,) = journal()["exchanges"]
    assert exchange["url"] == str(response.url)
    assert (exchange["method"], exchange["status"], exchange["server"]) == (
        "GET",
        response.status_code,
        "api",
    )
    assert exchange["request_id"] == response.headers["X-Request-ID"]
    assert exchange["operation"].endswith("_get_session")
    assert exchange["scope"] == "run-1"
    assert base64.b64decode(exchange["response"]["body"]) == response.content
    assert exchange["response"]["text"] == response.text
    assert exchange["response"]["body_bytes"] == len(response.content)
    assert exchange["milliseconds"] > 0
    assert exchange["number"] == journal()["last"]


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"?q=" + b"x" * 9000, 414), (b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)],
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


def test_an_upload(upload, journal, mock):
    """The upload to S3 is there too, with the fields of its form and S3's name for what was asked."""
    assert upload().status_code == 201
    found = journal(server="s3", wait_seconds=30)["exchanges"]
    assert [(each["operation"], each["status"]) for each in found] == [("PostObject", 201)]
    fields = dict(found[0]["request"]["fields"])
    assert mock.session_id in fields["key"]
    assert fields["x-amz-signature"] == "***"


def test_what_s3_refuses(mock, journal):
    """S3's error document is there, to be read."""
    httpx2.get(f"{mock.s3}/{mock.bucket}/missing", trust_env=False)
    (exchange,) = journal(server="s3", operation="GetObject", wait_seconds=30)["exchanges"]
    assert b"<Code>AccessDenied</Code>" in base64.b64decode(exchange["response"]["body"])
    assert exchange["verdict"]["request"] == []


def test_no_secret_is_in_it(api, upload, journal, mock, control):
    """Keys, tokens, cookies and signatures are in no part of the journal, nor of the archive."""
    url = f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}?token=secret-in-query"
    httpx2.get(url, headers={"Authorization": f"Bearer {mock.bearer_token}"}, trust_env=False)
    httpx2.get(url, cookies={"sessionid": mock.sessionid}, trust_env=False)
    api.post("/resolve-url", json={"url": 7, "password": "secret-in-body"})
    stray = {"X-Stray": mock.sessionid, "Cookie": f"sessionid={mock.sessionid}"}
    api.get(
        f"/captures/{mock.api_key}", params={"stray": mock.bearer_token, "s": mock.sessionid}, headers=stray
    )
    api.post("/sessions", json={"metadata": {"stray": mock.api_key}, "capture_mode": mock.api_key})
    api.get("/freshness-thresholds", params={"gtin": mock.api_key})
    httpx2.get(f"{mock.s3}/{mock.bucket}/{mock.api_key}?stray={mock.api_key}", trust_env=False)
    upload(**{"x-amz-meta-stray": mock.api_key})
    last = journal(server="s3", count=2, wait_seconds=30)["last"]
    form = next(each for each in journal()["exchanges"] if each["operation"].endswith("presigned_upload_url"))
    fields = json.loads(base64.b64decode(form["response"]["body"]))["upload_fields"]
    assert re.fullmatch(r"\*{3}[0-9a-f]{12}\*+", fields["x-amz-signature"])
    bodies = b"".join(base64.b64decode(each["response"]["body"]) for each in journal()["exchanges"])
    bodies += b"".join(base64.b64decode(each["request"]["body"]) for each in journal()["exchanges"])
    archive = control.get("/journal", params={"after": last - 10, "format": "har"}).content
    output = bodies + json.dumps(journal()).encode() + archive
    public = [mock.api_key, mock.keys["unlimited"], mock.bearer_token, mock.sessionid]
    secrets = [*public, "secret-in-query", "secret-in-body"]
    assert [secret for secret in secrets if secret.encode() in output] == []
    assert b"token=***" in output


def test_large_bodies_are_cut(api, journal, mock):
    """Of a large body the beginning is kept, its length is reported, and nothing of what was not seen."""
    photo = {"image": ("can.jpg", b"\xff\xd8" + b"x" * 300_000, "image/jpeg")}
    api.post("/captures/upload-image", data={"session_short_id": mock.session_id}, files=photo)
    (exchange,) = journal()["exchanges"]
    assert len(base64.b64decode(exchange["request"]["body"])) == 64 * 1024
    assert exchange["request"]["body_bytes"] > 300_000
    assert "not recorded whole" in exchange["verdict"]["unjudged"]


def test_validations(api, journal, mock):
    """Each exchange is validated by the contract, and those that break it can be asked for."""
    api.get(f"/sessions/{mock.session_id}")
    api.post("/captures", json={"session_short_id": mock.session_id, "capture_type": "SMELL"})
    (broken,) = journal(violations=True)["exchanges"]
    assert broken["status"] == 422
    output = {(each["part"], each["where"], each["rule"]) for each in broken["verdict"]["request"]}
    assert ("body", "/capture_type", "enum") in output
    assert broken["verdict"]["response"] == []
    assert all(each["pointer"].startswith("/") for each in broken["verdict"]["request"])


def test_what_is_beside_the_contract_is_not_recorded(mock, journal, control):
    """Explorer, health checks and control calls are not recorded."""
    for path in ("docs", "openapi.json", "healthz"):
        httpx2.get(f"{mock.api}/{path}", trust_env=False)
    control.get("/clock")
    assert journal()["exchanges"] == []


def test_a_dropped_connection(api, control, journal, mock):
    """A connection that a fault dropped has status 0, and names the fault."""
    fault = control.post("/faults", json={"effect": {"drop": True}, "times": 1, "scope": "drop"}).json()
    with pytest.raises(httpx2.RemoteProtocolError):
        api.get(f"/sessions/{mock.session_id}", headers={"X-Mock-Scope": "drop"})
    (exchange,) = journal(status="0", wait_seconds=30)["exchanges"]
    assert exchange["fault"] == fault["id"]
    control.delete(f"/faults/{fault['id']}")


def test_filters(api, journal, mock):
    """The journal can be asked for what matters."""
    api.get(f"/sessions/{mock.session_id}")
    api.get(f"/sessions/{UNKNOWN}", headers={"X-Mock-Scope": "run-7"})
    api.post("/resolve-url", json={})
    number = journal()["exchanges"][0]["number"]
    for query, found in {
        "operation=get_session": [0, 1],
        "operation=get_session&status=404": [1],
        "status=4xx": [1, 2],
        "method=POST": [2],
        "path=/scanner/api/v1/resolve-*": [2],
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


def test_waiting(api, journal, mock):
    """A question may wait for what is still to come, and has its response when enough is there."""
    responses = []
    asking = threading.Thread(
        target=lambda: responses.append(journal(status="404", count=2, wait_seconds=30)["exchanges"])
    )
    asking.start()
    for path in (f"/sessions/{UNKNOWN}", f"/sessions/{mock.session_id}", f"/sessions/{UNKNOWN}"):
        api.get(path)
    asking.join()
    assert [each["status"] for each in responses[0]] == [404, 404]


def test_waiting_in_vain(journal):
    """A question whose time is over gets what is there."""
    assert journal(status="404", wait_seconds=0.01)["exchanges"] == []


def test_clearing_a_scope(api, control, journal, mock):
    """Exchanges of a scope can be forgotten; those of others stay."""
    for scope in ("mine", "other"):
        api.get(f"/sessions/{mock.session_id}", headers={"X-Mock-Scope": scope})
    assert control.delete("/journal", params={"scope": "mine"}).status_code == 204
    assert [each["scope"] for each in journal()["exchanges"]] == ["other"]


def test_events(api, control, mock):
    """A listener hears of exchanges as they come, validated, by the mock's run and their numbers."""
    with control.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        api.get(f"/sessions/{mock.session_id}")
        heard = dict(line.split(": ", 1) for line in iter(lambda: next(lines), "event: exchange") if line)
        exchange = json.loads(next(lines).removeprefix("data: "))
    assert heard["id"].partition(".")[2] == str(exchange["number"])
    assert (exchange["status"], exchange["verdict"]["request"]) == (200, [])


def test_assertions_from_another_process(api, mock):
    """What a test asserts on calls works by the control API too, and waits for what is still to come."""
    journal = RemoteJournal(mock.control)
    calls = Calls(journal, scope="assertions")
    calls.assert_not_called()
    api.get(f"/sessions/{mock.session_id}", headers={"X-Mock-Scope": "assertions"})
    (exchange,) = calls.assert_called(operation="get_session", times=1)
    assert exchange.response.json()["id"] == mock.session_id
    calls.assert_no_violations()
    with pytest.raises(AssertionError, match="Expected a call of operation='end_session'"):
        calls.assert_called(operation="end_session", within=0.05)
    assert journal.find(ExchangeSelector(scope="assertions"), 0) == []


def test_a_filter_that_is_none_is_refused(control):
    """A misspelled filter would find everything: it is refused with those that there are."""
    response = control.get("/journal", params={"violation": "true", "limit": 0})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["in"], error["name"], error["rule"]) == ("query", "violation", "undeclared")
    assert "violations" in error["detail"]
    assert control.get("/journal", params={"limit": 0, "token": "none is asked for"}).status_code == 200
