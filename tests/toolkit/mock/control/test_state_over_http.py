"""The state of the mock: reset, kept and restored as one, whatever uses it meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx2
import pytest

from contract_first.mock.state.state import Interrupted
from scanner_mocks import scanner_mock, seeds
from scanner_mocks.drawings.pictures import PIXEL

from .conftest import clients_of


@pytest.fixture
def shop(stage, control, api):
    """The mock with an open session, as its user sees it."""
    return Shop(stage.session_id, control, api)


class Shop:
    """Sessions, scans and photos of one session."""

    def __init__(self, session_id, control, api):
        self.session_id, self.control, self.api = session_id, control, api

    def presign(self, name="can.jpg"):
        """Ask for a presigned upload."""
        query = {"photo_type": "front", "original_filename": name}
        return self.api.get(f"/sessions/{self.session_id}/presigned-upload-url", params=query)

    def post(self, form):
        """Send a photo to S3."""
        files = {"file": ("can.jpg", PIXEL, "image/jpeg")}
        return httpx2.post(form["upload_url"], data=form["upload_fields"], files=files, trust_env=False)

    def register(self, form):
        """Register a photo."""
        body = {"s3_key": form["s3_key"], "photo_type": "front", "original_filename": "can.jpg"}
        return self.api.post(f"/sessions/{self.session_id}/photos", json=body)

    def photo(self):
        """Add a photo, and return what is reported of it."""
        form = self.presign().json()
        self.post(form).raise_for_status()
        return self.register(form).raise_for_status().json()

    def scan(self, value="9521234000013"):
        """Scan a barcode."""
        body = {"session_short_id": self.session_id, "raw_value": value, "capture_type": "BARCODE"}
        return self.api.post("/captures", json=body)

    def finished(self, capture_id):
        """Return a capture that has been processed; asking for its state counts as no request of the API."""
        pending = True
        while pending:
            statuses = {each["id"]: each["status"] for each in self.state()["captures"]}
            pending = statuses[capture_id] not in {"COMPLETED", "NOT_FOUND", "FAILED"}
        return self.api.get(f"/captures/{capture_id}")

    def state(self):
        """Return all that there is."""
        return self.control.get("/state").raise_for_status().json()

    def counts(self):
        """Return how many sessions, captures, photos and objects there are."""
        state = self.state()
        listed = [len(state[name]) for name in ("sessions", "captures", "photos")]
        return (*listed, state["objects"]["count"])


def test_the_state_is_reported(shop):
    """What was done is in the state, the newest first, with a link at which a photo can be looked at."""
    session = shop.api.post("/sessions", json={}).json()
    capture, photo = shop.scan().json(), shop.photo()
    shop.finished(capture["id"])
    state = shop.state()
    assert (state["sessions"][0]["id"], len(state["sessions"])) == (session["id"], 3)
    (described,) = state["captures"]
    assert (described["id"], described["status"], described["gtin"]) == (
        capture["id"],
        "COMPLETED",
        "09521234000013",
    )
    assert described["product_name"] == "Whole Milk 1 L"
    (shown,) = state["photos"]
    assert (shown["id"], shown["label"]) == (photo["id"], "can.jpg")
    assert httpx2.get(shown["url"], trust_env=False).content == PIXEL
    assert state["objects"] == {"count": 1, "bytes": len(PIXEL)}
    assert shop.control.get("/state", params={"limit": 0}).json()["sessions"] == []


def test_who_looks_at_a_photo_is_not_in_the_way(shop):
    """The URL that the state tells is read whatever fault is on, uses none up, and is not in the journal."""
    shop.photo()
    shop.control.post("/faults", json={"on": "s3", "effect": {"s3_code": "SlowDown"}, "times": 1})
    shop.control.delete("/journal")
    (photo,) = shop.state()["photos"]
    assert httpx2.get(photo["url"], trust_env=False).status_code == 200
    assert shop.control.get("/journal").json()["exchanges"] == []
    assert shop.control.get("/faults").json()["faults"][0]["struck"] == 0


def test_a_reset_starts_again(shop, stage):
    """After a reset there are the seeds, no object, no count of requests, and no request of before."""
    shop.photo()
    shop.scan()
    limited = {"X-API-Key": stage.keys["limited"]}
    statuses = [shop.api.get("/sessions", headers=limited).status_code for _ in range(6)]
    assert statuses[-1] == 429
    assert shop.control.post("/state/reset").status_code == 204
    assert shop.counts() == (2, 0, 0, 0)
    assert shop.api.get("/sessions", headers=limited).status_code == 200
    assert shop.control.get("/journal").json()["exchanges"][0]["status"] == 200


def test_a_reset_keeps_what_it_is_asked_to(shop):
    """Clock, faults and journal are reset with the rest, unless they are to be kept."""
    keep = {"keep": ["clock", "faults", "journal"]}
    shop.control.post("/clock", json={"freeze": True, "advance_seconds": 60})
    shop.control.post("/faults", json={"name": "slow", "effect": {"latency_ms": 1}, "match": {"path": "/no"}})
    shop.api.get("/sessions")
    for body, kept in ((keep, True), ({}, False)):
        assert shop.control.post("/state/reset", json=body).status_code == 204
        assert shop.control.get("/clock").json()["frozen"] is kept
        assert bool(shop.control.get("/faults").json()["faults"]) is kept
        assert bool(shop.control.get("/journal").json()["exchanges"]) is kept


@pytest.mark.parametrize("name", ["before", "../../up/and away", "ünï \u202e/\x07"])
def test_a_snapshot_is_restored(shop, name):
    """What was there when a snapshot was taken is there again, database and objects, under any name."""
    kept = shop.photo()
    before = shop.counts()
    assert shop.control.post("/state/snapshot", json={"name": name}).json() == {"name": name}
    shop.photo()
    shop.scan()
    shop.control.post("/state/reset")
    for _ in range(2):
        assert shop.control.post("/state/restore", json={"name": name}).status_code == 204
        assert shop.counts() == before
        (photo,) = shop.state()["photos"]
        assert photo["id"] == kept["id"]
        assert httpx2.get(photo["url"], trust_env=False).content == PIXEL
        shop.photo()
    assert name in shop.state()["snapshots"]


def test_an_unknown_snapshot_is_not_found(shop):
    """A name that nothing is kept under is a 404, and changes nothing."""
    shop.scan()
    response = shop.control.post("/state/restore", json={"name": "no such"})
    assert (response.status_code, response.json()["detail"]) == (404, "There is no snapshot 'no such'.")
    assert shop.counts()[1] == 1


def test_what_goes_on_from_a_snapshot_is_as_it_was(shop):
    """After a restore the same calls draw the same ids, and none that is there."""
    shop.scan()
    shop.control.post("/state/snapshot", json={"name": "one scan"})
    first = shop.scan().json()["id"]
    shop.control.post("/state/restore", json={"name": "one scan"})
    assert shop.scan().json()["id"] == first


STORY = (
    lambda shop: shop.api.post("/sessions", json={"metadata": {"aisle": "7"}}),
    lambda shop: shop.api.get("/sessions"),
    lambda shop: shop.scan(),
    lambda shop: shop.finished(shop.state()["captures"][0]["id"]),
    lambda shop: shop.scan("not a barcode"),
    lambda shop: shop.scan(""),
    lambda shop: shop.api.get("/sessions/unknown"),
    lambda shop: shop.api.get("/nowhere"),
    lambda shop: shop.api.get("/sessions", headers={"X-API-Key": "wrong"}),
    lambda shop: shop.presign("tin.png"),
    lambda shop: shop.post(shop.presign().json()),
    lambda shop: shop.register(shop.presign().json()),
    lambda shop: shop.api.post(
        f"/sessions/{shop.session_id}/photos", json={"s3_key": shop.photo()["s3_key"]}
    ),
    lambda shop: shop.api.get(f"/sessions/{shop.session_id}/photos"),
)


def story_of(shop):
    """Tell the story, and return what comes back: statuses, fields but for the API's Date, and bodies."""
    responses = []
    for chapter in STORY:
        response = chapter(shop)
        is_s3 = response.headers.get("server") == "AmazonS3"
        fields = [field for field in response.headers.multi_items() if is_s3 or field[0] != "date"]
        responses.append((response.status_code, fields, response.content))
    return responses


