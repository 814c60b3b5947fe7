"""What a client may send, and what one response embeds, is limited; the contract says so."""

from __future__ import annotations

import httpx2
import pytest

from scanner_api.operations import sessions as operations
from scanner_api.operations.sessions import MOST_EMBEDDED, MOST_POLLED
from scanner_api.operations.writes import MAX_BYTES, MAX_DEPTH
from scanner_contract import load_contract

CONTRACT = load_contract()
SCHEMAS = CONTRACT.document["components"]["schemas"]


def deep(levels):
    """Return an object of objects, so many levels deep."""
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def of_bytes(number):
    """Return an object whose JSON has so many bytes, not all of them ASCII."""
    return {"é": "x" * (number - len('{"é":""}'.encode()))}


@pytest.fixture(scope="module")
def send(api):
    """Send a free-form object where one is taken; return the response."""
    session_id = api.session()
    scan = {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": "1"}

    def sent(name, value):
        if name == "device_context":
            return api.post("/sessions", json={name: value})
        return api.post("/captures", json={**scan, name: value})

    return sent


@pytest.mark.parametrize("name", ["device_context", "gs1_dl_data"])
@pytest.mark.parametrize("value", [of_bytes(MAX_BYTES), deep(MAX_DEPTH), {"a": [[]] * 20_000}])
def test_free_form_objects_within_their_limits(send, name, value):
    """Up to 64 KiB of JSON and 32 levels are stored."""
    assert send(name, value).status_code == 201


@pytest.mark.parametrize("name", ["device_context", "gs1_dl_data"])
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (of_bytes(MAX_BYTES + 1), "x-max-bytes"),
        ({"a": "x" * 10**6}, "x-max-bytes"),
        (deep(MAX_DEPTH + 1), "x-max-depth"),
        ({"a": [deep(MAX_DEPTH - 1)]}, "x-max-depth"),
    ],
)
def test_free_form_objects_over_their_limits(send, name, value, rule):
    """Beyond them it is a 422 that names the field and the limit."""
    refused = send(name, value)
    assert refused.status_code == 422
    assert [(each["pointer"], each["rule"]) for each in refused.json()["errors"]] == [(f"/{name}", rule)]


def test_the_contract_says_the_limits_of_objects():
    """What the handlers hold is what readers of the contract get."""
    for schema, name in (("SessionCreateSchema", "device_context"), ("CaptureSubmitSchema", "gs1_dl_data")):
        said = SCHEMAS[schema]["properties"][name]
        assert (said["x-max-bytes"], said["x-max-depth"]) == (MAX_BYTES, MAX_DEPTH)


def test_every_string_that_is_stored_has_a_limit():
    """No body has a string, or an array, without a greatest length or a set of values."""

    def unlimited(schema, pointer):
        schema = CONTRACT.resolve(schema)
        for keyword in ("anyOf", "allOf"):
            for index, part in enumerate(schema.get(keyword, ())):
                yield from unlimited(part, f"{pointer}/{keyword}/{index}")
        if schema.get("type") == "string" and not {"maxLength", "enum", "format"} & schema.keys():
            yield pointer
        if schema.get("type") == "array":
            if "maxItems" not in schema:
                yield pointer
            yield from unlimited(schema["items"], f"{pointer}/items")
        for name, part in schema.get("properties", {}).items():
            yield from unlimited(part, f"{pointer}/{name}")

    bodies = [
        (operation.operation_id, content["schema"])
        for operation in CONTRACT.operations
        for content in (operation.request_body or {"content": {}})["content"].values()
    ]
    assert len(bodies) >= 10
    assert [pointer for name, body in bodies for pointer in unlimited(body, name)] == []


@pytest.mark.parametrize("name", ["user_agent", "organization_short_id"])
def test_strings_over_their_limit(api, name):
    """More than 1,024 characters are a 422 that names the field."""
    refused = api.post("/sessions", json={name: "x" * 1025})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}")


def test_a_session_embeds_its_newest_captures(api, monkeypatch):
    """Beyond a hundred the detail has the newest, and links to the next page; a poll beyond a thousand."""
    session_id = api.session()
    path = f"/sessions/{session_id}"
    scans = [
        {"session_short_id": session_id, "capture_type": "MANUAL", "raw_value": str(number)}
        for number in range(MOST_EMBEDDED + 5)
    ]
    results = api.post("/captures/bulk", json={"scans": scans[:MOST_EMBEDDED]}).json()
    assert "Link" not in api.get(path).headers
    results += api.post("/captures/bulk", json={"scans": scans[MOST_EMBEDDED:]}).json()
    detail = api.get(path)
    ids = [result["capture"]["id"] for result in results]
    assert [capture["id"] for capture in detail.json()["captures"]] == ids[-MOST_EMBEDDED:]
    following = httpx2.URL(str(detail.url)).join(detail.links["next"]["url"])
    more = api.get(following).raise_for_status().json()
    assert [capture["id"] for capture in more["data"]] == ids[4::-1]
    states = api.get(f"{path}/status").json()["captures"]
    assert [each["id"] for each in states] == ids
    monkeypatch.setattr(operations, "MOST_POLLED", MOST_EMBEDDED)
    poll = api.get(f"{path}/status")
    assert [each["id"] for each in poll.json()["captures"]] == ids[-MOST_EMBEDDED:]
    following = httpx2.URL(str(poll.url)).join(poll.links["next"]["url"])
    assert [capture["id"] for capture in api.get(following).json()["data"]] == ids[4::-1]


def test_a_session_embeds_its_first_photos(api, monkeypatch):
    """Beyond a hundred the detail has the first, and a link to the next page."""
    monkeypatch.setattr(operations, "MOST_EMBEDDED", 2)
    session_id = api.session()
    ids = [
        api.post(f"/sessions/{session_id}/photos", json={"s3_key": api.uploaded(session_id)}).json()["id"]
        for _ in range(3)
    ]
    detail = api.get(f"/sessions/{session_id}")
    assert [photo["id"] for photo in detail.json()["product_photos"]] == ids[:2]
    following = httpx2.URL(str(detail.url)).join(detail.links["next"]["url"])
    assert [photo["id"] for photo in api.get(following).json()["data"]] == ids[2:]


def test_the_contract_says_what_a_poll_has():
    """What the handler holds is what readers of the contract get, ten whole pages of a list."""
    assert SCHEMAS["SessionStatusResponseSchema"]["properties"]["captures"]["maxItems"] == MOST_POLLED
    assert MOST_POLLED % MOST_EMBEDDED == 0
