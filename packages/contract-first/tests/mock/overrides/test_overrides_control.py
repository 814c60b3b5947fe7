"""Overrides by control call: added, changed, ordered, removed, and refused with the part that is wrong."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.mock import contract_mock
from contract_first.mock.override import Respond
from contract_first.mock.rule import Effect, Rule
from contract_first.mock.rules.registry import Rules
from contract_first.service.messages.problems import Conflict


def bodies(client, *paths):
    """Return the JSON of responses."""
    return [client.get(path).json() for path in paths]


def test_the_newest_is_first(client, override):
    """The override that was added last applies, until another order is asked for."""
    first, second = override({"respond": {"body": 1}}), override({"respond": {"body": 2}})
    assert bodies(client, "/pets") == [2]
    order = client.post("/_mock/overrides/order", json={"ids": [first["id"]]})
    assert order.status_code == 204
    assert bodies(client, "/pets") == [1]
    listed = client.get("/_mock/overrides").json()["overrides"]
    assert [(each["id"], each["struck"]) for each in listed] == [(first["id"], 1), (second["id"], 1)]
    unknown = client.post("/_mock/overrides/order", json={"ids": [second["id"], "override-0"]})
    assert (unknown.status_code, "override-0" in unknown.json()["detail"]) == (404, True)
    assert bodies(client, "/pets") == [1]


def test_changed_and_removed(client, override):
    """A changed override keeps its id and place, and counts from 0; a removed one is gone."""
    override({"respond": {"body": 1}})
    second = override({"respond": {"body": 2}}, times=1)
    assert bodies(client, "/pets", "/pets") == [2, 1]
    path = f"/_mock/overrides/{second['id']}"
    changed = client.put(path, json={"effect": {"respond": {"body": 3}}, "times": 1})
    assert (changed.status_code, changed.json()["id"], changed.json()["struck"]) == (200, second["id"], 0)
    assert bodies(client, "/pets", "/pets") == [3, 1]
    wrong = client.put(path, json={"effect": {"respond": {"body": 3}}, "match": {"operation": "list_pts"}})
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/match/operation"]
    assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert client.put(path, json={"effect": {"drop": True}}).status_code == 404
    assert client.delete("/_mock/overrides").status_code == 204
    assert client.get("/_mock/overrides").json() == {"overrides": []}


def test_scopes(client, override):
    """An override of a scope applies to its requests alone, and is cleared without the others."""
    override({"respond": {"body": 1}})
    client.post("/_mock/overrides", params={"scope": "mine"}, json={"effect": {"respond": {"body": 2}}})
    mine = {"X-Mock-Scope": "mine"}
    assert [client.get("/pets", headers=headers).json() for headers in ({}, mine)] == [1, 2]
    assert len(client.get("/_mock/overrides", params={"scope": "mine"}).json()["overrides"]) == 1
    client.post("/_mock/state/reset", json={}, headers=mine).raise_for_status()
    assert [client.get("/pets", headers=headers).json() for headers in ({}, mine)] == [1, 1]
    client.post("/_mock/state/reset", json={"keep": ["overrides"]}).raise_for_status()
    assert bodies(client, "/pets") == [1]


def test_a_fault_applies_before_them(client, override):
    """A delay goes with an override, a status in its place; the journal names both rules, or the one."""
    mine = override({"respond": {"body": 1}})
    slow = client.post("/_mock/faults", json={"effect": {"latency_ms": 1}, "times": 1}).json()
    down = client.post("/_mock/faults", json={"effect": {"status": 503}, "times": 1}).json()
    assert [client.get("/pets").status_code for _ in range(3)] == [200, 503, 200]
    rules = [each["fault"] for each in client.get("/_mock/journal").json()["exchanges"]]
    assert rules == [f"{mine['id']} {slow['id']}", down["id"], mine["id"]]


@pytest.mark.parametrize(
    ("wrong", "pointer", "detail"),
    [
        ({"effect": {"respnd": {}}}, "/effect", "close to it: respond; known are latency_ms"),
        ({"effect": {"respond": {"stat": 200}}}, "/effect/respond", "known are status, headers, body"),
        ({"effect": {"respond": {"body": 1, "text": "a"}}}, "/effect/respond/text", "choose one"),
        (
            {"effect": {"respond": {"file": "a.json"}}},
            "/effect/respond/file",
            "for the rules of a file alone",
        ),
        ({"effect": {"respond": {"base64": "a"}}}, "/effect/respond/base64", "is not Base64"),
        ({"effect": {"respond": {"headers": {"a b": ""}}}}, "/effect/respond/headers", "a b"),
        (
            {"effect": {"respond": {"headers": {"a": "\r\nb: c"}}}},
            "/effect/respond/headers/a",
            "does not match",
        ),
        ({"effect": {"respond": {"headers": {"a": None}}}}, "/effect/respond/headers/a", "string"),
        (
            {"effect": {"patch": {"headers": {"Content-Length": "1"}}}},
            "/effect/patch/headers/Content-Length",
            "is set by the server",
        ),
        ({"effect": {"respond": {}, "status": 404}}, "/effect/respond", "is the whole response"),
        ({"effect": {"patch": {}}}, "/effect/patch", "propert"),
        ({"effect": {"patch": {"status": 404}, "drop": True}}, "/effect/patch", "needs a response"),
        ({"effect": {"patch": {"members": {"a": 1}}}}, "/effect/patch/members", '"a" does not'),
        ({"effect": {"sequence": []}}, "/effect/sequence", "less than 1"),
        ({"effect": {"sequence": [{"drop": True}], "status": 404}}, "/effect/sequence", "stands alone"),
        (
            {"effect": {"sequence": [{"sequence": [{"drop": True}]}]}},
            "/effect/sequence/0/sequence",
            "in a sequence already",
        ),
        ({"effect": {"sequence": [{"error_code": "x"}]}}, "/effect/sequence/0/error_code", "needs a status"),
        (
            {"effect": {"respond": {"text": "{{ a"}}},
            "/effect/respond/text",
            "the template fails: syntax error",
        ),
        (
            {"effect": {"respond": {"body": [{"a": "{% x %}"}]}}},
            "/effect/respond/body/0/a",
            "unknown statement",
        ),
        ({"effect": {"drop": True}, "on": "s3"}, "/on", "which this mock does not have"),
        (
            {"effect": {"drop": True}, "match": {"query": {"a": {"eq": 1}}}},
            "/match/query/a",
            "known are equals",
        ),
        ({"effect": {"drop": True}, "match": {"query": {"a": {}}}}, "/match/query/a", "propert"),
        ({"effect": {"drop": True}, "match": {"body": {"a": 1}}}, "/match/body", '"a" does not'),
        ({"effect": {"respond": {"text": "a"}}, "on": "s3"}, "/effect/respond", "applies to faults on api"),
        ({"effect": {"drop": True}, "match": {"body": {"": 1}}, "on": "s3"}, "/match/body", "on api only"),
    ],
)
def test_what_is_no_override(wrong, pointer, detail, client):
    """What is no override is refused, with a pointer to the part and what was expected."""
    response = client.post("/_mock/overrides", json=wrong)
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["pointer"] == pointer
    assert detail.lower() in error["detail"].lower()


def test_python_adds_them(pets, client):
    """The running mock takes the fields of a rule, of its match and of its effect by their names."""
    rule = pets.override(operation="list_pets", query={"kind": "cat"}, respond={"body": []}, times=1)
    assert rule == client.get("/_mock/overrides").json()["overrides"][0]["id"]
    assert client.get("/pets", params={"kind": "cat"}).json() == []
    with pytest.raises(ValueError, match=r"^/effect: .*close to it: respond"):
        pets.override(effect={"respnd": 1})


def test_there_is_an_end_to_them(client, override):
    """A thousand and first is refused, and says what to do."""
    many = [{"respond": {"body": 1}}] * 3
    for effect in many:
        override(effect)
    for _ in range(997):
        override({"latency_ms": 1}, match={"path": "/x"})
    refused = client.post("/_mock/overrides", json={"effect": {"drop": True}})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "1000 overrides are active; at most 1000 can be. Remove some.",
    )
    assert bodies(client, "/pets") == [1]


def test_there_is_an_end_to_their_size():
    """Large overrides are refused before they take much memory; the others stay."""
    rules, large = Rules(), Rule(effect=Effect(respond=Respond(text="x" * 1024 * 1024)))
    rules.add(*[large] * 60, kind="override")
    with pytest.raises(Conflict, match="The overrides have more than 67108864 bytes together"):
        rules.add(*[large] * 5, kind="override")
    assert len(rules.active(kind="override")) == 60


def test_a_mock_with_a_control_token(contract):
    """The mock's own `override` presents the token, which neither its line nor its repr shows."""
    with contract_mock(contract, control_token="s3cret-token") as mock:
        with httpx2.Client(base_url=mock.api, trust_env=False) as client:
            assert client.get("/_mock/overrides").status_code == 401
            assert mock.override(operation="list_pets", respond={"body": []}) == "override-1"
            assert client.get("/pets").json() == []
        assert "s3cret-token" not in f"{mock!r} {mock.line()} {mock.seeds()}"
