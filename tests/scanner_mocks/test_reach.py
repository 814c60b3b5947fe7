"""The Scanner's mock for other machines: TLS, names and proxies; and what it says when S3's process dies."""

from __future__ import annotations

import queue
import ssl
from base64 import b64decode
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx2
import pytest

from scanner_mocks import scanner_mock
from scanner_mocks.drawings.pictures import PIXEL
from strict_s3 import Server

UPLOAD = {"photo_type": "front", "original_filename": "a.png"}


@pytest.fixture(scope="module")
def encrypted():
    """Run a mock over TLS that trusts a proxy."""
    with scanner_mock(tls=True, trust_proxy=True) as mock:
        yield mock


@pytest.fixture(scope="module")
def browser(encrypted):
    """Return a client that trusts the mock's authority and nobody else."""
    context = ssl.create_default_context(cafile=encrypted.ca)
    with httpx2.Client(verify=context, headers={"X-API-Key": encrypted.api_key}, trust_env=False) as client:
        yield client


def presigned(mock, client, **headers):
    """Return a presigned upload."""
    url = f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}/presigned-upload-url"
    return client.get(url, params=UPLOAD, headers=headers).json()


def test_an_upload_over_tls(encrypted, browser):
    """A photo goes to S3 over HTTPS and is registered, which asks S3 over HTTPS too."""
    upload = presigned(encrypted, browser)
    assert upload["upload_url"] == f"{encrypted.s3}/{encrypted.bucket}"
    posted = browser.post(upload["upload_url"], data=upload["upload_fields"], files={"file": PIXEL})
    location = ET.fromstring(posted.content).findtext("Location")  # noqa: S314 -- our own S3's
    assert location.startswith(f"{encrypted.s3}/{encrypted.bucket}/")
    body = {"s3_key": upload["s3_key"], "photo_type": "front"}
    registered = browser.post(
        f"{encrypted.api}/scanner/api/v1/sessions/{encrypted.session_id}/photos", json=body
    )
    assert registered.status_code == 201, registered.text
    recorded = browser.get(f"{encrypted.control}/journal", params={"server": "s3"}).json()
    assert all(each["url"].startswith("https://") for each in recorded["exchanges"])


def test_a_link_to_the_mock_over_tls(encrypted, browser):
    """A link to the mock itself is followed over HTTPS, by its own authority."""
    page = f"{encrypted.api}/healthz"
    resolved = browser.post(f"{encrypted.api}/scanner/api/v1/resolve-url", json={"url": page}).json()
    assert (resolved["chain"], resolved["succeeded"]) == ([page], True), resolved


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ({"Host": "10.0.2.2:8000"}, "10.0.2.2"),
        ({"Host": "mymac.local"}, "mymac.local"),
        ({"X-Forwarded-Host": "mock.test"}, "mock.test"),
    ],
)
def test_uploads_go_where_the_request_came_to(headers, host, encrypted, browser):
    """The upload URL has the host that the client called, with S3's port, and its form is good there."""
    upload = presigned(encrypted, browser, **headers)
    port = urlsplit(encrypted.s3).port
    assert upload["upload_url"] == f"https://{host}:{port}/{encrypted.bucket}"
    posted = browser.post(
        f"{encrypted.s3}/{encrypted.bucket}",
        data=upload["upload_fields"],
        files={"file": b"x"},
        headers={"Host": f"{host}:{port}"},
    )
    assert posted.status_code == 201
    assert f"<Location>https://{host}:{port}/" in posted.text


def test_photos_are_shown_where_the_request_came_to(encrypted, browser):
    """The state's URL of a photo is signed for the host that is called, and the console may go there."""
    upload = presigned(encrypted, browser)
    browser.post(upload["upload_url"], data=upload["upload_fields"], files={"file": PIXEL})
    photos = f"{encrypted.api}/scanner/api/v1/sessions/{encrypted.session_id}/photos"
    browser.post(photos, json={"s3_key": upload["s3_key"], "photo_type": "front"})
    host = "localhost"
    headers = {"Host": f"{host}:{urlsplit(encrypted.api).port}"}
    state = browser.get(f"{encrypted.control}/state", headers=headers).json()
    url = urlsplit(state["photos"][0]["url"])
    assert url.hostname == host
    shown = browser.get(f"{encrypted.s3}{url.path}?{url.query}", headers={"Host": url.netloc})
    assert shown.status_code == 200, shown.text
    policy = browser.get(f"{encrypted.control}/console", headers=headers).headers["content-security-policy"]
    assert f"connect-src 'self' https://{host}:{url.port};" in policy


def test_public_urls():
    """Public URLs are what the mock says of itself, and what uploads go to."""
    with (
        scanner_mock(public_url="https://mock.test", s3_public_url="https://s3.test") as mock,
        httpx2.Client(headers={"X-API-Key": mock.api_key}, trust_env=False) as client,
    ):
        assert (mock.api, mock.s3) == ("https://mock.test", "https://s3.test")
        api = mock.control.removesuffix("/_mock")
        url = f"{api}/scanner/api/v1/sessions/{mock.session_id}/presigned-upload-url"
        assert client.get(url, params=UPLOAD).json()["upload_url"] == f"https://s3.test/{mock.bucket}"


def test_s3_that_dies_is_started_again(monkeypatch):
    """When S3's process is killed, terminal, state and journal say that another took its place."""
    processes = []
    start = Server._start_process
    monkeypatch.setattr(Server, "_start_process", lambda self: (start(self), processes.append(self._process)))
    said = queue.Queue()
    with (
        scanner_mock(tell=said.put) as mock,
        httpx2.Client(base_url=mock.control, trust_env=False) as control,
    ):
        assert control.get("/state").json()["s3_restarts"] == 0
        processes[0].kill()
        sentence = said.get(timeout=30)
        assert sentence.startswith("S3's process was killed by signal 9; it was started again")
        assert control.get("/state").json()["s3_restarts"] == 1
        (exchange,) = control.get("/journal", params={"method": "RESTART"}).json()["exchanges"]
        assert (exchange["server"], exchange["status"]) == ("s3", 0)
        assert b64decode(exchange["response"]["body"]).decode() == sentence
        assert httpx2.get(f"{mock.s3}/{mock.bucket}").status_code == 403
    assert len(processes) == 2
