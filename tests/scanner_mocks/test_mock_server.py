"""The mock in a test's own process: it starts whole, whatever the environment says, and is gone after."""

from __future__ import annotations

import json
import re
import socket
import threading

import httpx2
import pytest

from contract_first.service.http.server import CannotListen
from scanner_mocks import scanner_mock

MEMBERS = {
    "api": str,
    "s3": str,
    "bucket": str,
    "region": str,
    "api_key": str,
    "keys": dict,
    "bearer_token": str,
    "sessionid": str,
    "session_id": str,
    "completed_session_id": str,
    "control": str,
}
KEYS = {"revoked", "expired", "expiring", "publishable", "other_organization", "limited", "unlimited"}


def test_line_tells_everything(mock):
    """The line is one line of JSON with exactly these members, in this order."""
    line = json.loads(mock.line())
    assert "\n" not in mock.line()
    assert {name: type(value) for name, value in line.items()} == MEMBERS
    assert list(line) == list(MEMBERS)
    assert set(line["keys"]) == KEYS


def test_everything_behind_it_is_ready(mock):
    """Database, bucket and counters of a running mock can be reached."""
    response = httpx2.get(f"{mock.api}/readyz", trust_env=False)
    assert response.status_code == 200
    assert set(response.json().values()) == {"ready"}


def test_pages_of_any_origin_may_call(mock):
    """CORS is open: a page from anywhere may send a key, and may post to S3."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Headers": "x-api-key"}
    for url, method in (
        (f"{mock.api}/scanner/api/v1/sessions", "POST"),
        (f"{mock.s3}/{mock.bucket}", "POST"),
    ):
        headers = {**asked, "Access-Control-Request-Method": method}
        response = httpx2.options(url, headers=headers, trust_env=False)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] in {"*", "https://app.example"}


def test_named_origins_are_those_of_serve():
    """Where a setting names origins, the mock refuses the preflights that `serve` refuses."""
    page = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    with scanner_mock(cors_origins=("https://app.example",)) as mock:
        for more, status in (
            ({"Access-Control-Request-Headers": "x-api-key"}, 200),
            ({"Access-Control-Request-Headers": "baggage"}, 400),
            ({"Origin": "https://other.example"}, 400),
        ):
            url = f"{mock.api}/scanner/api/v1/sessions"
            assert httpx2.options(url, headers={**page, **more}, trust_env=False).status_code == status


def test_nothing_is_left():
    """Once it is left, here by an exception, both ports are closed and no thread of it is there."""
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), scanner_mock() as mock:
        1 / 0  # noqa: B018 -- it raises on purpose
    for url in (mock.api, mock.s3):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url, trust_env=False)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("which", ["port", "s3_port"])
def test_a_taken_port_is_reported(which):
    """A port that is taken is named, and nothing is left running."""
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        expected = pytest.raises(CannotListen, match=rf"127\.0\.0\.1 port {port}.*in use")
        with expected, scanner_mock(**{which: port}):
            pass
    assert set(threading.enumerate()) <= before


def test_given_addresses_are_used():
    """API and S3 listen on the ports and the address that are asked for, an IPv6 one too, and tell them."""
    sockets = [socket.create_server(("::1", 0), family=socket.AF_INET6) for _ in range(2)]
    port, s3_port = (each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    with scanner_mock("::1", port, s3_port) as mock:
        assert (mock.api, mock.s3) == (f"http://[::1]:{port}", f"http://[::1]:{s3_port}")
        for url in (mock.api, mock.s3):
            assert httpx2.get(url, trust_env=False).status_code < 500


def test_the_environment_changes_nothing(mock, monkeypatch, tmp_path):
    """Settings and AWS configuration of the machine have no say: a second mock differs in its ports alone."""
    for name, value in {
        "SCANNER_DATABASE_URL": "nonsense",
        "SCANNER_RATE_LIMIT_PER_MINUTE": "1",
        "SCANNER_CONFIG": str(tmp_path / "missing.toml"),
        "SCANNER_S3_BUCKET": "another",
        "AWS_PROFILE": "missing",
        "AWS_ACCESS_KEY_ID": "another",
        "AWS_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    key = {"X-API-Key": mock.api_key}
    with scanner_mock() as second, httpx2.Client(headers=key, trust_env=False) as client:
        assert re.sub(r":\d+", ":0", second.line()) == re.sub(r":\d+", ":0", mock.line())
        assert {second.api, second.s3}.isdisjoint({mock.api, mock.s3})
        ready = client.get(f"{second.api}/readyz").json()
        url = f"{second.api}/scanner/api/v1/sessions/{second.session_id}/presigned-upload-url"
        client.get(url)
        upload = client.get(url).json()
        response = client.post(upload["upload_url"], data=upload["upload_fields"], files={"file": b"photo"})
    assert ready["status"] == "ready"
    assert response.status_code == 201