def test_the_same_story_has_the_same_bytes(shop):
    """Same seed, same time, same calls: the same bytes, but for the API's Date."""
    stories = []
    for _ in range(2):
        shop.control.post("/clock", json={"now": "2026-03-14T12:00:00Z", "freeze": True})
        shop.control.post("/state/reset", json={"keep": ["clock"]})
        stories.append(story_of(shop))
    assert stories[0] == stories[1]
    assert {status for status, _, _ in stories[0]} == {200, 201, 401, 404, 409, 422}


def test_uploads_meet_resets(shop):
    """A client that uploads while all is reset gets proper responses; the last reset leaves nothing."""
    statuses = set()

    def tell(what, response):
        # on a busy machine a request may outlast the patience of a reset, and gets a 503
        if Interrupted.default_detail not in response.text:
            statuses.add((what, response.status_code))

    def customer(_):
        for _ in range(6):
            presigned = shop.presign()
            tell("presign", presigned)
            if presigned.status_code == 200:
                tell("upload", shop.post(presigned.json()))
                tell("register", shop.register(presigned.json()))
            tell("scan", shop.scan())

    def resetter(_):
        for _ in range(4):
            tell("reset", shop.control.post("/state/reset", json={"keep": ["journal"]}))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda work: work(0), [customer] * 4 + [resetter] * 2))
    assert statuses <= {
        ("presign", 200), ("upload", 201), ("upload", 404), ("register", 201), ("register", 409),
        ("scan", 201), ("reset", 204),
    }  # fmt: skip
    shop.control.post("/state/reset")
    assert shop.counts() == (2, 0, 0, 0)


