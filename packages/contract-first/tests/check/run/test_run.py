"""A run: what is called, what is found, and how it ends."""

import json
import socket
from collections import Counter

import httpx2
import pytest
from schemathesis.checks import CHECKS, load_all_checks
from starlette.applications import Starlette

from contract_first.check import CannotRunError, Credentials, check_app, check_url
from contract_first.check.checks import Check
from contract_first.check.checks.check import CheckFailure, NothingToCheck, RunCheck
from contract_first.check.checks.http_semantics import HttpSemantics
from contract_first.check.checks.security_alternatives import SecurityAlternatives
from contract_first.check.pace import Rate
from contract_first.check.run.checking import Checking, served
from contract_first.check.run.run import Run
from contract_first.contract import Contract
from contract_first.service import create_app

pytestmark = pytest.mark.programs

KEY = "shelf-key-12345"
QUICK = {"credentials": Credentials(api_key=KEY), "max_examples": 2, "seed": 1, "checks": ()}


class Unkept(Check):
    """A promise that is broken with each response, and once at the end."""

    name = "unkept"

    def after_response(self, _ctx, _response, case):
        """Break it."""
        raise CheckFailure(self.name, "each", "It is broken.", operation=case.operation.label)

    def after_run(self, _ctx):
        """Break it."""
        response = self.target.client.get("/shelf/things", headers=self.target.headers)
        raise CheckFailure(
            self.name, "once", "It is broken.", operation="GET /shelf/things", exchange=response
        )


class LeftOut(Check):
    """A check that cannot be made."""

    name = "left_out"

    @classmethod
    def missing(cls, _target):
        """Say why."""
        return "no key for it"

    def after_run(self, _ctx):
        """Fail."""
        raise AssertionError("It was made.")


class Kept(Check):
    """A promise that is kept."""

    name = "kept"

    def after_run(self, _ctx):
        """Keep it."""
        self.note("one thing was left untried")


def test_a_right_app_passes(right_shelf):
    """Where every promise is kept, the exit code is 0 and each operation was tried in its phases."""
    report = check_url(right_shelf[1], **QUICK)
    assert (report.exit_code, report.end, report.findings, report.troubles) == (0, "complete", [], [])
    assert set(report.operations["POST /shelf/things"].requests) == {"coverage", "fuzzing"}
    assert report.operations["POST /shelf/things"].statuses[201] > 0
    assert "response_schema_conformance" in report.checks


def test_a_wrong_app_does_not(wrong_report):
    """A server error on what the contract allows is found, with exit code 1."""
    report, _ = wrong_report
    assert report.exit_code == 1
    assert {finding.check for finding in report.findings} == {"not_a_server_error"}


def test_a_finding_is_reported_once(wrong_report):
    """However often a promise is seen broken, it is one finding."""
    report, _ = wrong_report
    tally = report.operations["POST /shelf/things"].checks["not_a_server_error"]
    [finding] = [finding for finding in report.findings if finding.check == "not_a_server_error"]
    assert finding.seen == tally.failed > 1


def test_what_a_server_says_of_a_credential_is_masked(wrong_report):
    """A credential that the server repeats is in no report, and the curl line names its variable."""
    report, har = wrong_report
    [finding] = [finding for finding in report.findings if finding.check == "not_a_server_error"]
    assert '"key":"[masked]"' in finding.response
    assert "X-API-Key: '\"$CHECK_API_KEY\"'" in finding.curl
    assert KEY not in har.read_text()


def test_the_archive_has_every_request(wrong_report):
    """The HAR has an entry for each request that was counted, with the contract's operation."""
    report, har = wrong_report
    entries = json.loads(har.read_text())["log"]["entries"]
    assert len(entries) == report.requests
    operations = Counter(entry["_operation"] for entry in entries)
    assert set(operations) == {"shelf_list_things", "shelf_add_thing"}


def test_an_archive_of_before_outlives_what_cannot_run(tmp_path):
    """What cannot run leaves the file as it was."""
    har = tmp_path / "before.har"
    har.write_text("{}")
    with pytest.raises(CannotRunError):
        check_app(Starlette(), har=har, **QUICK)
    assert har.read_text() == "{}"


