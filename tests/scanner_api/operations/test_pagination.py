"""Lists in pages: every item once, in a stable order, with counts that are right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.app import create_app
from scanner_api.operations.representations import envelope
from scanner_api.settings import Settings
from scanner_contract import load_contract
from scanner_mocks import seeds

LISTS = ["/sessions", f"/sessions/{seeds.SESSION}/captures", f"/sessions/{seeds.SESSION}/photos"]


def walked(api, path, **query):
    """Return the ids on all pages of a list, turned as ``has_next`` says."""
    found, page, more = [], 1, True
    while more:
        response = api.get(path, params={**query, "page": page}).raise_for_status().json()
        found += [each["id"] for each in response["data"]]
        page, more = page + 1, response["pagination"]["has_next"]
    return found


@given(total=st.integers(0, 400), page_size=st.integers(1, 100))
def test_pages_hold_every_item_once(total, page_size):
    """A client that turns pages while there is a next one sees every item once, and ends on the last page."""
    seen, page, more = 0, 0, True
    while more:
        page += 1
        items = [{}] * max(0, min(page_size, total - seen))
        pagination = envelope(items, total, page=page, page_size=page_size)["pagination"]
        seen, more = seen + len(items), pagination["has_next"]
        assert pagination["has_previous"] is (page > 1)
    assert (seen, page) == (total, max(1, pagination["total_pages"]))


@pytest.mark.parametrize(
    ("total", "page", "pages", "has_next", "has_previous"),
    [
        (342, 1, 14, True, False),
        (342, 14, 14, False, True),
        (342, 99, 14, False, True),
        (350, 14, 14, False, True),
        (0, 1, 0, False, False),
        (0, 3, 0, False, False),
    ],
)
def test_envelope(total, page, pages, has_next, has_previous):
    """The numbers are those of the vendor's example, and hold at the ends, beyond them and for nothing."""
    pagination = envelope([], total, page=page, page_size=25)["pagination"]
    assert pagination == {
        "page": page,
        "page_size": 25,
        "total_count": total,
        "total_pages": pages,
        "has_next": has_next,
        "has_previous": has_previous,
    }


@pytest.mark.parametrize("path", LISTS)
def test_a_page_has_25_items_unless_asked(api, path):
    """Without parameters a list responds with its first page of 25."""
    pagination = api.get(path).raise_for_status().json()["pagination"]
    assert (pagination["page"], pagination["page_size"]) == (1, 25)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "name", "rule"),
    [
        ("page_size=101", "page_size", "maximum"),
        ("page_size=0", "page_size", "minimum"),
        ("page=0", "page", "minimum"),
        ("page=-1", "page", "minimum"),
        ("page=1000001", "page", "maximum"),
        ("page=99999999999999999999", "page", "maximum"),
        ("page=two", "page", "type"),
        ("page=1&page=2", "page", "repeated"),
    ],
)
def test_limits(api, path, query, name, rule):
    """A page that there cannot be, and a page of more than 100, are refused by name and limit."""
    response = api.get(f"{path}?{query}")
    assert response.status_code == 422
    assert [(each["in"], each["name"], each["rule"]) for each in response.json()["errors"]] == [
        ("query", name, rule)
    ]


@pytest.mark.parametrize("path", LISTS)
def test_the_largest_page_and_the_last_one_are_served(api, path):
    """The limits themselves are within the limits; beyond the end a page is empty."""
    response = api.get(path, params={"page": 1_000_000, "page_size": 100}).raise_for_status().json()
    assert (response["data"], response["pagination"]["has_next"]) == ([], False)


@pytest.mark.parametrize("path", LISTS)
def test_lists_need_a_credential(anonymous, path):
    """Without a credential there is no list."""
    assert anonymous.get(path).status_code == 401


def test_sessions_come_newest_first(api):
    """Sessions are listed from the newest on, each on one page alone."""
    created = [api.session() for _ in range(7)]
    assert walked(api, "/sessions", page_size=3)[:7] == created[::-1]


def test_sessions_of_one_state(api):
    """With a state, only sessions in it are listed and counted."""
    active, ended = api.session(), api.session()
    api.post(f"/sessions/{ended}/end").raise_for_status()
    listed = {state: walked(api, "/sessions", status=state) for state in ("ACTIVE", "COMPLETED", "EXPIRED")}
    assert active in listed["ACTIVE"]
    assert ended in listed["COMPLETED"]
    assert sum(len(set(ids)) for ids in listed.values()) == len(walked(api, "/sessions"))
    counted = api.get("/sessions", params={"status": "COMPLETED"}).json()["pagination"]["total_count"]
    assert counted == len(listed["COMPLETED"])