def test_changes_meet_changes(shop):
    """Snapshots, restores and resets at once all succeed, one after the other, and each leaves a whole."""
    shop.photo()
    shop.control.post("/state/snapshot", json={"name": "one photo"})
    numbers = count()

    def change(kind):
        name = f"snapshot {next(numbers)}" if kind == "snapshot" else "one photo"
        return shop.control.post(f"/state/{kind}", json={} if kind == "reset" else {"name": name}).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(change, ["reset", "snapshot", "restore"] * 4))
    assert set(statuses) == {201, 204}
    for name in ("one photo", *(f"snapshot {number}" for number in range(4))):
        shop.control.post("/state/restore", json={"name": name})
        assert shop.counts() in {(2, 0, 0, 0), (2, 0, 1, 1)}


def test_requests_meet_restores(shop):
    """No request sees half a state: the photo is there with its session's count of it, or neither is."""
    shop.control.post("/state/snapshot", json={"name": "none"})
    shop.photo()
    shop.control.post("/state/snapshot", json={"name": "one"})
    seen = set()

    def reader(_):
        for _ in range(15):
            response = shop.control.get("/state")
            if Interrupted.default_detail in response.text:  # it outlasted the patience of a restore
                continue
            state = response.raise_for_status().json()
            counted = next(one for one in state["sessions"] if one["id"] == shop.session_id)["photo_count"]
            seen.add((len(state["photos"]), counted))

    def restorer(_):
        for name in ("none", "one") * 4:
            shop.control.post("/state/restore", json={"name": name}).raise_for_status()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda work: work(0), [reader] * 3 + [restorer]))
    assert seen <= {(0, 0), (1, 1)}


def test_everything_survives_a_restart(tmp_path):
    """With a folder, rows, objects, snapshots and a secret survive; new ids are new ones."""
    ids = set()
    for life in range(2):
        with scanner_mock(data=tmp_path, seed=7) as mock, clients_of(mock) as (control, api):
            shop = Shop(mock.session_id, control, api)
            assert shop.counts()[2:] == (life, life)
            ids |= {shop.photo()["id"], shop.scan().json()["id"]}
            if life == 0:
                form = shop.presign().json()
                control.post("/state/snapshot", json={"name": "first life"})
            else:
                # the key was signed with the same secret, only S3 has another port
                shop.post({**form, "upload_url": shop.presign().json()["upload_url"]}).raise_for_status()
                assert shop.register(form).status_code == 201
                control.post("/state/restore", json={"name": "first life"})
                assert shop.counts() == (2, 1, 1, 1)
    assert len(ids) == 4


def test_an_empty_folder_has_what_no_folder_has(shop, tmp_path):
    """The first life with a folder draws what a life without one draws."""
    without = shop.scan().json()["id"]
    with scanner_mock(data=tmp_path / "new", seed=7) as mock, clients_of(mock) as (control, api):
        assert Shop(mock.session_id, control, api).scan().json()["id"] == without


def test_keys_are_known_after_a_reset(shop):
    """Every credential goes on working over resets: nothing that was remembered of one is wrong."""
    for _ in range(3):
        shop.control.post("/state/reset")
        for key in (seeds.ACTIVE_KEY, seeds.USER_KEY, seeds.UNLIMITED_KEY):
            assert shop.api.get("/sessions", headers={"X-API-Key": key}).status_code == 200
        assert shop.api.get("/sessions", headers={"X-API-Key": seeds.REVOKED_KEY}).status_code == 401
