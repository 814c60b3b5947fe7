"""Event streams: asked for by a body, ended as the contract has it, and sent item by item."""

from __future__ import annotations

import json
import time

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

CHUNK = {
    "type": "object",
    "required": ["id", "delta"],
    "properties": {"id": {"type": "string"}, "delta": {"type": "string"}},
}
ASKING = {
    "type": "object",
    "properties": {"stream": {"type": "boolean", "description": "Ends by `data: [DONE]`."}},
}
DOCUMENT = {
    "openapi": "3.2.0",
    "info": {"title": "Chat", "version": "1"},
    "paths": {
        "/chat": {
            "post": {
                "operationId": "chat",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}}
                },
                "responses": {
                    "200": {
                        "description": "It.",
                        "content": {
                            "application/json": {"schema": CHUNK},
                            "text/event-stream": {"schema": CHUNK},
                        },
                    },
                    "400": {"description": "No.", "content": {"application/json": {"schema": CHUNK}}},
                },
            }
        },
        "/events": {
            "get": {
                "responses": {
                    "200": {
                        "description": "All.",
                        "content": {
                            "text/event-stream": {
                                "itemSchema": {"type": "object", "properties": {"data": {"type": "string"}}},
                                "example": [{"data": "a"}, {"event": "b", "data": "c\nd"}],
                            },
                            "application/jsonl": {"itemSchema": {"type": "integer"}, "example": [1, 2, 3]},
                            "application/json-seq": {"itemSchema": {"type": "integer"}, "example": [1, 2]},
                        },
                    }
                }
            }
        },
    },
    "components": {"schemas": {"Ask": ASKING}},
}


@pytest.fixture(scope="module")
def client():
    """Run the mock, paced, and return a client of it."""
    contract = Contract(DOCUMENT, "chat.json")
    with (
        contract_mock(contract, stream_interval=0.01) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        yield client


def chunks_of(client, method, path, **options):
    """Return the chunks of a response as they came."""
    with client.stream(method, path, **options) as response:
        return response.headers, list(response.iter_raw())


def test_a_body_asks_for_events(client):
    """`"stream": true` gets events that conform, with any Accept, and the last one of the contract."""
    headers, chunks = chunks_of(
        client, "POST", "/chat", json={"stream": True}, headers={"Accept": "application/json"}
    )
    assert headers["content-type"] == "text/event-stream"
    assert "content-length" not in headers
    assert (len(chunks), chunks[-1]) == (4, b"data: [DONE]\n\n")
    values = [json.loads(chunk.removeprefix(b"data: ")) for chunk in chunks[:3]]
    assert all(value.keys() == {"id", "delta"} for value in values)
    assert client.post("/chat", json={"stream": False}).json().keys() == {"id", "delta"}
    assert client.post("/chat", json={}).headers["content-type"] == "application/json"
    error = client.post("/chat", json={"stream": True}, headers={"Prefer": "code=400"})
    assert error.headers["content-type"] == "application/json"
    exchanges = client.get("/_mock/journal").json()["exchanges"]
    assert [exchange["verdict"]["response"] for exchange in exchanges] == [[]] * len(exchanges)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/event-stream", [b"data: a\n\n", b"event: b\ndata: c\ndata: d\n\n"]),
        ("application/jsonl", [b"1\n", b"2\n", b"3\n"]),
        ("application/json-seq", [b"\x1e1\n", b"\x1e2\n"]),
    ],
)
def test_items_come_one_by_one(client, media_type, expected):
    """Each item of a sequence is a chunk; a response to HEAD has none."""
    _, chunks = chunks_of(client, "GET", "/events", headers={"Accept": media_type})
    assert sorted(chunks) == sorted(expected)
    assert client.head("/events", headers={"Accept": media_type}).content == b""


def test_an_end_of_the_mock_ends_a_stream():
    """A long interval does not hold up the end of a mock."""
    with (
        contract_mock(Contract(DOCUMENT, "chat.json"), stream_interval=600) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
        client.stream("GET", "/events") as response,
    ):
        assert next(response.iter_raw()) == b"data: a\n\n"
        before = time.monotonic()
    assert time.monotonic() - before < 60


def test_a_fault_cuts_a_stream(client):
    """A fault ends the connection in the middle of a stream."""
    client.post("/_mock/faults", json={"effect": {"cut_after_bytes": 12}, "times": 1}).raise_for_status()
    pieces = []
    with client.stream("GET", "/events") as response, pytest.raises(httpx2.RemoteProtocolError):
        pieces.extend(response.iter_raw())
    assert b"".join(pieces) == b"data: a\n\neve"


def test_an_override_streams_items(client):
    """The items that an override has for a stream come as the contract's own do, one by one."""
    respond = {
        "headers": {"Content-Type": "text/event-stream"},
        "body": [{"id": "1", "delta": "a"}, "[DONE]"],
    }
    rule = {"match": {"body": {"/stream": True}}, "effect": {"respond": respond}, "times": 1}
    client.post("/_mock/overrides", json=rule).raise_for_status()
    _, chunks = chunks_of(client, "POST", "/chat", json={"stream": True})
    assert chunks == [b'data: {"id": "1", "delta": "a"}\n\n', b"data: [DONE]\n\n"]
    rule["effect"]["respond"] = {"headers": {"Content-Type": "application/jsonl"}, "body": [1, {"a": 2}]}
    client.post("/_mock/overrides", json=rule).raise_for_status()
    _, chunks = chunks_of(client, "POST", "/chat", json={"stream": True})
    assert chunks == [b"1\n", b'{"a": 2}\n']
