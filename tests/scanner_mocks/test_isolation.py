"""Scopes of the Scanner's mock: what one has, from sessions to objects, rules and clock, no other has."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from scanner_mocks import scanner_mock
from scanner_mocks.drawings.pictures import PIXEL

ROOT = "/scanner/api/v1"
SECONDS = 30


@pytest.fixture(scope="module")
def mock():
    """Run a mock whose scopes do not meet."""
    with scanner_mock(isolate=True) as running:
        yield running


@contextmanager
def client_of(mock, scope=""):
    """Return a client of the API and of its control, in a scope."""
    scoped = mock.scoped(scope) if scope else mock
    options = {"trust_env": False, "timeout": SECONDS}
    headers = {"X-API-Key": mock.keys["unlimited"]}
    with (
        httpx2.Client(base_url=f"{scoped.api}{ROOT}", headers=headers, **options) as api,
        httpx2.Client(base_url=scoped.control, **options) as control,
    ):
        yield api, control


def upload(api, session, photo=PIXEL):
    """Upload a photo by a form, as a page does, and return S3's response and the key."""
    query = {"photo_type": "front", "original_filename": "can.jpg"}
    form = api.get(f"/sessions/{session}/presigned-upload-url", params=query).raise_for_status().json()
    files = {"file": ("can.jpg", photo, "image/jpeg")}
    response = httpx2.post(form["upload_url"], data=form["upload_fields"], files=files, trust_env=False)
    return response, form["upload_fields"]["key"]


def work(mock, scope, number):
    """Work as a worker of a test runner does, with a reset before, and return what there is at the end."""
    with client_of(mock, scope) as (api, control):
        control.post("/state/reset", json={}).raise_for_status()
        for _ in range(number):
            session = api.post("/sessions", json={}).raise_for_status().json()["id"]
            scan = {"session_short_id": session, "capture_type": "BARCODE", "raw_value": "9521234000358"}
            api.post("/captures", json=scan).raise_for_status()
            response, key = upload(api, session)
            assert response.status_code == 201, response.text
            photo = {"s3_key": key, "photo_type": "front"}
            api.post(f"/sessions/{session}/photos", json=photo).raise_for_status()
        state = control.get("/state").json()
        end = time.monotonic() + SECONDS
        while (
            len(exchanges := control.get("/journal", params={"limit": 1000}).json()["exchanges"]) < 6 * number
        ):
            assert time.monotonic() < end  # S3's exchanges are reported by its process
        scopes = {exchange["scope"] for exchange in exchanges}
    counts = [len(state[kind]) for kind in ("sessions", "captures", "photos")]
    return [*counts, state["objects"]["count"], len(exchanges), scopes]


def test_workers_side_by_side(mock):
    """Four workers begin with the seeds, at once, and each finds its own work alone, S3's part of it too."""
    with ThreadPoolExecutor() as pool:
        results = [*pool.map(lambda number: work(mock, f"worker {number}", number), range(1, 5))]
    assert results == [[2 + n, n, n, n, 6 * n, {f"worker {n}"}] for n in range(1, 5)]
    with client_of(mock) as (_, control):
        state = control.get("/state").json()
        names = {scope["name"] for scope in control.get("/scopes").json()["scopes"]}
    assert (len(state["sessions"]), state["captures"], state["objects"]["count"]) == (2, [], 0)
    assert names == {f"worker {n}" for n in range(1, 5)}


def test_the_clock_of_a_scope(mock):
    """An upload expires where the time of its scope, which S3 follows as well, is later."""
    with client_of(mock, "later") as (api, control), client_of(mock) as (others, _):
        query = {"photo_type": "front", "original_filename": "can.jpg"}
        url = f"/sessions/{mock.session_id}/presigned-upload-url"
        forms = [client.get(url, params=query).json() for client in (api, others)]
        control.post("/clock", json={"advance_seconds": 4000}).raise_for_status()
        files = {"file": ("can.jpg", PIXEL, "image/jpeg")}
        statuses = [
            httpx2.post(
                form["upload_url"], data=form["upload_fields"], files=files, trust_env=False
            ).status_code
            for form in forms
        ]
        assert statuses == [403, 201]
        control.post("/clock", json={"advance_seconds": 90_000}).raise_for_status()
        assert api.get(f"/sessions/{mock.session_id}").status_code == 200
        assert api.get(f"/sessions/{mock.session_id}").json()["status"] == "EXPIRED"
        assert others.get(f"/sessions/{mock.session_id}").json()["status"] == "ACTIVE"
        assert upload(others, mock.session_id)[0].status_code == 201