def test_read_only_calls_only_what_is_safe(right_shelf):
    """With read-only, no method is sent that could change anything, whatever the phase."""
    shelf, url = right_shelf
    shelf.asked.clear()
    report = check_url(url, read_only=True, **QUICK)
    assert report.exit_code == 0
    assert shelf.asked["GET"] > 10
    assert shelf.asked.keys() <= {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("name", ["list_things", "shelf_list_things", "GET /shelf/things"])
def test_only_the_operations_that_are_asked_for_are_called(right_shelf, name):
    """An operation is asked for by its operationId, the end of that, or its method and path."""
    report = check_url(right_shelf[1], only=(name,), phases=("fuzzing",), **QUICK)
    assert [tested.operation for tested in report.operations.values()] == ["GET /shelf/things"]


def test_an_unknown_operation_is_refused(right_shelf):
    """An operation that the contract does not have is reported, and nothing is run."""
    with pytest.raises(CannotRunError, match="'take_thing' is not an operation of the contract"):
        check_url(right_shelf[1], only=("take_thing",), **QUICK)


def test_checks_of_our_own_are_made_among_the_others(right_shelf):
    """Own checks validate each response and the run; each rule is reported once, with a curl line."""
    how = {**QUICK, "checks": (Unkept, LeftOut, Kept)}
    report = check_url(right_shelf[1], only=("list_things",), phases=("fuzzing",), **how)
    [each, once] = report.findings
    assert (each.title, each.phase) == ("unkept: each", "fuzzing")
    assert (once.title, once.phase, once.status) == ("unkept: once", "own checks", 200)
    assert once.curl.endswith("/shelf/things")
    assert report.left_out == {"left_out": "no key for it"}
    assert report.notes == {"kept": ["one thing was left untried"]}
    assert report.operations[""].checks["kept"].passed == 1
    assert report.operations[""].requests == {"own checks": 1}


def test_a_check_that_finds_nothing_to_check_is_left_out(right_shelf):
    """A check that turns out to have nothing to check is not passed, but left out."""

    class Futile(RunCheck):
        name = "futile"

        def run(self):
            yield from ()
            raise NothingToCheck("there was none")

    report = check_url(right_shelf[1], **{**QUICK, "checks": (Futile,)})
    assert report.left_out == {"futile": "there was none"}
    assert "futile" not in report.checks
    assert (report.cut_short, report.exit_code) == ([], 0)


def test_checks_that_make_requests_of_their_own_come_first(right_shelf):
    """What a budget has no time for is what Schemathesis generates, not what our checks ask."""
    asked, events = [], []

    class First(Kept):
        name = "first"

        def after_run(self, _ctx):
            asked.append(len(events))

    with Checking(url=right_shelf[1], **{**QUICK, "checks": (First,)}).started() as run:
        for event in run.go():
            events.append(event)  # noqa: PERF402 -- one after the other
    assert asked == [0]
    assert run.report.finished[0] == ("own checks", "first")


def test_a_check_without_time_is_not_passed(right_shelf):
    """A run that is interrupted before its checks, or has no time for them, ends with 2."""
    how = {**QUICK, "checks": (SecurityAlternatives,), "budget": 60}
    with Checking(url=right_shelf[1], **how).started() as run:
        object.__setattr__(run.target, "deadline", run.target.clock())  # which is over when the run begins
        for _ in run.go():
            pass
    assert (run.report.cut_short, run.report.exit_code) == (["security_alternatives"], 2)
    assert "security_alternatives" not in run.report.checks
    with Checking(url=right_shelf[1], **{**how, "budget": None}).started() as stopped:
        stopped.stop()
        for _ in stopped.go():
            pass
    assert (stopped.report.end, stopped.report.cut_short) == ("interrupted", ["security_alternatives"])


def test_a_check_ends_after_the_request_under_way(right_shelf):
    """Who interrupts a check of ours does not wait for all of its requests."""
    sent = []

    class Patient(RunCheck):
        name = "patient"

        def run(self):
            for _ in range(9):
                sent.append(self.target.client.get("/shelf/things", headers=self.target.headers))
                run.stop()
            yield from ()

    with Checking(url=right_shelf[1], **{**QUICK, "checks": (Patient,)}).started() as run:
        for _ in run.go():
            pass
    assert len(sent) == 1
    assert run.report.notes == {"patient": ["cut short: The run was interrupted."]}
    assert run.report.exit_code == 2


def test_checks_of_our_own_are_forgotten_after_a_run(right_shelf):
    """Anybody who uses Schemathesis in the same process does not get our checks."""
    load_all_checks()  # Schemathesis's own, which a first run would add
    before = CHECKS.get_all_names()
    check_url(right_shelf[1], **{**QUICK, "checks": (Kept,), "phases": ("examples",)})
    assert CHECKS.get_all_names() == before


def test_a_run_waits_before_a_window_is_used_up(shelf_of):
    """As the responses count down, the run waits for the next window, and never gets a 429."""
    shelf = shelf_of(left=100)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        shelf.left = 5

    with Checking(url=shelf.url, only=("list_things",), **QUICK).started() as run:
        shelf.left = 5
        paced = Run(run.target, run.plan, Rate(sleep), checks=())
        for _ in paced.go():
            pass
    report = paced.report
    assert len(slept) > 2
    assert report.waited == sum(slept)
    assert 429 not in report.operations["GET /shelf/things"].statuses


def test_a_run_with_a_budget_keeps_requests_for_the_check_at_its_end(shelf_of):
    """With a budget, what Schemathesis sends leaves a tenth of a window and of the time unused."""
    shelf, waits = shelf_of(left=50), []

    def sleep(seconds):
        waits.append((shelf.left, seconds))
        shelf.left = 50

    with Checking(url=shelf.url, only=("list_things",), budget=5, **QUICK).started() as run:
        shelf.left = 20
        for _ in Run(run.target, run.plan, Rate(sleep), checks=()).go():
            pass
    assert waits
    assert {left for left, _ in waits} == {5}
    assert max(seconds for _, seconds in waits) <= 4.5


def test_a_quota_that_is_used_up_for_hours_ends_the_run(shelf_of):
    """A window that resets later than a run waits ends the run with exit code 2 and the reason."""
    shelf = shelf_of(left=100)
    with Checking(url=shelf.url, **QUICK).started() as run:
        shelf.left = 5
        paced = Run(run.target, run.plan, Rate(longest=5), checks=())
        for _ in paced.go():
            pass
    assert (paced.report.end, paced.report.exit_code) == ("quota used up", 2)
    assert paced.report.reason == "The quota is used up, and resets only in 7 s."


def test_a_refused_credential_is_reported(right_shelf):
    """A credential that a safe call is refused with is reported by its scheme, and nothing is run."""
    how = {**QUICK, "credentials": Credentials(api_key="wrong-key-1")}
    events = r"The credential for key is refused: GET /shelf/things responds with 401\."
    with pytest.raises(CannotRunError, match=events):
        check_url(right_shelf[1], **how)


def test_a_refused_credential_of_the_other_organization_is_reported(right_shelf):
    """The other organization's key is tried too."""
    how = {**QUICK, "credentials": Credentials(api_key=KEY, other_api_key="wrong-key-1")}
    with pytest.raises(CannotRunError, match="The credential of the other organization for key is refused"):
        check_url(right_shelf[1], **how)


def test_a_url_that_does_not_respond_is_reported():
    """What cannot be reached is reported, and nothing is run."""
    with pytest.raises(CannotRunError, match="does not respond"):
        check_url("http://127.0.0.1:1", **QUICK)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "no url",
            "ftp://a.example",
            "http://",
            "http://\x00/",
            "http://a.example:99999",
            "http://[::1",
        ),
        *("http://user:secret-1@a.example", "http://a.example/?key=secret-1", "http://a.example/#secret-1"),
    ],
)
def test_what_is_no_plain_url_is_reported_unrepeated(url):
    """A URL has a host and a path; what else is in it may be secret, and is not repeated."""
    with pytest.raises(CannotRunError, match="The URL ") as events:
        check_url(url, **QUICK)
    assert "secret-1" not in str(events.value)


