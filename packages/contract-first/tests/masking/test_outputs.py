"""No output shows a secret, by whatever name it goes, and a masked recording replays."""

import json
import logging
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from contract_first.check import Credentials
from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.har import har
from contract_first.check.run.archive import RunArchive
from contract_first.check.run.checking import served
from contract_first.check.validation import Drift
from contract_first.cli.tree import app
from contract_first.contract import Contract
from contract_first.masking import Masking
from contract_first.mock import contract_mock
from contract_first.mock.proxy.application import proxying
from contract_first.mock.proxy.recorder import ProxyRecorder
from contract_first.mock.proxy.upstream import Upstream
from contract_first.mock.rules.files.recording import as_file, rules_of
from contract_first.service import Observability, create_app
from contract_first.service.observe.logs import Log, LogOptions
from contract_first.service.observe.request_log import RequestLog

SECRET = "hunter2-of-nobody"
LOGIN = {
    "type": "object",
    "properties": {
        "user": {"type": "string"},
        "gate": {"type": "string", "format": "password"},
        "word": {"$ref": "#/components/schemas/Word"},
        "login": {
            "type": "object",
            "properties": {"newPassword": {"type": "string"}, "pin": {"type": "integer"}},
        },
    },
}
SESSION = {
    "type": "object",
    "properties": {"accessToken": {"type": "string"}, "tokenCount": {"type": "integer"}},
}


def content(schema, media_type="application/json"):
    """Return the content of a body."""
    return {"content": {media_type: {"schema": schema}}}


CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Sessions", "version": "1"},
        "paths": {
            "/sessions": {
                "post": {
                    "operationId": "log_in",
                    "parameters": [{"name": "clientSecret", "in": "query", "schema": {"type": "string"}}],
                    "requestBody": content(LOGIN),
                    "responses": {"200": {"description": "In.", **content(SESSION)}},
                }
            },
            "/sessions/{session_id}": {
                "parameters": [
                    {"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "get": {
                    "operationId": "get_session",
                    "responses": {"200": {"description": "It.", **content(SESSION)}},
                },
            },
        },
        "components": {"schemas": {"Word": {"type": "string", "writeOnly": True}}},
    },
    "sessions.json",
)
SENT = {"user": "me", "gate": SECRET, "word": SECRET, "login": {"newPassword": SECRET, "pin": 4711}}
SENT_SECRET = "only-for-this-run-5512"
KEYS = {
    "type": "object",
    "required": ["clientSecret", "total"],
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("clientSecret", "a", "accessToken", "total")},
}
RECEIVED = {"accessToken": SECRET, "tokenCount": 3, "apiKeys": [SECRET]}
OVERRIDE = {
    "match": {"operation": "log_in", "body": {"/user": "me"}},
    "effect": {"respond": {"body": RECEIVED}},
}


@pytest.fixture(scope="module")
def traffic():
    """Return the recorder of a proxy that a login went through, and what it proposes."""
    with contract_mock(CONTRACT) as upstream:
        httpx2.post(f"{upstream.api}/_mock/overrides", json=OVERRIDE, trust_env=False).raise_for_status()
        drift = Drift(CONTRACT, upstream.api)
        recorder = ProxyRecorder(CONTRACT, upstream.api, drift=drift)
        with proxying(Upstream(upstream.api), recorder) as url:
            assert log_in(url).json() == RECEIVED
        return recorder


def log_in(url):
    """Log in, with a secret wherever one may be."""
    headers = {"X-Auth-Token": SECRET, "PRIVATE-TOKEN": SECRET, "Cookie": f"theme={SECRET}"}
    query = {"clientSecret": SECRET, "sig": SECRET, "page": "1"}
    return httpx2.post(f"{url}/sessions", params=query, json=SENT, headers=headers, trust_env=False)


def test_the_journal_and_har(traffic):
    """Both show what was sent, its secrets masked in the same way, each of its type."""
    (exchange,) = traffic.journal.find()
    written = msgspec.json.encode(har([exchange])).decode()
    assert SECRET not in written + repr(exchange)
    assert "4711" not in written
    received, sent = exchange.response.json(), exchange.request.json()
    assert received["tokenCount"] == 3
    assert (
        received["apiKeys"] == [received["accessToken"]] == [sent["gate"]] == [sent["login"]["newPassword"]]
    )
    assert sent == {**sent, "user": "me", "word": sent["gate"], "login": {**sent["login"], "pin": 9999}}
    assert exchange.request.whole
    assert exchange.response.whole
    assert exchange.request.header("x-auth-token") == sent["gate"]


