"""Apps that are wrong on purpose: the shop, bent in one way, and the check that finds it, with its rule.

A row whose rule begins with ``not found`` gives the reason. ``bench/check.py`` prints how many are found.
"""

from __future__ import annotations

from collections.abc import Collection

import wrong_bounds
import wrong_responses
import wrong_stores
from wrong_bends import Row
from wrong_shop import CONTRACT, KEY, OTHER_KEY, Bends, Shop, client

from contract_first.check import Credentials, Target
from contract_first.check.checks import CHECKS
from contract_first.check.pace import Rate
from contract_first.check.reports.report import Report
from contract_first.check.run.configuration import Plan
from contract_first.check.run.run import Run

WRONG_APPS: list[Row] = [*wrong_bounds.ROWS, *wrong_responses.ROWS, *wrong_stores.ROWS]
UNFOUND = "not found: "


def report_of(
    bends: Bends | None = None, only: Collection[str] = (), operations: Collection[str] = ()
) -> Report:
    """Return the report of all checks of a shop, or of some of ours, or for some operations."""
    with client(Shop(bends)) as calls:
        target = Target(
            url="http://shop.test",
            contract=CONTRACT,
            client=calls,
            operations=[
                operation
                for operation in CONTRACT.operations
                if operation.operation_id in operations or not operations
            ],
            credentials=Credentials(api_key=KEY, other_api_key=OTHER_KEY),
            sleep=lambda _: None,
        )
        checks = [check for check in CHECKS if check.name in only or not only]
        run = Run(target, Plan(phases=(), seed=1), Rate(lambda _: None), checks=checks)
        for _ in run.go():
            pass
    return run.report


def findings(report: Report) -> set[str]:
    """Return the checks that found something, with the rules of ours."""
    rules = {finding.title.replace("Response violates schema", finding.check) for finding in report.findings}
    return rules | {finding.check for finding in report.findings}