def test_what_schemathesis_fails_with_is_reported(right_shelf, monkeypatch):
    """An error of the engine ends the run with its name, and is no violation."""

    def fail(_schema):
        raise RecursionError("too deep")

    monkeypatch.setattr("contract_first.check.run.run.from_schema", fail)
    report = check_url(right_shelf[1], **QUICK)
    assert (report.end, report.exit_code) == ("failed", 2)
    assert report.reason == "Schemathesis failed with RecursionError: too deep"


def test_a_wrong_contract_is_reported(shelf_of):
    """What the URL serves as its contract must be one; the message says where it is wrong."""
    shelf = shelf_of(contract={"openapi": "3.1.0", "info": {"title": "Shelf"}, "paths": {}})
    with pytest.raises(CannotRunError, match="The contract cannot be read"):
        check_url(shelf.url, **QUICK)


def test_an_app_that_does_not_start_is_reported():
    """An app whose lifespan fails is reported, and nothing is run."""

    async def app(_scope, _receive, send):
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(CannotRunError, match="The app does not start"):
        check_app(app, **QUICK)


FORM = {"schema": {"type": "object", "properties": {"name": {"type": "string"}}}}


@pytest.fixture
def service():
    """An app of ours with one operation, whose form may have no fields."""
    add = {
        "operationId": "add",
        "requestBody": {"content": {"application/x-www-form-urlencoded": FORM}},
        "responses": {"204": {"description": "Added."}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "Shelf", "version": "1"}}
    contract = Contract({**document, "paths": {"/things": {"post": add}}}, "shelf.yaml")
    return create_app(contract, {"add": lambda body: None})  # noqa: ARG005 -- the contract's name


def test_an_app_of_ours_is_served_as_by_serve(service):
    """What is no HTTP gets a problem, too."""
    with (
        served(service) as url,
        socket.create_connection((httpx2.URL(url).host, httpx2.URL(url).port)) as sent,
    ):
        sent.sendall(b"GET /things HTTP/1.1\r\nHost: shelf\r\nX-A: \x00\r\n\r\n")
        assert b"application/problem+json" in sent.recv(4096)


def test_a_form_without_fields_is_no_body(service):
    """Nothing is sent of it, and so nothing of another media type."""
    report = check_app(service, checks=(HttpSemantics,), max_examples=1, seed=1)
    assert not report.findings


def test_a_finding_is_shown_by_the_least_request(wrong_report):
    """Hypothesis makes the request of a finding small: the least size that is wrong."""
    report, _ = wrong_report
    for finding in report.findings:
        assert """-d '{"name": "0", "size": 8}'""" in finding.curl


def test_a_check_of_our_own_is_counted_once(wrong_shelf):
    """A check that is made once is reported once, though findings of others are made small afterwards."""
    how = {**QUICK, "max_examples": 40, "phases": ("fuzzing",), "checks": (Kept,)}
    report = check_url(wrong_shelf[1], only=("add_thing",), **how)
    assert report.findings
    assert report.operations[""].checks["kept"].passed == 1