def test_a_masked_recording_replays(traffic, tmp_path):
    """The same request gets the same response, though no secret is compared; one that differs is a 404."""
    recording = tmp_path / "recording.json"
    recording.write_bytes(as_file(rules_of(traffic.journal.find(), masking=traffic.journal.masking)))
    assert SECRET not in recording.read_text()
    with contract_mock(CONTRACT, replay=recording, unrecorded="404") as mock:
        replayed = log_in(mock.api)
        assert (replayed.status_code, replayed.json()["tokenCount"]) == (200, 3)
        query = {"clientSecret": "x", "sig": "y", "page": "1"}
        other = {**SENT, "user": "you"}
        refused = httpx2.post(f"{mock.api}/sessions", params=query, json=other, trust_env=False)
        assert refused.status_code == 404


def test_proposals(traffic):
    """An overlay has the member that the contract lacks, and no value of it."""
    overlay = traffic.drift.overlay()
    assert "apiKeys" in overlay
    assert SECRET not in overlay


def test_the_har_of_a_run():
    """What a check writes of its own requests and their responses."""
    file = BytesIO()
    archive = RunArchive(file, CONTRACT, Credentials())
    request = httpx2.Request("POST", f"http://h/?sig={SECRET}", json=SENT, headers={"X-Vault-Token": SECRET})
    response = httpx2.Response(200, json=RECEIVED, request=request)
    response.elapsed = timedelta(seconds=1)
    archive.responded(response)
    archive.close()
    assert SECRET not in file.getvalue().decode()


def test_the_reports_of_a_run(tmp_path):
    """No report has a secret of a request, or of a response that violates the contract."""
    planted = "sk_live_" + "4eC39HqLyjWDarjtT1zd"
    contract = {
        **CONTRACT.document,
        "paths": {"/keys": {"get": {"responses": {"200": {"description": "It.", **content(KEYS)}}}}},
    }
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(contract))

    async def respond(request):
        repeated = request.headers["x-auth-token"]
        return JSONResponse({"clientSecret": SECRET, "a": planted, "accessToken": repeated, "extra": 1})

    reports = {name: tmp_path / name for name in ("har", "json", "sarif", "junit", "html", "markdown")}
    options = [part for name, path in reports.items() for part in (f"--{name}", str(path))]
    with served(Starlette(routes=[Route("/keys", respond)])) as url:
        options += [
            "--contract",
            str(file),
            "--header",
            f"X-Auth-Token: {SENT_SECRET}",
            "--max-examples",
            "2",
        ]
        result = CliRunner().invoke(app, ["check", url, *options, "--seed", "1"])
    texts = {"stdout": result.stdout, "stderr": result.stderr}
    texts |= {name: path.read_text() for name, path in reports.items()}
    assert result.exit_code == 1
    assert "extra" in texts["stdout"]
    assert "***" in texts["har"]
    for name, text in texts.items():
        assert [secret for secret in (SECRET, SENT_SECRET, planted) if secret in text] == [], name


def test_a_command():
    """The curl line of a report shows neither fields nor parameters nor members that are secret."""
    command = (
        f"curl -X POST -H 'X-Auth-Token: {SECRET}' -H 'Authorization: Bearer {SECRET}' -H 'Accept: */*' "
        f"""--data-binary '{{"pwd": "{SECRET}"}}' 'http://h/p?sig={SECRET}&page=1'"""
    )
    shown = Masking().text(command)
    assert SECRET not in shown
    assert "Authorization: Bearer ***" in shown
    assert "-H 'Accept: */*'" in shown
    assert "&page=1'" in shown


def test_logs(capsys):
    """Messages of libraries may have passwords in URLs, and tokens."""
    log = Log()
    record = "cannot connect to postgresql://me:%s@db/shop with glpat-%s"
    log.emit(logging.LogRecord("shop", logging.ERROR, "", 1, record, (SECRET, SECRET), None))
    assert SECRET not in capsys.readouterr().err


def test_a_session_with_a_path_has_a_readable_id():
    """The contract says that it is a resource; elsewhere a session's id is a secret."""
    body = b'{"session_id": "abcdef"}'
    assert Masking(CONTRACT).body(body) == body
    assert Masking().body(body) != body


