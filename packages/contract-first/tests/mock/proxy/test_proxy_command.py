"""``contract-first proxy``: requests through it, and what it says and returns in the end."""

import json
import re

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app
from contract_first.mock import contract_mock
from contract_first.service.http.server import listen, url_of

pytestmark = pytest.mark.programs


@pytest.fixture
def invoke(monkeypatch):
    """Return what runs the command in this process, with some traffic until it is asked to end."""

    def run(*arguments, traffic=lambda _: None):
        with listen("127.0.0.1", 0) as free:
            url = url_of(free)

        class EndAfterTraffic:
            def wait(self):
                with httpx2.Client(base_url=url, trust_env=False, timeout=10) as client:
                    traffic(client)

        monkeypatch.setattr("contract_first.cli.checking.proxy.End", EndAfterTraffic)
        return CliRunner().invoke(app, ["proxy", "--port", url.rpartition(":")[2], *map(str, arguments)])

    return run


def test_a_recording(invoke, upstream, contract_file, json_response, tmp_path):
    """A mock replays what the proxy recorded below the upstream's path; secrets are masked."""
    upstream.response = json_response([{"token": "s3cret-token-of-an-upload"}])
    recording = tmp_path / "recording.json"

    def traffic(client):
        client.get("/notes?token=s3cret-token-of-an-upload")
        client.post("/notes", json="a")

    options = ("--upstream", f"{upstream.url}/v1", "--contract", contract_file, "--record", recording)
    invoke(*options, traffic=traffic)
    first, second = recording.read_text().splitlines()[1:3]
    assert ("s3cret" in first, "POST /notes" in second) == (False, True)
    with contract_mock(str(contract_file), replay=recording, unrecorded="404") as mock:
        statuses = [
            httpx2.request(method, f"{mock.api}{path}", json=body, trust_env=False).status_code
            for method, path, body in [
                ("GET", "/notes?token=another", None),
                ("POST", "/notes", "a"),
                ("POST", "/notes", "b"),
            ]
        ]
    assert statuses == [200, 200, 404]


def test_what_files_leave_out(invoke, upstream, contract_file, json_response, tmp_path, monkeypatch):
    """Exchanges for which the journal has no room, and bodies that are not whole, in the file or in words."""
    monkeypatch.setattr("contract_first.mock.journal.journal.MOST_EXCHANGES", 2)
    upstream.response = json_response(["x" * 200])
    archive, recording = tmp_path / "traffic.har", tmp_path / "recording.json"

    def traffic(client):
        for _ in range(5):
            client.get("/notes")

    options = ("--upstream", f"{upstream.url}/v1", "--contract", contract_file, "--limit", 100)
    result = invoke(*options, "--har", archive, "--record", recording, traffic=traffic)
    log = json.loads(archive.read_bytes())["log"]
    assert len(log["entries"]) == 2
    assert log["comment"].startswith("Exchanges up to number 3 are left out")
    assert log["comment"] in result.stderr.splitlines()
    assert "2 of 2 exchanges are left out: a response is not whole" in result.stderr
    assert "left out" not in invoke(*options, "--har", archive, traffic=lambda c: c.get("/notes")).stderr


@pytest.fixture
def contract_file(contract, tmp_path):
    """Return a file with the contract of the upstream."""
    path = tmp_path / "notes.json"
    path.write_text(json.dumps(contract.document))
    return path


@pytest.mark.parametrize(
    ("fail_on", "response", "target", "exit_code"),
    [
        ("any", [], "/notes", 0),
        ("any", [1], "/notes", 1),
        ("any", [], "/notes?sort=odd", 1),
        ("request", [1], "/notes", 0),
        ("request", [], "/notes?sort=odd", 1),
        ("response", [1], "/notes", 1),
        ("response", [], "/notes?sort=odd", 0),
    ],
)
def test_the_exit_code_says_whether_a_side_violated_the_contract(
    invoke, upstream, contract_file, json_response, fail_on, response, target, exit_code
):
    """``--fail-on`` says whose violations fail the run."""
    upstream.response = json_response(response)
    options = ("--upstream", upstream.url, "--contract", contract_file, "--fail-on", fail_on)
    outcome = invoke(*options, traffic=lambda client: client.get(target))
    assert outcome.exit_code == exit_code, outcome.output


