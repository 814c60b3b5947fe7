"""What overrides send: a response of their own, a patch of the one that would have been sent, templates."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest

PETS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
REX = {"id": 7, "name": "Rex"}


def test_a_response(client, override):
    """Status, headers and body are as the override says; else it is JSON with the success's status."""
    override({"respond": {"body": REX}}, match={"operation": "add_pet"})
    created = client.post("/pets", content=b"not looked at")
    assert (created.status_code, created.json()) == (201, REX)
    assert created.headers["content-type"] == "application/json"
    override({"respond": {"text": "Grüße", "headers": {"X-A": "b"}}})
    text = client.get("/pets")
    assert (text.text, text.headers["content-type"], text.headers["x-a"]) == (
        "Grüße",
        "text/plain; charset=utf-8",
        "b",
    )
    override(
        {"respond": {"base64": b64encode(b"\x00\xff").decode(), "headers": {"content-type": "image/png"}}}
    )
    assert client.get("/pets").content == b"\x00\xff"
    assert client.head("/pets").headers["content-length"] == "2"
    override({"respond": {"body": None, "status": 404}})
    assert (client.get("/nowhere").status_code, client.get("/nowhere").content) == (404, b"null")
    override({"respond": {"status": 204}})
    assert "content-length" not in client.get("/pets").headers


def test_an_example(client, override):
    """An example of the contract is sent by its name."""
    override({"respond": {"example": "two"}}, match={"operation": "list_pets"})
    assert client.get("/pets").json() == PETS
    override({"respond": {"example": "three"}}, match={"operation": "list_pets"})
    missing = client.get("/pets")
    assert (missing.status_code, "it has two" in missing.json()["detail"]) == (404, True)


def test_pages_of_other_origins_may_read_it(client, override):
    """CORS holds for overridden responses, and no override applies to a preflight."""
    override({"respond": {"body": 1}})
    page = {"Origin": "http://localhost:5173"}
    assert client.get("/pets", headers=page).headers["access-control-allow-origin"] == page["Origin"]
    asked = {**page, "Access-Control-Request-Method": "GET"}
    assert client.options("/pets", headers=asked).status_code in {200, 204}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"body": {"name": "Max"}}, {"id": 7, "name": "Max"}),
        ({"body": {"name": None, "a": {"b": None, "c": 1}}}, {"id": 7, "a": {"c": 1}}),
        ({"body": []}, []),
        ({"body": None}, None),
        ({"members": {"/name": None}}, {"id": 7, "name": None}),
        ({"members": {"/a~1b": {"c": []}, "/a~1b/c/-": 1}}, {**REX, "a/b": {"c": [1]}}),
        ({"members": {"": 3}}, 3),
        ({"body": {"id": 8}, "members": {"/name": "x"}}, {"id": 8, "name": "x"}),
    ],
)
def test_a_patch(patch, expected, client, override):
    """A merge patch (RFC 7396) comes first, then members by pointer; the length is that of the result."""
    override({"patch": patch})
    response = client.get("/pets/7")
    assert (response.status_code, response.json()) == (200, expected)
    assert client.head("/pets/7").content == b""


def test_a_patch_of_status_and_headers(client, override):
    """The rest is as it was; a documented response of another status can be patched, too."""
    override({"patch": {"status": 404, "headers": {"X-Request-ID": None, "X-A": "b"}}})
    response = client.get("/pets/7")
    assert (response.status_code, response.json(), response.headers["x-a"]) == (404, REX, "b")
    assert "x-request-id" not in response.headers
    override({"patch": {"status": 204}})
    assert (client.get("/pets/7").status_code, client.get("/pets/7").content) == (204, b"")
    override({"status": 503, "patch": {"body": {"title": "Down"}}})
    down = client.get("/pets/7")
    assert (down.status_code, down.json()["title"], down.json()["status"]) == (503, "Down", 503)


@pytest.mark.parametrize(
    ("path", "effect", "reason"),
    [
        ("/pets", {"patch": {"members": {"/2/name": "x"}}}, "has no place for /2/name"),
        ("/pets", {"patch": {"members": {"/name": "x"}}}, "has no place for /name"),
        ("/pets/7", {"patch": {"members": {"/name/0": "x"}}}, "has no place for /name/0"),
        ("/pets", {"status": 404, "patch": {"body": {}}}, "is not JSON"),
    ],
)
def test_a_patch_that_does_not_fit(path, effect, reason, client, override):
    """A 500 names the override and what there is no place for."""
    rule = override(effect)
    response = client.get(path)
    assert response.status_code == 500
    assert response.json()["detail"].startswith(f"{rule['id']}: the response that would have been sent")
    assert reason in response.json()["detail"]


