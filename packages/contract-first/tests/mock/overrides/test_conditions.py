"""Conditions of overrides and faults: on query, headers, cookies and members of the body."""

from __future__ import annotations

import json

import pytest

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("match", "meeting", "missing"),
    [
        ({"query": {"kind": "cat"}}, ["?kind=cat", "?kind=dog&kind=cat"], ["", "?kind=", "?kind=cats"]),
        ({"query": {"limit": 7}}, ["?limit=7"], ["?limit=07", "?limit=7.0"]),
        ({"query": {"kind": {"pattern": "c?t*"}}}, ["?kind=cat", "?kind=c%2Ft+s"], ["?kind=ct"]),
        ({"query": {"kind": {"present": True}}}, ["?kind", "?kind=x"], ["", "?kin=d"]),
        ({"query": {"kind": {"present": False}}}, ["", "?other=1"], ["?kind="]),
        ({"query": {"kind": {"equals": ""}}}, ["?kind="], ["?kind=x", ""]),
        ({"query": {"a": "1", "b": True}}, ["?a=1&b=true"], ["?a=1", "?b=true", "?a=1&b=True"]),
    ],
)
def test_query(match, meeting, missing, client, override):
    """A condition on the query is met by one of the values under its name; all have to be met."""
    override({"respond": {"status": 404}}, match=match)
    assert [client.get(f"/pets{query}").status_code for query in meeting] == [404] * len(meeting)
    assert [client.get(f"/pets{query}").status_code for query in missing] == [200] * len(missing)


def test_headers_and_cookies(client, override):
    """Names of headers have no case; a cookie is one of those that were sent."""
    override({"respond": {"body": 1}}, match={"headers": {"X-Kind": {"pattern": "c*"}}})
    override({"respond": {"body": 2}}, match={"cookies": {"kind": "cat"}})
    override({"respond": {"body": 3}}, match={"headers": {"accept": {"present": False}}})
    sent = [{"x-kind": "cat"}, {"Cookie": "a=b; kind=cat"}, {"Cookie": "kind=cats"}]
    replies = [client.get("/pets", headers=headers).json() for headers in sent]
    assert replies == [1, 2, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]]
    request = client.build_request("GET", "/pets")
    del request.headers["accept"]
    assert client.send(request).json() == 3


@pytest.mark.parametrize(
    ("condition", "meeting", "missing"),
    [
        ({"/a": 1}, [{"a": 1}, {"a": 1.0}], [{"a": True}, {"a": "1"}, {}, [1], {"a": [1]}]),
        ({"/a": "1"}, [{"a": "1"}], [{"a": 1}]),
        ({"/a": None}, [{"a": None}], [{}, {"a": 0}, {"a": False}]),
        ({"/a/0/b~1c": True}, [{"a": [{"b/c": True}]}], [{"a": [{"b/c": 1}]}, {"a": [[], {"b/c": True}]}]),
        ({"/a": {"equals": {"b": [1, {}]}}}, [{"a": {"b": [1, {}]}}], [{"a": {"b": [1]}}, {"a": {}}]),
        ({"/a": {"pattern": "1*"}}, [{"a": "1x"}, {"a": 12}], [{"a": "x1"}, {"b": "1"}]),
        ({"/a": {"present": True}}, [{"a": None}], [{"b": 1}, 7]),
        ({"/a": {"present": False}}, [{"b": 1}, 7], [{"a": 1}]),
        ({"": {"equals": []}}, [[]], [{}, [1]]),
    ],
)
def test_body(condition, meeting, missing, client, override):
    """A condition on the body is met by the value at its pointer, of the same type."""
    override({"respond": {"status": 409}}, match={"operation": "add_pet", "body": condition})
    assert [client.post("/pets", json=body).status_code for body in meeting] == [409] * len(meeting)
    assert [client.post("/pets", json=body).status_code for body in missing] == [201] * len(missing)


def test_other_bodies(client, override):
    """Members of a form are texts; a body that is no JSON, or too long for a look, has none."""
    override({"respond": {"status": 409}}, match={"body": {"/a": {"present": True}}})
    assert client.post("/pets", data={"a": "1"}).status_code == 409
    for content in (b'{"a": 1', b"", b"\xff", b"[" * 100_000, json.dumps({"a": "x" * 2**20}).encode()):
        assert client.post("/pets", content=content, headers=JSON).status_code != 409


def test_the_body_arrives_all_the_same(client, override):
    """What is looked at is not used up: the operation gets all of a long body."""
    override({"respond": {"status": 409}}, match={"body": {"/a": 1}})
    body = {"b": "x" * 3_000_000}
    assert client.post("/pets", json=body).status_code == 201
    exchange = client.get("/_mock/journal").json()["exchanges"][-1]
    assert exchange["request"]["body_bytes"] > 3_000_000


def test_the_nth_call(client, override):
    """With ``skip`` and ``times`` it is the nth call that meets all conditions."""
    override({"respond": {"status": 404}}, match={"query": {"kind": "cat"}}, skip=1, times=1)
    statuses = [client.get(f"/pets?kind={kind}").status_code for kind in ("cat", "dog", "cat", "cat")]
    assert statuses == [200, 200, 404, 200]


def test_faults_have_them_too(client):
    """A fault applies by the same conditions."""
    fault = {"effect": {"status": 503}, "match": {"query": {"kind": "cat"}, "headers": {"x-a": "b"}}}
    client.post("/_mock/faults", json=fault).raise_for_status()
    sent = [("?kind=cat", {"x-a": "b"}), ("?kind=cat", {}), ("", {"x-a": "b"})]
    assert [client.get(f"/pets{query}", headers=headers).status_code for query, headers in sent] == [
        503,
        200,
        200,
    ]
