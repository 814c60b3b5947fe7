"""The mock in a test's own process: it starts whole, whatever the environment says, and is gone after."""

from __future__ import annotations

import json
import socket
import threading

import httpx
import pytest

from openapi_service.server import CannotListen
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


def taken_port():
    """Return a socket that listens on loopback, and its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, listening.getsockname()[1]


def test_line_tells_everything(mock):
    """The line is one line of JSON with exactly these members, in this order."""
    line = json.loads(mock.line())
    assert "\n" not in mock.line()
    assert {name: type(value) for name, value in line.items()} == MEMBERS
    assert list(line) == list(MEMBERS)
    assert set(line["keys"]) == KEYS


def test_everything_behind_it_is_ready(mock):
    """Database, bucket and counters of a running mock can be reached."""
    response = httpx.get(f"{mock.api}/readyz", trust_env=False)
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
        response = httpx.options(url, headers=headers, trust_env=False)
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
            assert httpx.options(url, headers={**page, **more}, trust_env=False).status_code == status


def test_nothing_is_left():
    """Once it is left, both ports are closed and no thread of it is there."""
    before = set(threading.enumerate())
    with scanner_mock() as mock:
        pass
    for url in (mock.api, mock.s3):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)
    assert set(threading.enumerate()) <= before


def test_an_exception_inside_ends_it_too():
    """What its user raises goes through, and the mock ends all the same."""
    with pytest.raises(ZeroDivisionError), scanner_mock() as mock:
        1 / 0  # noqa: B018 -- it is there to raise
    with pytest.raises(httpx.ConnectError):
        httpx.get(mock.api, trust_env=False)


@pytest.mark.parametrize("which", ["port", "s3_port"])
def test_a_taken_port_is_reported(which):
    """A port that is taken is named, and nothing is left running."""
    before = set(threading.enumerate())
    listening, port = taken_port()
    expected = pytest.raises(CannotListen, match=rf"127\.0\.0\.1 port {port}.*in use")
    with listening, expected, scanner_mock(**{which: port}):
        pass
    assert set(threading.enumerate()) <= before


def test_given_ports_are_used():
    """The ports that are asked for are the ports that are reported."""
    sockets = [taken_port() for _ in range(2)]
    (_, port), (_, s3_port) = sockets
    for listening, _ in sockets:
        listening.close()
    with scanner_mock(port=port, s3_port=s3_port) as mock:
        assert (mock.api, mock.s3) == (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{s3_port}")


def test_an_ipv6_address_will_do():
    """API and S3 listen on an IPv6 address as on any other, and tell URLs that hold it."""
    with scanner_mock(host="::1") as mock:
        for url in (mock.api, mock.s3):
            assert url.startswith("http://[::1]:")
            assert httpx.get(url, trust_env=False).status_code < 500


def test_the_environment_changes_nothing(monkeypatch, tmp_path):
    """Settings and AWS configuration of the machine have no say: the mock is the same everywhere."""
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
    with scanner_mock() as mock, httpx.Client(headers={"X-API-Key": mock.api_key}, trust_env=False) as client:
        ready = client.get(f"{mock.api}/readyz").json()
        url = f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}/presigned-upload-url"
        client.get(url)
        upload = client.get(url).json()
        response = client.post(upload["upload_url"], data=upload["upload_fields"], files={"file": b"photo"})
    assert ready["status"] == "ready"
    assert response.status_code == 201