@pytest.mark.parametrize(
    "token",
    [
        "sk_live_" + "4eC39HqLyjWDarjtT1zd",
        "xoxb-" + "1234567890-abcdefghij",
        "glpat-" + "abcdefghij1234567890",
        "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_" + "11ABCDEFG0abcdefghij_abcdef",
        "AIza" + "SyA-abcdefghijklmnopqrstuvwxyz01234",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\\nMIIEowIBAAKCAQEA\\n-----END RSA PRIVATE KEY-----",
        "Bearer " + "abcdef123456",
        "https://me:" + "opensesame@example.test/",
        "https://b.test/?sv=1&sig=" + "abc%2Fdef%3D",
    ],
)
def test_values_that_show_what_they_are(token):
    """They are masked under any name, in JSON, forms, XML and plain text; what is around them stays."""
    inner = token.split("\\n")[1] if "\\n" in token else token.rpartition("/?sv")[2] or token
    for body in (f'{{"note": "{token}", "a": 1}}', f"<a>{token}</a>", f"it was {token} here"):
        shown = Masking().body(body.encode()).decode()
        assert inner not in shown
        assert len(shown) == len(body)
        assert shown[:3] == body[:3]


@pytest.mark.parametrize(
    "body",
    [
        f"user=me&new_password={SECRET}&a=1",
        f"user[password]={SECRET}",
        f'--b\r\nContent-Disposition: form-data; name="clientSecret"\r\n\r\n{SECRET}\r\n--b--\r\n',
        f'--b\r\nContent-Disposition: form-data; name="j"\r\n\r\n{{"pwd": "{SECRET}"}}\r\n--b--\r\n',
        f"<login><user>me</user><ns:passWord>{SECRET}</ns:passWord></login>",
        f"<login><credentials><a><b>{SECRET}</b></a>{SECRET}</credentials></login>",
        f"<login privateKey='{SECRET}'/>",
        f'<map><entry key="apiKey"><![CDATA[{SECRET}]]></entry></map>',
        f'{{"a": [{{"credentials": {{"x": ["{SECRET}", {{"y": "{SECRET}"}}]}}}}]}}',
        f'{{"pass\\u0077ord": "{SECRET}"}}',
        json.dumps({"text": json.dumps({"apiKey": SECRET})}),
        f'{{"url": "https://h/#access_token={SECRET}"}}',
    ],
)
def test_bodies_of_every_kind(body):
    """A secret member, field, part, element or attribute is masked at any depth; the length stays."""
    shown = Masking().body(body.encode()).decode()
    assert SECRET not in shown
    assert len(shown) == len(body)


@pytest.mark.parametrize("value", ["true", "null", "12", "-1.5", '""', '"ab"'])
def test_a_mask_keeps_the_type(value):
    """Of texts and numbers; what is true or null says nothing."""
    shown = json.loads(Masking().body(f'{{"pin": {value}, "a": "b"}}'.encode()))
    assert type(shown["pin"]) is type(json.loads(value))
    assert shown["a"] == "b"
    assert Masking().is_masked(shown) is (value not in {"true", "null", '""'})


def test_what_is_masked_stays_as_it_is():
    """Masking a recording that another has masked does not change it."""
    once = Masking().body(json.dumps(SENT).encode())
    assert Masking().body(once) == once


def test_a_masked_exchange_is_cut_without_a_part_of_a_secret():
    """A token that begins before the end of what is shown is masked whole."""
    token = "glpat-" + "a" * 40
    exchange = RecordedExchange(
        started=datetime.now(UTC),
        milliseconds=0,
        method="GET",
        url="/",
        status=200,
        request=Message(),
        response=Message(body=f"it is {token}".encode(), body_bytes=52),
    )
    assert b"glpat" not in exchange.masked(Masking(), 14).response.body


@pytest.mark.parametrize(
    "piece",
    [
        b'"',
        b'\\"',
        b'{"token":',
        b'"token":["',
        b"<",
        b"<token>",
        b"<![CDATA[",
        b"a=&",
        b"://a:",
        b"eyJ",
        b'name="a"\n',
    ],
)
def test_hostile_bodies_are_read_once(piece):
    """Beginnings without an end are looked through in a time that grows with the body alone."""
    body = piece * (200_000 // len(piece))
    assert len(Masking().body(body)) == len(body)


def test_what_a_contract_declares():
    """Members and parameters by their schemas, through references and alternatives; no example does."""
    password = {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]}
    parameters = [{"name": "gate", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}}]
    operation = {"operationId": "a", "parameters": parameters, "responses": {"200": {"description": "It."}}}
    schemas = {
        "Word": {"type": "string", "writeOnly": True},
        "Form": {
            "type": "object",
            "properties": {"word": password, "all": {"type": "array", "items": password}},
        },
        "Plain": {"type": "object", "example": {"properties": {"name": {"writeOnly": True, "anyOf": 1}}}},
    }
    document = {**CONTRACT.document, "paths": {"/a": {"get": operation}}, "components": {"schemas": schemas}}
    masking = Masking(Contract(document, "a.json"))
    assert [masking.is_secret(name) for name in ("gate", "WORD", "all", "name")] == [True, True, True, False]


