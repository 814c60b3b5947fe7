"""Scans in bulk: each gets the response that it would have got alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner_api.settings import Settings
from scanner_mocks import seeds

PATH = "/captures/bulk"
OF_THE_EXCHANGE = {"instance", "timestamp", "request_id"}


def scan(session_id, raw_value="4006381333931", **more):
    """Return a body of ``POST /captures``."""
    return {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": raw_value, **more}


def submitted(api, scans):
    """Submit scans in bulk and return the results."""
    return api.post(PATH, json={"scans": scans}).raise_for_status().json()


def captures_of(api, session_id):
    """Return the captures of a session, oldest first."""
    return api.get(f"/sessions/{session_id}").raise_for_status().json()["captures"]


def test_scans_are_stored_in_their_order_and_processed(api):
    """Scans keep their order, in response and session, are counted, and run through the pipeline."""
    session_id = api.session()
    values = [f"value {number}" for number in range(20)]
    results = submitted(api, [scan(session_id, value, metadata={"n": value}) for value in values])
    assert [(each["index"], each["status"]) for each in results] == [(place, 201) for place in range(20)]
    assert [each["capture"]["raw_value"] for each in results] == values
    assert [each["id"] for each in captures_of(api, session_id)] == [
        each["capture"]["id"] for each in results
    ]
    assert api.get("/sessions", params={"page_size": 1}).json()["data"][0]["capture_count"] == 20
    assert {api.finished(each["capture"]["id"])["status"] for each in results} == {"NOT_FOUND"}


@pytest.mark.parametrize(
    "broken",
    [
        {"raw_value": ""},
        {"raw_value": "x" * 501},
        {"raw_value": None},
        {"capture_type": "QR"},
        {"gtin": "123456789012345"},
        {"metadata": {"key": "x" * 501}},
        {"metadata": {f"key {number}": "" for number in range(51)}},
        {"metadata": {"k" * 41: ""}},
        {"gs1_dl_data": []},
        {"session_short_id": 5},
        {"session_short_id": "nothing"},
        {"session_short_id": "\0"},
        {"session_short_id": seeds.COMPLETED_SESSION},
    ],
    ids=str,
)
def test_a_scan_gets_the_problem_that_it_would_get_alone(api, broken):
    """What ``POST /captures`` says of a scan is said of it in bulk, and the scans around it are stored."""
    session_id = api.session()
    wrong = {**scan(session_id), **broken}
    alone = api.post("/captures", json=wrong).json()
    before, refused, after = submitted(api, [scan(session_id, "a"), wrong, scan(session_id, "b")])
    assert (refused["status"], refused["problem"]["status"]) == (alone["status"], alone["status"])
    assert {name: refused["problem"][name] for name in alone.keys() - OF_THE_EXCHANGE} == {
        name: alone[name] for name in alone.keys() - OF_THE_EXCHANGE
    }
    assert [each["id"] for each in captures_of(api, session_id)] == [
        before["capture"]["id"],
        after["capture"]["id"],
    ]


def test_a_right_scan_gets_the_capture_that_it_would_get_alone(api):
    """What ``POST /captures`` does with a scan, defaults included, is done in bulk."""
    session_id = api.session()
    sent = scan(
        session_id, metadata={"aisle": "7", "gone": ""}, gs1_dl_data={"10": "LOT"}, gtin="4006381333931"
    )
    alone = api.post("/captures", json=sent).json()
    (result,) = submitted(api, [sent])
    differing = {"id", "created"}
    assert result["capture"].keys() == alone.keys()
    assert {name: result["capture"][name] for name in alone.keys() - differing} == {
        name: alone[name] for name in alone.keys() - differing
    }


@pytest.mark.parametrize("item", [None, 5, "x", [], {}, [{}], True])
def test_what_is_no_scan_is_refused_alone(api, item):
    """Any JSON value in the place of a scan gets its own 422, whatever else comes with it."""
    session_id = api.session()
    refused, stored = submitted(api, [item, scan(session_id)])
    assert (refused["status"], refused["problem"]["error_code"]) == (422, "validation_error")
    assert stored["status"] == 201


def test_scans_of_several_sessions(api, other, publishable):
    """Scans may belong to several sessions; those of sessions that the caller cannot see are 404, alone."""
    first, second, foreign, unseen = api.session(), api.session(), other.session(), publishable.session()
    results = submitted(api, [scan(each) for each in (first, foreign, second, first)])
    assert [each["status"] for each in results] == [201, 404, 201, 201]
    assert results[1]["problem"]["detail"] == "There is no such session."
    assert [len(captures_of(api, each)) for each in (first, second)] == [2, 1]
    refused, stored = submitted(publishable, [scan(first), scan(unseen)])
    assert (refused["status"], stored["status"]) == (404, 201)


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"scans": []}, "/scans", "minItems"),
        ({"scans": [{}] * 501}, "/scans", "maxItems"),
        ({"scans": [scan("x", metadata={"aisle": "7"})] * 2000}, "/scans", "maxItems"),
        ({"scans": {}}, "/scans", "type"),
        ({}, "", "required"),
        ([], "", "type"),
    ],
)
def test_a_body_that_is_no_list_of_scans_is_refused_whole(api, body, pointer, rule):
    """From 1 to 500 scans come in one call; anything else is a 422 that says what was expected."""
    response = api.post(PATH, json=body)
    assert response.status_code == 422
    assert [(each["pointer"], each["rule"]) for each in response.json()["errors"]] == [(pointer, rule)]


def test_500_of_the_longest_scans_fit(api):
    """500 scans of 500 characters come in one body, in the longest way that JSON has to write them."""
    session_id = api.session()
    body = json.dumps({"scans": [scan(session_id, "🥫" * 500, gtin="🥫" * 14)] * 500})
    assert len(body) > 500 * 500 * len(r"\ud83e\udd6b")
    response = api.post(PATH, content=body, headers={"Content-Type": "application/json"}).raise_for_status()
    assert {each["status"] for each in response.json()} == {201}


def test_a_body_beyond_the_limit_is_refused(api):
    """A body that is larger than the setting allows is a 413."""
    body = b" " * (Settings.model_fields["max_body_bytes"].default + 1)
    assert api.post(PATH, content=body, headers={"Content-Type": "application/json"}).status_code == 413


def test_a_call_counts_as_one_request(of_both):
    """However many scans come in it, a call takes one request from the rate limit."""
    session_id = of_both.session(organization_short_id=seeds.ORGANIZATION)
    calls = [of_both.post(PATH, json={"scans": [scan(session_id)] * number}) for number in (1, 50)]
    first, second = (int(call.headers["RateLimit-Remaining"]) for call in calls)
    assert first - second == 1


def test_a_session_that_ends_meanwhile_takes_all_scans_or_none(api):
    """Scans that race with the end of their session are stored together before it, or refused with a 409."""
    for _ in range(10):
        session_id = api.session()
        with ThreadPoolExecutor(2) as threads:
            bulk = threads.submit(submitted, api, [scan(session_id)] * 50)
            threads.submit(api.post, f"/sessions/{session_id}/end").result().raise_for_status()
        statuses = [each["status"] for each in bulk.result()]
        assert statuses in ([201] * 50, [409] * 50)
        assert len(captures_of(api, session_id)) == statuses.count(201)


def test_calls_at_once_are_all_counted(api):
    """Calls for the same two sessions, crosswise at once, neither block nor lose one another."""
    sessions = [api.session(), api.session()]
    with ThreadPoolExecutor(8) as threads:
        orders = [sessions, sessions[::-1]] * 6
        list(threads.map(lambda order: submitted(api, [scan(each) for each in order] * 5), orders))
    listed = api.get("/sessions", params={"page_size": 2}).json()["data"]
    assert {each["id"]: each["capture_count"] for each in listed} == dict.fromkeys(sessions, 60)


def test_scans_in_bulk_need_a_credential(anonymous):
    """Without a credential, the body is not even read."""
    assert anonymous.post(PATH, content=b"{").status_code == 401
