"""``X-Mock-Fault``: the request itself says what is to happen to it."""

from __future__ import annotations


def test_it_is_refused(api, mock):
    """What is no fault is refused as a bad request of the Scanner's kind."""
    response = api.get(f"/sessions/{mock.session_id}", headers={"X-Mock-Fault": "statsu=503"})
    assert (response.status_code, response.json()["error_code"]) == (400, "bad_request")


def test_an_upload_asks_for_it(upload):
    """What uploads to S3 may ask for a fault of S3, and learns what is none."""
    refused = upload(**{"X-Mock-Fault": "s3_code=SlowDown; retry_after_seconds=2"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    wrong = upload(**{"X-Mock-Fault": "error_code=x"})
    assert wrong.status_code == 400
    assert "/error_code: applies to faults on api only" in wrong.text
    assert upload().status_code == 201