@pytest.mark.parametrize("state", ["active", "FAILED", "", "ACTIVE,COMPLETED"])
def test_an_unknown_state_is_refused(api, state):
    """A state that no session can have is a 422, not an empty list."""
    response = api.get("/sessions", params={"status": state})
    assert response.status_code == 422
    assert response.json()["errors"][0]["name"] == "status"


def test_sessions_are_those_that_the_caller_may_see(api, other, of_both, publishable):
    """A key lists its organization's sessions, a publishable one its own, a user those of both."""
    callers = {"own": api, "other": other, "both": of_both, "publishable": publishable}
    made = {name: callers[name].session() for name in ("own", "other", "publishable")}
    seen = {
        name: {place for place, session_id in made.items() if session_id in walked(caller, "/sessions")}
        for name, caller in callers.items()
    }
    assert seen == {
        "own": {"own", "publishable"},
        "other": {"other"},
        "both": {"own", "other", "publishable"},
        "publishable": {"publishable"},
    }


@pytest.mark.parametrize("what", ["captures", "photos"])
def test_lists_of_a_session_that_is_not_there(api, other, publishable, what):
    """A session that is unknown, another organization's or another key's has the same 404 for its lists."""
    foreign = api.session()
    responses = [
        api.get(f"/sessions/{seeds.id_of('nothing')}/{what}"),
        other.get(f"/sessions/{foreign}/{what}"),
        publishable.get(f"/sessions/{foreign}/{what}"),
        api.get(f"/sessions/%00/{what}"),
    ]
    assert {(each.status_code, each.json()["detail"]) for each in responses} == {
        (404, "There is no such session.")
    }


def test_captures_come_newest_first(api):
    """A session's captures, and no others, are listed from the newest on."""
    session_id, another = api.session(), api.session()
    api.capture(another, "x")
    created = [api.capture(session_id, str(number))["id"] for number in range(5)]
    assert walked(api, f"/sessions/{session_id}/captures", page_size=2) == created[::-1]


def test_photos_come_in_the_order_of_the_gallery(api):
    """A session's photos are listed as they were reordered."""
    session_id = api.session()
    photos = [api.photo(session_id)["id"] for _ in range(3)]
    order = [photos[2], photos[0], photos[1]]
    api.post(f"/sessions/{session_id}/photos/reorder", json={"photo_short_ids": order}).raise_for_status()
    assert walked(api, f"/sessions/{session_id}/photos", page_size=2) == order


def test_an_item_is_what_its_own_operation_returns(api):
    """What a list says of a session, a capture or a photo is what is said of it alone."""
    session_id = api.session(metadata={"aisle": "7"})
    api.finished(api.capture(session_id, "4006381333931")["id"])
    photo = api.photo(session_id)
    detail = api.get(f"/sessions/{session_id}").json()
    assert api.get(f"/sessions/{session_id}/captures").json()["data"] == detail["captures"]
    assert api.get(f"/sessions/{session_id}/photos").json()["data"] == detail["product_photos"] == [photo]
    listed = api.get("/sessions", params={"page_size": 1}).json()["data"][0]
    assert (listed["id"], listed["capture_count"], listed["photo_count"]) == (session_id, 1, 1)
    assert listed["metadata"] == {"aisle": "7"}


def test_counts_are_right_while_others_add(api):
    """A list counts what it lists, however many captures are being added meanwhile."""
    session_id = api.session()
    path = f"/sessions/{session_id}/captures"

    def add(number):
        api.capture(session_id, str(number))
        response = api.get(path, params={"page_size": 100}).json()
        return len(response["data"]), response["pagination"]["total_count"]

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(add, range(40)))
    assert all(listed == counted for listed, counted in counts)
    assert len(walked(api, path, page_size=7)) == 40


def test_the_vendors_operations_alone(tmp_path):
    """With ``vendor_operations_only`` the contract in force has the vendor's operations, else ours too."""
    settings = {"database_url": f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"}
    served = [
        len(create_app(Settings(**settings, vendor_operations_only=alone)).contract.operations)
        for alone in (True, False)
    ]
    vendors, every = (len(load_contract(extensions=each).operations) for each in (False, True))
    assert served == [vendors, every]
    assert vendors < every