def test_rules_of_a_scope(mock):
    """A fault on S3, an override and a held pipeline are one scope's; a reset of others does not end them."""
    with client_of(mock, "ruled") as (api, control), client_of(mock) as (others, root):
        fault = {"on": "s3", "effect": {"s3_code": "SlowDown"}, "match": {"operation": "PostObject"}}
        control.post("/faults", json=fault).raise_for_status()
        control.put("/pipeline", json={"rules": [{}]}).raise_for_status()
        mock.scoped("ruled").override(operation="list_sessions", respond={"status": 503})
        root.post("/state/reset", json={}).raise_for_status()
        statuses = [
            (upload(client, mock.session_id)[0].status_code, client.get("/sessions").status_code)
            for client in (api, others)
        ]
        assert statuses == [(503, 503), (201, 200)]
        pipelines = [client.get("/pipeline").json()["rules"] for client in (control, root)]
        assert pipelines == [[{}], []]
        control.post("/state/reset", json={}).raise_for_status()
        assert upload(api, mock.session_id)[0].status_code == 201


def test_snapshots_of_a_scope(mock):
    """A snapshot is its scope's, with database and objects; another scope's of the same name is another."""
    with client_of(mock, "a") as (api, control), client_of(mock, "b") as (others, other_control):
        upload(api, mock.session_id)
        for client in (control, other_control):
            client.post("/state/snapshot", json={"name": "one"}).raise_for_status()
        upload(api, mock.session_id)
        api.post("/sessions", json={}).raise_for_status()
        control.post("/state/restore", json={"name": "one"}).raise_for_status()
        other_control.post("/state/restore", json={"name": "one"}).raise_for_status()
        states = [client.get("/state").json() for client in (control, other_control)]
        counts = [(len(state["sessions"]), state["objects"]["count"], state["snapshots"]) for state in states]
        assert counts == [(2, 1, ["one"]), (2, 0, ["one"])]
        assert others.get("/sessions").status_code == 200


def test_a_scope_that_is_dropped(mock):
    """It is gone with its bucket; at its next use it has the seeds. Its seeds name the bucket."""
    with client_of(mock, "gone") as (api, control), client_of(mock) as (_, root):
        upload(api, mock.session_id)
        bucket = control.get("/seeds").json()["bucket"]
        assert bucket == mock.scoped("gone").bucket != mock.bucket == root.get("/seeds").json()["bucket"]
        root.delete("/scopes/gone").raise_for_status()
        assert httpx2.get(f"{mock.s3}/{bucket}", trust_env=False).status_code == 404
        assert control.get("/state").json()["objects"]["count"] == 0


SUITE = """
import os, httpx2, pytest

@pytest.fixture
def api(worker_id):
    root = os.environ["MOCK"] + "/_scope/" + worker_id
    options = {"trust_env": False, "timeout": 30, "headers": {"X-API-Key": os.environ["KEY"]}}
    with httpx2.Client(base_url=root, **options) as client:
        client.post("/_mock/state/reset", json={}).raise_for_status()
        yield client

@pytest.mark.parametrize("number", range(4))
def test_sessions(api, number):
    for _ in range(3):
        api.post("/scanner/api/v1/sessions", json={}).raise_for_status()
    assert api.get("/scanner/api/v1/sessions").json()["pagination"]["total_count"] == 5
"""


def test_workers_of_xdist(mock, tmp_path):
    """Two processes of pytest-xdist share one mock: each is a scope by the name of its worker."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", "2", "test_suite.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"MOCK": mock.api, "KEY": mock.keys["unlimited"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(  # noqa: S603 -- pytest itself
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "4 passed" in result.stdout, result.stdout + result.stderr
