"""The plugin for pytest, in a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from scanner_api.distribution import SCANNER_API

pytestmark = pytest.mark.programs

OURS = "scanner_mocks.pytest_plugin"
RESET = """
def test_first(scanner_mock, scanner_api_client, scanner_s3):
    session = scanner_api_client.post("/sessions", json={}).json()
    path = f"/sessions/{session['id']}/presigned-upload-url"
    upload = scanner_api_client.get(path, params={"photo_type": "front"}).json()
    scanner_s3.put_object(Bucket=scanner_mock.bucket, Key="mine", Body=b"photo")
    assert scanner_api_client.get("/sessions").json()["pagination"]["total_count"] == 3
    assert upload["upload_url"].startswith(scanner_mock.s3)

def test_second(scanner_mock, scanner_api_client, scanner_s3):
    assert scanner_api_client.get("/sessions").json()["pagination"]["total_count"] == 2
    assert scanner_s3.list_objects_v2(Bucket=scanner_mock.bucket)["KeyCount"] == 0

def test_third(scanner_mock_server, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp().parent
    (folder / f"api-{scanner_mock_server.api.rpartition(':')[2]}").touch()
"""
MARKED = """
import pytest

@pytest.mark.scanner_fault(operation="create_session", status=503, times=1)
def test_once(scanner_api_client):
    statuses = [scanner_api_client.post("/sessions", json={}).status_code for _ in range(2)]
    assert statuses == [503, 201]

def test_not_any_more(scanner_api_client):
    assert scanner_api_client.post("/sessions", json={}).status_code == 201

def test_calls(scanner_api_client, scanner_calls):
    scanner_api_client.post("/sessions", json={})
    assert scanner_calls.assert_called(operation="create_session", times=1)[0].status == 201
    scanner_calls.assert_not_called(operation="get_session")
    scanner_calls.assert_no_violations()

@pytest.mark.scanner_fault(status=503)
def test_without_the_mock():
    pass

@pytest.mark.scanner_fault(stattus=503)
def test_no_such_field(scanner_mock):
    pass

@pytest.mark.scanner_fault("create_session", status=503)
def test_not_by_name(scanner_mock):
    pass
"""
OVERRIDDEN = """
import pytest

@pytest.mark.override(operation="get_session", patch={"body": {"status": "EXPIRED"}}, times=1)
def test_overridden(scanner_mock, scanner_api_client):
    path = f"/sessions/{scanner_mock.session_id}"
    scanner_mock.override(operation="get_session", respond={"status": 404}, times=1)
    assert scanner_api_client.get(path).status_code == 404
    assert [scanner_api_client.get(path).json()["status"] for _ in range(2)] == ["EXPIRED", "ACTIVE"]

def test_not_any_more(scanner_mock, scanner_api_client):
    assert scanner_api_client.get(f"/sessions/{scanner_mock.session_id}").json()["status"] == "ACTIVE"

@pytest.mark.override(respnd={})
def test_no_such_field(scanner_mock):
    pass
"""
UNUSED = """
import sys

def test_nothing_of_ours_is_loaded():
    assert {"httpx2", "moto", "msgspec", "scanner_api"} & set(sys.modules) == set()

def test_it_says_what_to_install(request):
    from scanner_api.distribution import SCANNER_API

    SCANNER_API.extras["mock"] = ("not_installed_here",)
    request.getfixturevalue("scanner_mock")
"""


@pytest.fixture
def outcome(tmp_path):
    """Return what runs tests in a pytest of its own, with all that is installed unless plugins are named.

    It gives the exit code and what is printed.
    """

    def run(source, *options, plugins=()):
        (tmp_path / "test_of_a_user.py").write_text(source)
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
        options = [*(f"-p{plugin}" for plugin in plugins), *options]
        command = [sys.executable, "-m", "pytest", "-W", "error", "--color=no", *options, str(tmp_path)]
        # others' plugins take more time than ours
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if plugins else {}
        finished = subprocess.run(  # noqa: S603 -- our own
            command,
            cwd=tmp_path,
            env={**os.environ, **alone},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return finished.returncode, finished.stdout + finished.stderr

    return run


def test_each_test_starts_again(outcome, tmp_path):
    """What one test made is not there in the next; tests share a mock, and workers of xdist do not."""
    options = ("--dist=each", "--tx=2*popen", f"--basetemp={tmp_path / 'shared'}")
    code, output = outcome(RESET, *options, plugins=(OURS, "xdist"))
    assert code == 0, output
    assert "6 passed" in output
    assert len({path.name for path in (tmp_path / "shared").glob("api-*")}) == 2


def test_overrides_of_a_marker(outcome):
    """A marked test has the override, the next has not; one that the test adds comes before it."""
    code, output = outcome(OVERRIDDEN, plugins=(OURS,))
    assert (code, "2 passed" in output) == (1, True), output
    assert re.search(r"override: .*respnd", output)


def test_faults_of_a_marker(outcome):
    """A marked test has the fault, the next has not; a marker that does nothing fails with the reason."""
    code, output = outcome(MARKED, plugins=(OURS,))
    assert code == 1
    assert "3 passed" in output, output
    assert "It is marked scanner_fault, and none of its fixtures uses scanner_mock." in output
    assert re.search(r"scanner_fault: .*stattus", output)
    assert "scanner_fault takes fields by their names, as in status=503." in output


def test_it_costs_nothing_unused(outcome):
    """A pytest that does not ask for it loads nothing of it, and a pytest that cannot have it says why."""
    _, output = outcome(UNUSED)
    assert "1 failed, 1 passed" in output, output
    assert f"(missing: not_installed_here); {SCANNER_API.how_to_install('mock')}" in output
