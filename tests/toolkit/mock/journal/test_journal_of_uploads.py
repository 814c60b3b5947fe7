"""The journal of the Scanner's mock: uploads to S3, and none of its secrets."""

from __future__ import annotations

import base64
import json
import re

import httpx2
import pytest


@pytest.fixture
def journal(control):
    """Return what asks the journal for what happens in this test."""
    last = control.get("/journal", params={"limit": 0}).json()["last"]

    def ask(**query):
        response = control.get("/journal", params={"after": last, **query})
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def test_an_upload(upload, journal, mock):
    """The upload to S3 is there too, with the fields of its form and S3's name for what was asked."""
    assert upload().status_code == 201
    found = journal(server="s3", wait_seconds=30)["exchanges"]
    assert [(each["operation"], each["status"]) for each in found] == [("PostObject", 201)]
    fields = dict(found[0]["request"]["fields"])
    assert mock.session_id in fields["key"]
    assert fields["x-amz-signature"] == "***"


def test_what_s3_refuses(mock, journal):
    """S3's error document is there, to be read."""
    httpx2.get(f"{mock.s3}/{mock.bucket}/missing", trust_env=False)
    (exchange,) = journal(server="s3", operation="GetObject", wait_seconds=30)["exchanges"]
    assert b"<Code>AccessDenied</Code>" in base64.b64decode(exchange["response"]["body"])
    assert exchange["verdict"]["request"] == []


def test_no_secret_is_in_it(api, upload, journal, mock, control):
    """Keys, tokens, cookies and signatures are in no part of the journal, nor of the archive."""
    url = f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}?token=secret-in-query"
    httpx2.get(url, headers={"Authorization": f"Bearer {mock.bearer_token}"}, trust_env=False)
    httpx2.get(url, cookies={"sessionid": mock.sessionid}, trust_env=False)
    api.post("/resolve-url", json={"url": 7, "password": "secret-in-body"})
    stray = {"X-Stray": mock.sessionid, "Cookie": f"sessionid={mock.sessionid}"}
    api.get(
        f"/captures/{mock.api_key}", params={"stray": mock.bearer_token, "s": mock.sessionid}, headers=stray
    )
    api.post("/sessions", json={"metadata": {"stray": mock.api_key}, "capture_mode": mock.api_key})
    api.get("/freshness-thresholds", params={"gtin": mock.api_key})
    httpx2.get(f"{mock.s3}/{mock.bucket}/{mock.api_key}?stray={mock.api_key}", trust_env=False)
    upload(**{"x-amz-meta-stray": mock.api_key})
    last = journal(server="s3", count=2, wait_seconds=30)["last"]
    form = next(each for each in journal()["exchanges"] if each["operation"].endswith("presigned_upload_url"))
    fields = json.loads(base64.b64decode(form["response"]["body"]))["upload_fields"]
    assert re.fullmatch(r"\*{3}[0-9a-f]{12}\*+", fields["x-amz-signature"])
    bodies = b"".join(base64.b64decode(each["response"]["body"]) for each in journal()["exchanges"])
    bodies += b"".join(base64.b64decode(each["request"]["body"]) for each in journal()["exchanges"])
    archive = control.get("/journal", params={"after": last - 10, "format": "har"}).content
    output = bodies + json.dumps(journal()).encode() + archive
    public = [mock.api_key, mock.keys["unlimited"], mock.bearer_token, mock.sessionid]
    secrets = [*public, "secret-in-query", "secret-in-body"]
    assert [secret for secret in secrets if secret.encode() in output] == []
    assert b"token=***" in output
