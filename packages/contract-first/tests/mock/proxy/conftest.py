"""A proxy between a client and an upstream that responds word for word as a test says."""

import json
import socket
import socketserver
import threading
from contextlib import contextmanager

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock.journal.selector import ExchangeSelector
from contract_first.mock.proxy.application import proxying
from contract_first.mock.proxy.recorder import ProxyRecorder
from contract_first.mock.proxy.upstream import Upstream

MOST_BYTES = 4096
NAMES = ("x", "evil.example", "api.example")
"""By which clients of these tests call the proxy."""
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "paths": {
        "/notes": {
            "get": {
                "operationId": "list_notes",
                "parameters": [
                    {"in": "query", "name": "sort", "schema": {"enum": ["old", "new"]}},
                    {"in": "query", "name": "token", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": {"type": "string"}}}
                        },
                    },
                    "304": {"description": ""},
                },
            },
            "post": {
                "operationId": "add_note",
                "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}},
                "responses": {"201": {"description": ""}},
            },
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}},
}


class Asked:
    """A request as it came: its first line, its fields as they were sent, its body."""

    def __init__(self, stream):
        self.line = stream.readline().decode("latin-1").rstrip()
        self.fields = []
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.fields.append((name.lower(), value.strip()))
        self.body = self._body(stream)

    def _body(self, stream):
        if self["transfer-encoding"] == "chunked":
            chunks = []
            while size := int(stream.readline(), 16):
                chunks.append(stream.read(size))
                stream.readline()
            stream.readline()
            return b"".join(chunks)
        return stream.read(int(self["content-length"] or 0))

    def __getitem__(self, expected):
        return next((value for name, value in self.fields if name == expected), None)


class ScriptedUpstream(socketserver.ThreadingTCPServer):
    """Responds as it is set to: bytes, or a function that gets connection and request."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []
        self.response = b""

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def last(self):
        """The latest request."""
        return self.asked[-1]


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        asked = Asked(self.rfile)
        if not asked.line:
            return
        self.server.asked.append(asked)
        if callable(self.server.response):
            self.server.response(self.request, asked)
        else:
            # its end comes with it: the proxy must not take a connection for open that is about to end
            self.request.sendall(self.server.response, getattr(socket, "MSG_MORE", 0))
            self.request.shutdown(socket.SHUT_WR)


def _json_response(value, status="200 OK", *fields):
    body = json.dumps(value).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + body


@pytest.fixture(scope="session")
def json_response():
    """Return what makes the bytes of a response."""
    return _json_response


@pytest.fixture(scope="session")
def contract():
    """Return the contract of the upstream."""
    return Contract(DOCUMENT, "notes.json")


@pytest.fixture(scope="module")
def upstream():
    """Run the scripted upstream."""
    with ScriptedUpstream() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Running:
    """A proxy that runs: its URL, who recorderes, and a client."""

    def __init__(self, url, recorder, client):
        self.url = url
        self.recorder = recorder
        self.client = client
        self.responses = 0

    def ask(self, *args, **kwargs):
        """Send a request through the proxy."""
        response = self.client.request(*args, **kwargs)
        self.responses += 1
        return response

    def clear(self):
        """Empty the journal."""
        self.recorder.journal.clear()
        self.responses = 0

    @contextmanager
    def connection(self):
        """Open a connection, for what no client would send."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            yield connection

    @property
    def exchanges(self):
        """What the journal has: an exchange is recorded once its response is there."""
        assert self.recorder.journal.wait(ExchangeSelector(), self.responses, 10)
        return self.recorder.journal.find()


@contextmanager
def _running(url, contract, **options):
    most_bytes = options.pop("most_bytes", MOST_BYTES)
    target = Upstream(url, **options)
    recorder = ProxyRecorder(contract, target.url)
    with (
        proxying(target, recorder, most_bytes=most_bytes, names=NAMES) as where,
        httpx2.Client(base_url=where, trust_env=False, timeout=10) as client,
    ):
        yield Running(where, recorder, client)


@pytest.fixture(scope="session")
def running():
    """Return what runs a proxy of one's own."""
    return _running


@pytest.fixture(scope="module")
def shared(upstream, contract):
    """Run one proxy for a module."""
    with _running(upstream.url, contract, timeout=5) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared, upstream, json_response):
    """Return the module's proxy, its journal and its upstream as new."""
    shared.clear()
    upstream.asked.clear()
    upstream.response = json_response([])
    return shared
