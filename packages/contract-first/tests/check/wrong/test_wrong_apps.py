"""Nearly two hundred apps, each wrong in one way, and what the checks say of them."""

from __future__ import annotations

import pytest
from wrong_apps import UNFOUND, WRONG_APPS, findings, report_of
from wrong_bounds import operations_of

from contract_first.check.checks import CHECKS
from contract_first.check.checks.check import ResponseCheck

OURS = {check.name: check for check in CHECKS}
ELSEWHERE = {
    "delivery: time",
    "organization_isolation: list",
    "stored_things: idempotency",
}
"""Rules of time, texts as ids, and an Idempotency-Key: their wrong apps are among those of the checks."""
DRIVERS = ("stored_things", "security_alternatives", "http_semantics")
"""Checks that call all operations, with the right requests and with wrong ones; the first finds the most."""
CALLING = {check.name for check in CHECKS if not issubclass(check, ResponseCheck)}
FOUND = [row for row in WRONG_APPS if not row[1].startswith(UNFOUND)]


def test_the_right_app_passes():
    """No check finds anything in the app that conforms, and all of them run."""
    report = report_of()
    assert (findings(report), report.troubles) == (set(), [])
    assert report.left_out == {}


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row[0])
def test_a_wrong_app_is_caught(row):
    """An app that is wrong in one way is caught by the check that is about it."""
    _, finding, bends = row
    name = finding.partition(":")[0]
    drivers = (name,) if name in CALLING else DRIVERS
    reports = (report_of(bends, {name, driver}, operations_of(bends)) for driver in drivers)
    assert any(finding in findings(report) for report in reports)


def test_each_rule_has_a_wrong_app():
    """No rule of our checks is without an app that violates it."""
    rules = {f"{check.name}: {rule}" for check in CHECKS for rule in check.rules}
    assert rules - ELSEWHERE <= {finding for _, finding, _ in WRONG_APPS}


def test_there_are_enough():
    """The table is as long as it was promised, its names differ, and few are not found."""
    assert len(FOUND) >= 170
    assert len({name for name, _, _ in WRONG_APPS}) == len(WRONG_APPS)
    assert len(WRONG_APPS) - len(FOUND) <= 6