def test_violations_by_rule(client, override):
    """What an override asks for is sent; the journal names it, and the override, not under violations."""
    rule = override({"patch": {"body": {"name": "x" * 21}}})
    undocumented = override({"respond": {"status": 418}}, match={"operation": "list_pets"})
    assert client.get("/pets/7").json()["name"] == "x" * 21
    assert client.get("/pets").status_code == 418
    exchanges = client.get("/_mock/journal").json()["exchanges"]
    assert all(exchange["by_rule"] for exchange in exchanges)
    named = [
        (each["fault"], [(v["part"], v["where"]) for v in each["verdict"]["response"]]) for each in exchanges
    ]
    assert named == [(rule["id"], [("body", "/name")]), (undocumented["id"], [("status", "418")])]
    assert client.get("/_mock/journal", params={"violations": True}).json()["exchanges"] == []
    client.get("/pets/seven")
    (invalid,) = client.get("/_mock/journal", params={"violations": True}).json()["exchanges"]
    assert (invalid["by_rule"], invalid["verdict"]["request"][0]["where"]) == (True, "id")


def test_templates(client, override):
    """A template has what was sent, the time, an id and a count; in JSON one expression keeps its type."""
    body = {
        "id": "{{ request.path.id | int }}",
        "list": ["{{ request.query.a }}", "{{ request.header['x-a'] }}{{ request.cookie.c }}"],
        "all": "{{ request.query }}",
        "missing": "{{ request.body.a.b }}",
        "count": "{{ counter }}",
        "text": "{% for i in range(2) %}<{{ i }}>{% endfor %}",
        "raw": "{% raw %}{{ a }}{% endraw %}",
        "time": "{{ now }}",
        "key": "{{ uuid() }} {{ uuid() }}",
    }
    override({"respond": {"body": body, "headers": {"X-A": "{{ request.method }}"}}})
    client.post("/_mock/clock", json={"now": "2030-01-01T00:00:00Z", "freeze": True}).raise_for_status()
    first, second = (
        client.get("/pets/7?a=%3Cb%3E&a=c", headers={"X-A": "x", "Cookie": "c=d"}) for _ in range(2)
    )
    keys = [response.json().pop("key").split() for response in (first, second)]
    assert len({*keys[0], *keys[1]}) == 4
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f-]{16}", key) for key in keys[0]
    )
    expected = {
        "id": 7,
        "list": ["<b>", "xd"],
        "all": {"a": "<b>"},
        "missing": None,
        "count": 2,
        "text": "<0><1>",
        "raw": "{{ a }}",
        "time": "2030-01-01T00:00:00Z",
    }
    assert {name: value for name, value in second.json().items() if name != "key"} == expected
    assert first.headers["x-a"] == "GET"


def test_templates_of_bodies_and_patches(client, override):
    """The body that was sent can be repeated, and a patch has templates, too."""
    override({"respond": {"text": "{{ request.body.a[1] }}"}}, match={"method": "POST"})
    assert client.post("/pets", json={"a": [1, 2]}).text == "2"
    override({"patch": {"members": {"/id": "{{ counter + 1 }}"}, "headers": {"X-N": "{{ counter }}"}}})
    response = client.get("/pets/7")
    assert (response.json(), response.headers["x-n"]) == ({**REX, "id": 2}, "1")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "out of fuel"),
        ("{{ 'a' * 1000000000 }}", "out of fuel"),
        ("{% for i in range(9999) %}{{ request.query.a }}{% endfor %}", "out of fuel"),
        ("{{ [1] | tojson(indent=1000000000) }}", "the template fails"),
        ("{% include '/etc/passwd' %}", "template not found"),
        ("{{ request.path.__class__.__mro__[1] | nothing }}", "unknown filter"),
        ("{{ 10 ** 30 }}{{ uuid }}{{ 1 // 0 }}", "the template fails"),
        ("{{ uuid }}", "the template fails"),
    ],
)
def test_hostile_templates(template, reason, client, override):
    """A template has bounds and reads no files: a 500 says where it fails, and the mock goes on."""
    rule = override({"respond": {"body": [template]}})
    response = client.get("/pets", params={"a": "x" * 4000})
    assert response.status_code == 500
    assert response.json()["detail"].startswith(f"{rule['id']}: /body/0: ")
    assert reason in response.json()["detail"]
    client.delete("/_mock/overrides")
    assert client.get("/pets").status_code == 200


def test_too_much_altogether(client, override):
    """All templates of one response together have an end."""
    override({"respond": {"body": ["{{ request.body }}"] * 20}}, match={"method": "POST"})
    assert client.post("/pets", json=["x" * 1000]).status_code == 201
    response = client.post("/pets", json=["x" * 100_000])
    assert (response.status_code, "more than 1048576 bytes" in response.json()["detail"]) == (500, True)


def test_what_is_sent_cannot_split_a_header(client, override):
    """What a template makes of a request is no second header."""
    override({"respond": {"headers": {"X-A": "{{ request.query.a }}"}}})
    assert client.get("/pets", params={"a": "Grüße"}).headers["x-a"] == "Grüße"
    for hostile in ("a\r\nX-B: c", "a\x00", "\u017f"):
        response = client.get("/pets", params={"a": hostile})
        assert (response.status_code, "x-b" in response.headers) == (500, False)
        assert "cannot be sent in a header" in response.json()["detail"]
