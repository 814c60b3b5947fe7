"""A web page that a developer visits cannot control the mock, and what others have sent runs nothing."""

from __future__ import annotations

import http.server
import json
import threading

import httpx2
import pytest

from contract_first.contract import load_contract
from contract_first.mock import contract_mock
from contract_first.mock.proxy.application import proxying
from contract_first.mock.proxy.recorder import ProxyRecorder
from contract_first.mock.proxy.upstream import Upstream
from scanner_mocks.bucket.aws_session import aws_session

pytestmark = pytest.mark.programs

TAKEN = "document.title='taken'"
HOSTILE = (
    f"<script>{TAKEN}</script>\"'><img src=x onerror={TAKEN}><svg onload={TAKEN}>"
    f"<a href=\"javascript:{TAKEN}\">x</a><iframe srcdoc='<script>top.{TAKEN}</script>'></iframe>"
)
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
    "paths": {
        "/page": {
            "get": {
                "operationId": HOSTILE,
                "summary": HOSTILE,
                "responses": {
                    "200": {
                        "description": HOSTILE,
                        "headers": {"X-Note": {"schema": {"const": HOSTILE}}},
                        "content": {"text/html": {"example": f"<title>page</title>{HOSTILE}"}},
                    }
                },
            },
            "post": {
                "operationId": "post_page",
                "requestBody": {"content": {"application/json": {"schema": {"enum": [HOSTILE + "!"]}}}},
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"example": HOSTILE}}}
                },
            },
        }
    },
}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Run the mock of a contract whose author is hostile."""
    document = tmp_path_factory.mktemp("contract") / "hostile.json"
    document.write_text(json.dumps(DOCUMENT))
    with contract_mock(str(document)) as running:
        yield running, str(document)


@pytest.fixture(scope="module")
def proxy(foreign):
    """Run a proxy before it, and return its URL."""
    running, document = foreign
    upstream = Upstream(running.api)
    with proxying(upstream, ProxyRecorder(load_contract(document), upstream.url)) as url:
        yield url


@pytest.fixture(scope="module")
def evil():
    """Serve a page of another site, and return its URL."""

    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>evil</title><body>")

        def log_message(self, *_):
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://evil.test:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="module")
def seen(mock, foreign, proxy, evil, drive):
    """Return what a browser, for which evil.test is loopback, saw of the mocks after hostile requests."""
    for url in (f"{mock.api}/scanner/api/v1/captures", f"{foreign[0].api}/page"):
        headers = {"X-Note": HOSTILE, "User-Agent": HOSTILE, "X-Mock-Scope": HOSTILE, "Cookie": HOSTILE}
        for body in ({"json": HOSTILE}, {"data": {HOSTILE: HOSTILE}}, {"files": {"f": (HOSTILE, HOSTILE)}}):
            httpx2.post(url, params={HOSTILE: HOSTILE}, headers=headers, **body)
        httpx2.get(f"{url}/{HOSTILE.replace('/', '')}", headers=headers)
        httpx2.get(url, headers=headers)
    s3 = aws_session().client("s3", endpoint_url=mock.s3)
    stored = {"Bucket": mock.bucket, "Key": "evil.html"}
    form = s3.generate_presigned_post(
        mock.bucket,
        "evil.html",
        Fields={"Content-Type": "text/html"},
        Conditions=[{"Content-Type": "text/html"}],
    )
    s3.put_object(Bucket=mock.bucket, Key=HOSTILE, Body=HOSTILE, Metadata={"note": HOSTILE})
    outcomes = drive(
        "console",
        "hostile.js",
        EVIL=evil,
        API=mock.api,
        FOREIGN=foreign[0].api,
        PROXY=proxy,
        STORED=s3.generate_presigned_url("get_object", stored),
        FORM=json.dumps(form),
        HOSTILE=HOSTILE,
    )
    outcomes["content"] = s3.get_object(**stored)["Body"].read().decode()
    s3.close()
    return outcomes


def test_another_site_cannot_call_control(seen, mock):
    """A page of another site reads and changes nothing; what it may send without asking is refused."""
    assert seen["called"] == {
        "json": "failed",
        "simple": "opaque",
        "read": "failed",
        "included": "failed",
        "events": "failed",
        "script": "failed",
    }
    assert httpx2.get(f"{mock.control}/faults").json()["faults"] == []


def test_an_app_of_another_site_sends_what_its_libraries_add(seen):
    """Headers of tracing and of frameworks, and credentials, go to the APIs; to control they do not."""
    assert seen["instrumented"] == [401, 200, "failed"]


def test_another_site_cannot_submit_a_form(seen):
    """A form of its page is a 403."""
    assert seen["submitted"] == 403


def test_a_rebound_name_reads_nothing(seen):
    """A name that has come to stand for this machine is refused by control (403) and by the proxy (421)."""
    assert seen["rebound"] == [403, 421]


def test_stored_and_generated_pages_run_nothing(seen):
    """A page that another site stored in S3, and one of a contract's, are shown without their scripts."""
    assert HOSTILE in seen["content"]
    assert seen["planted"] == {"object": "page", "example": "page"}


@pytest.mark.parametrize("which", ["own", "foreign"])
def test_the_journal_shows_what_is_hostile_as_text(seen, which):
    """Hostile names, fields and bodies are text in the console's journal, and nothing of them runs."""
    shown = seen["shown"][which]
    assert shown["rows"] >= len(("json", "data", "files", "path", "get"))
    assert any(f"onerror={TAKEN}" in text for text in shown["text"])
    assert (shown["title"] == "taken", shown["markup"]) == (False, 0)