def test_the_log_of_a_ci_is_wide(invoke, upstream, contract_file, json_response, monkeypatch):
    """Where no terminal says how wide it is, a long URL stays in one line, as in the report of a check."""
    monkeypatch.delenv("COLUMNS", raising=False)
    upstream.response = json_response([1])
    target = f"/notes?unknown={'x' * 40}"
    options = ("--upstream", upstream.url, "--contract", contract_file)
    outcome = invoke(*options, traffic=lambda client: client.get(target))
    assert f"first in #1 GET {upstream.url}{target} -> 200" in outcome.output


def test_a_violation_is_reported_when_it_happens_and_in_the_end(
    invoke, upstream, contract_file, json_response
):
    """One line at once, with the number under which the reports have it, and a row in the table."""
    upstream.response = json_response([1])
    options = ("--upstream", upstream.url, "--contract", contract_file)
    outcome = invoke(*options, traffic=lambda client: client.get("/notes?token=hunter2"))
    assert "#1 GET http" in outcome.output
    assert re.search(r"/notes\?token=\*{3}\w*\** -> 200: response body /0 type", outcome.output)
    assert "Violations of the contract" in outcome.output
    assert "hunter2" not in outcome.output


def test_the_page_shows_what_came_of_it_and_escapes_it(
    invoke, upstream, contract_file, json_response, tmp_path
):
    """The page needs nothing else, runs no script, and shows hostile names as text."""
    upstream.response = json_response([1])
    page = tmp_path / "report.html"
    options = ("--upstream", upstream.url, "--contract", contract_file, "--html", page)
    invoke(*options, traffic=lambda client: client.get("/notes/<script>alert(1)</script>?sort=new"))
    text = page.read_text()
    assert "<script" not in text
    assert "%3Cscript%3E" in text
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text
    assert not {"src=", 'href="http', "url(", "@import"} & set(text.split())


def test_a_run_that_validated_nothing_is_no_success(invoke, upstream, contract_file):
    """A suite that went past the proxy must not pass."""
    assert invoke("--upstream", upstream.url, "--contract", contract_file).exit_code == 2


@pytest.mark.parametrize(("fail_on", "exit_code"), [("request", 0), ("response", 2), ("any", 2)])
def test_a_run_that_nobody_responded_to_is_no_success(invoke, upstream, contract_file, fail_on, exit_code):
    """Where the upstream was not there, its side was not validated; what the app sent was."""
    upstream.response = b""
    options = ("--upstream", upstream.url, "--contract", contract_file, "--fail-on", fail_on)
    assert invoke(*options, traffic=lambda client: client.get("/notes")).exit_code == exit_code


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--upstream", "ftp://x"), "Cannot run: 'ftp://x' is not an http or https URL with a host."),
        (("--upstream", "http://127.0.0.1:1", "--json", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--upstream", "http://127.0.0.1:1", "--contract", "/nowhere"), "/nowhere"),
        (("--upstream", "http://127.0.0.1:1", "--host", "192.0.2.1"), "Cannot listen on 192.0.2.1"),
        (("--upstream", "http://127.0.0.1:1", "--fail-on", "nobody"), "nobody"),
        ((), "--upstream"),
    ],
)
def test_what_cannot_run_says_why(invoke, contract_file, options, said):
    """Wrong options, files and addresses end with exit code 2 before anything is passed on."""
    outcome = invoke("--contract", contract_file, *options)
    assert (outcome.exit_code, said in outcome.output) == (2, True), outcome.output


def test_configuration_and_proposals(invoke, upstream, contract_file, json_response, tmp_path, monkeypatch):
    """The contract comes from the configuration, and what the traffic has beyond it is proposed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract-first.toml").write_text(
        f'contract = "{contract_file.name}"\n[proxy]\nupstream = "{upstream.url}"\npropose = "drift.yaml"\n'
    )
    upstream.response = json_response([])
    outcome = invoke(traffic=lambda client: client.get("/others"))
    assert outcome.exit_code == 1, outcome.output
    assert "Configuration: contract-first.toml" in outcome.stderr
    assert "/others:" in (tmp_path / "drift.yaml").read_text()
