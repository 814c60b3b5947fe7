"""What a run says of an app where a check of ours and one of Schemathesis's find the same."""

from __future__ import annotations

import json

import pytest

from contract_first.check import Credentials, check_app
from scanner_mocks import seeds
from scanner_mocks.checks import CHECKS


def without_timestamp(exchange):
    """Do not say when an error was."""
    if exchange.status >= 400 and exchange.body:
        problem = json.loads(exchange.body)
        problem.pop("timestamp")
        exchange.body = json.dumps(problem).encode()


def as_json(exchange):
    """Call errors JSON."""
    if exchange.status >= 400:
        exchange.headers["content-type"] = "application/json"


def uncounted(exchange):
    """Do not say how many requests are left."""
    exchange.headers.pop("ratelimit-remaining", None)


def many(exchange):
    """Do not count."""
    if "x-ratelimit-limit" in exchange.headers:
        exchange.headers["x-ratelimit-limit"] = "many"


def anonymous(exchange):
    """Give exchanges no name, and do not count them either."""
    uncounted(exchange)
    exchange.headers.pop("x-request-id", None)


@pytest.fixture
def caught(wrong_app, world):
    """Return what says which checks of all there are find something wrong with an app."""

    def catch(response, checks=CHECKS):
        world.wait(61)  # another window of the rate limits
        report = check_app(
            wrong_app(response),
            contract=world.app.contract,
            credentials=Credentials(api_key=seeds.UNLIMITED_KEY),
            only=("get_session_status",),
            phases=("coverage",),
            max_examples=1,
            seed=1,
            checks=tuple(check for check in checks if not hasattr(check, "after_run")),
        )
        assert report.end == "complete"
        return {finding.check for finding in report.findings}

    return catch


@pytest.mark.parametrize(
    ("response", "check"),
    [
        (without_timestamp, "problem_details"),
        (as_json, "problem_details"),
        (uncounted, "rate_limit_headers"),
        (many, "rate_limit_headers"),
    ],
)
def test_what_both_find_is_reported_once(caught, response, check):
    """What a check of ours says of a response, the general check of it does not say again."""
    assert caught(response) == {check}


def test_what_only_one_finds_is_reported_by_it(caught):
    """What a check of ours does not validate is reported by the general check, though ours finds more."""
    assert caught(anonymous) == {"rate_limit_headers", "response_headers_conformance"}


def test_without_ours_the_general_check_finds_it(caught):
    """The general check is filtered for nothing but what ours say."""
    assert caught(without_timestamp, checks=()) == {"response_schema_conformance"}


def test_the_right_app_passes(caught):
    """Nothing is found where nothing is wrong."""
    assert caught(lambda _: None) == set()
