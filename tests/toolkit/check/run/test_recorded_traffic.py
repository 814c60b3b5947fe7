"""Traffic that others recorded, and that tests had with the mock."""

import json
import subprocess
import sys
from xml.etree.ElementTree import parse

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app

pytestmark = pytest.mark.programs

STARTED = "2026-11-24T12:00:00Z"
SESSIONS = "http://127.0.0.1:8000/scanner/api/v1/sessions"
TESTS = """
import os

def test_first(tmp_path, scanner_api_client):
    os.chdir(tmp_path)
    scanner_api_client.post("/sessions", json={})

def test_second(scanner_api_client):
    scanner_api_client.get("/sessions", params={"page": 0})
"""


def entry(url, status=401):
    """Return the HAR entry of a request without a credential, and its response."""
    return {
        "startedDateTime": STARTED,
        "time": 1,
        "request": {"method": "GET", "url": url, "headers": [{"name": "X-API-Key", "value": "key-1"}]},
        "response": {"status": status, "headers": [], "content": {"size": -1}},
    }


@pytest.fixture
def recorded(tmp_path):
    """Return a function that writes a HAR file of entries."""

    def write(*entries):
        file = tmp_path / "recorded.har"
        file.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
        return file

    return write


def run(*arguments):
    """Run the command, and return its result."""
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={"GITHUB_ACTIONS": None})


def test_what_violates_the_contract_is_1(recorded, tmp_path):
    """Recorded traffic is validated offline; violations are in the terminal, the page, JSON and JUnit XML."""
    files = [part for name in ("json", "html", "junit") for part in (f"--{name}", tmp_path / name)]
    result = run("--from-har", recorded(entry(f"{SESSIONS}?page=0")), "--github", *files)
    assert result.exit_code == 1
    assert "1 requests and 1 responses violate the contract." in result.stdout
    assert "::error title=GET /scanner/api/v1/sessions%3A request::query page: minimum%0A" in result.stdout
    assert {each["rule"] for each in json.loads((tmp_path / "json").read_text())["findings"]} >= {"minimum"}
    assert (tmp_path / "html").read_text().startswith("<!doctype html>")
    assert parse(tmp_path / "junit").getroot().get("failures") == "2"  # noqa: S314 -- our own


@pytest.mark.parametrize("entries", [[], [entry("https://elsewhere.example/")]])
def test_nothing_to_validate_is_2(recorded, entries):
    """A record without a request to the API proves nothing."""
    assert run("--from-har", recorded(*entries)).exit_code == 2


def test_a_file_that_is_no_har_is_2(tmp_path):
    """What cannot be read as HAR ends with 2 and names the file."""
    file = tmp_path / "recorded.har"
    file.write_text("no HAR")
    result = run("--from-har", file)
    assert (result.exit_code, str(file) in " ".join(result.stderr.split())) == (2, True)


def test_without_a_url_and_a_record_is_2():
    """One of both is needed."""
    result = run()
    assert (result.exit_code, "Missing argument URL (not needed with --from-har)" in result.stderr) == (
        2,
        True,
    )


def pytest_with_report(file, folder):
    """Run pytest on tests in a folder, and return how it ended."""
    (folder / "test_mine.py").write_text(TESTS)
    options = ["-q", "-p", "no:cacheprovider", "--scanner-contract-report", file]
    return subprocess.run(  # noqa: S603 -- the tests' own
        [sys.executable, "-m", "pytest", *options], check=False, capture_output=True, text=True, cwd=folder
    )


def test_a_report_that_could_not_be_written_is_reported_before_the_tests(tmp_path):
    """A file in a folder that is not there is a usage error, and no test is run for nothing."""
    done = pytest_with_report("none/report.json", tmp_path)
    assert done.returncode == 4
    assert f"--scanner-contract-report: {tmp_path}/none is not a folder." in done.stderr
    assert not done.stdout


def test_a_pytest_session_has_its_traffic_validated(tmp_path):
    """With the option, what all tests said to the mock is in the report, whatever it forgot since."""
    assert pytest_with_report("report.json", tmp_path).returncode == 0
    found = json.loads((tmp_path / "report.json").read_text())
    assert (found["exchanges"], found["violating_requests"], found["violating_responses"]) == (2, 1, 0)
    [finding] = found["findings"]
    assert (finding["where"], finding["rule"]) == ("page", "minimum")
