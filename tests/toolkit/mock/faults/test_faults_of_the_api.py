"""Each kind of fault of the API happens, to whom it is for, as often as it is to, and ends."""

from __future__ import annotations

import pytest


@pytest.fixture
def get(api, mock):
    """Return what reads the seeded session."""
    return lambda **headers: api.get(f"/sessions/{mock.session_id}", headers=headers)


def test_an_expired_upload(fault, upload):
    """The form that is handed out has expired, S3 says so, and the next one is good."""
    fault({"expired_upload": True}, match={"operation": "get_presigned_upload_url"}, times=1)
    refused = upload()
    assert refused.status_code == 403
    assert "Policy expired" in refused.text
    assert upload().status_code == 201


def test_a_wrong_clock(fault, api, mock):
    """The API takes it to be another time for that one request."""
    query = {"photo_type": "front", "original_filename": "can.jpg"}
    url = f"/sessions/{mock.session_id}/presigned-upload-url"
    fault({"clock_skew_seconds": 600}, times=1)
    skewed, right = (api.get(url, params=query).json()["upload_fields"]["x-amz-date"] for _ in range(2))
    assert right < skewed


def test_a_session(fault, get, api, mock):
    """A request is affected that names the session: in its path, its query or its body."""
    fault({"status": 500}, match={"session": mock.session_id})
    assert get().status_code == 500
    capture = {"session_short_id": mock.session_id, "capture_type": "BARCODE", "raw_value": "4006381333931"}
    assert api.post("/captures", json=capture).status_code == 500
    other = {**capture, "session_short_id": mock.completed_session_id}
    assert api.post("/captures", json=other).status_code == 409
    assert api.get(f"/sessions/{mock.completed_session_id}").status_code == 200


def test_a_body_that_is_looked_into_is_whole(fault, api):
    """A body that a fault has to look into reaches the API as it was sent, however long."""
    fault({"status": 500}, match={"session": "another"})
    response = api.post("/resolve-url", json={"url": "https://example.com/" + "x" * 300_000})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/url"