def test_a_mask_is_no_violation():
    """The journal validates what was sent: a token of a pattern conforms, though its mask would not."""
    schema = {"type": "object", "properties": {"token": {"type": "string", "pattern": "^[a-f]{8}$"}}}
    operation = {
        "operationId": "add",
        "requestBody": content(schema),
        "responses": {"200": {"description": "It.", **content(schema)}},
    }
    paths = {"paths": {"/tokens": {"post": operation}}}
    with contract_mock(Contract({**CONTRACT.document, **paths}, "tokens.json")) as mock:
        httpx2.post(f"{mock.api}/tokens", json={"token": "abcdefab"}, trust_env=False)
        shown = httpx2.get(f"{mock.api}/_mock/journal", trust_env=False).json()["exchanges"][0]
    assert shown["verdict"] == {"request": [], "response": [], "unjudged": ""}
    assert "abcdefab" not in json.dumps(shown)
    assert "***" in shown["request"]["text"]


def test_secrets_in_a_path(tmp_path):
    """By name or as declared, however encoded, in the journal, HAR and recordings; an id stays."""
    password = {"type": "string", "format": "password"}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in {
            "token": {"type": "string"},
            "gate": password,
            "session_id": {"type": "string"},
        }.items()
    ]
    operation = {
        "operationId": "reset",
        "parameters": parameters,
        "responses": {"200": {"description": "It.", **content(SESSION)}},
    }
    paths = {"/reset/{token}/{gate}/{session_id}": {"put": operation}}
    contract = Contract(
        {**CONTRACT.document, "servers": [{"url": "/v1"}], "paths": paths}, str(tmp_path / "resets.json")
    )
    recording = tmp_path / "recording.json"
    with contract_mock(contract) as upstream:
        recorder = ProxyRecorder(contract, upstream.api)
        with proxying(Upstream(upstream.api), recorder) as url:
            for path in (f"{SECRET}/gate4711", "%68unter2-of-nobody/%67ate4711"):
                httpx2.put(f"{url}/v1/reset/{path}/s1", trust_env=False).raise_for_status()
        (exchange, encoded) = recorder.journal.find()
        assert exchange.url == encoded.url
        assert exchange.url.endswith("/s1")
        shown = httpx2.get(f"{upstream.api}/_mock/journal", trust_env=False).text
    recording.write_bytes(as_file(rules_of([exchange], masking=recorder.journal.masking)))
    written = msgspec.json.encode(har([exchange])).decode()
    for text in (written, repr(exchange), shown, recording.read_text()):
        assert [secret for secret in (SECRET, "gate4711") if secret in text] == []
    with contract_mock(contract, replay=recording, unrecorded="404") as mock:
        replayed = httpx2.put(f"{mock.api}/v1/reset/{SECRET}/gate4711/s1", trust_env=False)
        other = httpx2.put(f"{mock.api}/v1/reset/{SECRET}/gate4711/s2", trust_env=False)
        assert (replayed.status_code, other.status_code) == (200, 404)


async def test_secrets_in_a_path_of_the_request_log():
    """By the name of their parameter; an id stays."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("token", "session_id")
    ]
    operation = {
        "operationId": "reset",
        "parameters": parameters,
        "responses": {"200": {"description": "It.", **content({"type": "string"})}},
    }
    paths = {"/reset/{token}/{session_id}": {"get": operation}}
    stream = StringIO()
    log = Log("text", stream)
    app = create_app(
        Contract({**CONTRACT.document, "paths": paths}, "resets.json"),
        {"reset": lambda token, session_id: token + session_id},
        observability=Observability(request_log=RequestLog(log, LogOptions())),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://a") as client:
        assert (await client.get(f"/reset/{SECRET}/abc")).json() == f"{SECRET}abc"
    log.flush()
    assert SECRET not in stream.getvalue()
    assert "/abc" in stream.getvalue()
