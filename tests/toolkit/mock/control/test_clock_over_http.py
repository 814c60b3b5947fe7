"""Anybody who moves the mock's clock moves what expires: sessions, credentials, uploads and rate limits."""

from __future__ import annotations

import httpx2
import pytest

from scanner_mocks import seeds
from scanner_mocks.drawings.pictures import PIXEL

DAY = 86_400


@pytest.fixture
def advance(control):
    """Move the clock."""
    return lambda seconds: control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()


def upload(form):
    """Send a photo to S3."""
    photo = {"file": ("can.jpg", PIXEL, "image/jpeg")}
    return httpx2.post(form["upload_url"], data=form["upload_fields"], files=photo, trust_env=False)


def presigned(api, stage):
    """Return a presigned upload."""
    query = {"photo_type": "front", "original_filename": "can.jpg"}
    return api.get(f"/sessions/{stage.session_id}/presigned-upload-url", params=query).json()


def test_the_time_is_reported_and_set(control):
    """A frozen clock shows exactly what it was set to, and where it is against the machine's."""
    set_to = {"now": "2031-01-02T03:04:05.678901+01:00", "freeze": True}
    for shown in (control.post("/clock", json=set_to).json(), control.get("/clock").json()):
        assert (shown["now"], shown["frozen"]) == ("2031-01-02T02:04:05.678901Z", True)
        assert shown["offset_seconds"] != 0
    reset = control.post("/clock", json={"reset": True}).json()
    assert (reset["frozen"], reset["offset_seconds"]) == (False, 0)


def test_times_of_rows_are_the_clocks(control, api):
    """What is made has the mock's time."""
    control.post("/clock", json={"now": "2031-01-02T03:04:05Z", "freeze": True})
    assert api.post("/sessions", json={}).json()["created"] == "2031-01-02T03:04:05Z"


def test_sessions_expire(control, api, stage, advance):
    """A session that was idle for longer than a day is EXPIRED."""
    advance(DAY - 60)
    assert api.get(f"/sessions/{stage.session_id}").json()["status"] == "ACTIVE"
    advance(120)
    assert api.get(f"/sessions/{stage.session_id}").json()["status"] == "EXPIRED"
    statuses = {each["id"]: each["status"] for each in control.get("/state").json()["sessions"]}
    assert statuses[stage.session_id] == "EXPIRED"


def test_a_key_expires_while_an_app_runs(api, stage, advance):
    """The expiring key is good until twelve hours have gone by, and sessions are still ACTIVE then."""
    url, expiring = f"/sessions/{stage.session_id}", {"X-API-Key": stage.keys["expiring"]}
    for seconds, status in ((DAY / 2 - 60, 200), (120, 401), (-120, 200)):
        advance(seconds)
        assert api.get(url, headers=expiring).status_code == status
    advance(120)
    assert "expired at" in api.get(url, headers=expiring).json()["detail"]
    assert api.get(url).json()["status"] == "ACTIVE"


def test_keys_and_cookies_expire(api, stage, advance):
    """A key that expired yesterday was good the day before; a cookie is good for ten years."""
    organization = {"organization_short_id": seeds.ORGANIZATION}
    expired = {"X-API-Key": stage.keys["expired"]}
    for seconds, status in ((0, 401), (-2 * DAY, 200), (2 * DAY, 401)):
        advance(seconds)
        assert api.get("/sessions", headers=expired, params=organization).status_code == status
    cookie = {"Cookie": f"sessionid={stage.sessionid}"}
    url = f"{stage.api}/scanner/api/v1/sessions/{stage.session_id}"
    for seconds, status in ((0, 200), (3651 * DAY, 401)):
        advance(seconds)
        assert httpx2.get(url, headers=cookie, trust_env=False).status_code == status


def test_bearer_tokens_expire(stage, control):
    """The mock's token is good until 2100."""
    headers = {"Authorization": f"Bearer {stage.bearer_token}"}
    url = f"{stage.api}/scanner/api/v1/sessions/{stage.session_id}"
    for now, status in (("2099-12-31T00:00:00Z", 200), ("2100-01-02T00:00:00Z", 401)):
        control.post("/clock", json={"now": now})
        assert httpx2.get(url, headers=headers, trust_env=False).status_code == status


def test_presigned_uploads_expire(control, api, stage, advance):
    """S3 has the same clock: a form is good for an hour of it, and one of the new time is good."""
    form = presigned(api, stage)
    advance(3590)
    assert upload(form).status_code == 201
    advance(20)
    assert "Policy expired" in upload(form).text
    assert upload(presigned(api, stage)).status_code == 201
    control.post("/clock", json={"reset": True})
    assert upload(form).status_code == 201


def test_the_service_reaches_s3_at_any_time(control, api, stage):
    """Photos are found in S3 whatever the mock's clock says, though the service signs by the machine's."""
    for now in ("2031-01-02T03:04:05Z", "1990-01-01T00:00:00Z"):
        control.post("/clock", json={"now": now, "freeze": True})
        control.post("/state/reset", json={"keep": ["clock"]})
        form = presigned(api, stage)
        assert upload(form).status_code == 201
        body = {"s3_key": form["s3_key"], "photo_type": "front", "original_filename": "can.jpg"}
        assert api.post(f"/sessions/{stage.session_id}/photos", json=body).status_code == 201
        (photo,) = control.get("/state").json()["photos"]
        assert httpx2.get(photo["url"], trust_env=False).content == PIXEL


def test_rate_limits_begin_new_windows(control, api, stage, advance):
    """A used-up minute is over after a minute; and one that the clock has turned back from is forgotten."""
    limited = {"X-API-Key": stage.keys["limited"]}

    def use_up():
        statuses = [api.get("/sessions", headers=limited).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]

    control.post("/clock", json={"freeze": True})
    for seconds in (61, -7200):
        use_up()
        advance(seconds)
    use_up()


def test_work_goes_on_while_the_time_stands(control, api, stage):
    """In a frozen time scans are processed all the same: what is waited for takes real time."""
    control.post("/clock", json={"freeze": True})
    body = {"session_short_id": stage.session_id, "raw_value": "9521234000013", "capture_type": "BARCODE"}
    capture = api.post("/captures", json=body).json()
    while capture["status"] != "COMPLETED":
        capture = api.get(f"/captures/{capture['id']}").json()
    assert capture["created"] == api.get(f"/captures/{capture['id']}").json()["created"]
