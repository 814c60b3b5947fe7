"""The consumer's side: what the traffic of an app, or of its tests, keeps of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner_contract import load_contract
from scanner_mocks.journal import Masking
from scanner_mocks.journal.remote import RemoteJournal
from scanner_mocks.journal.wanted import Wanted
from scanner_mocks.judging import ExchangeJudge
from scanner_mocks.judging.page import page
from scanner_mocks.judging.tally import Tally as JudgedTally

from .report import Finding, Report, Subject, Tally

if TYPE_CHECKING:
    from pathlib import Path

    from scanner_contract import Contract
    from scanner_mocks.judging.report import Finding as JudgedFinding
    from scanner_mocks.judging.report import Report as JudgedReport

RECORDED = "recorded"
"""What is told as the phase of traffic that was not ours."""


class ConsumerTraffic:
    """What tests and a mock said to one another, judged, and how much of the contract they exercised.

    Args:
        path: where the report goes: JSON if that is its suffix, else a page.
        control: URL of the mock's control API.
    """

    def __init__(self, path: Path, control: str) -> None:
        contract = load_contract()
        self._path = path
        self._journal = RemoteJournal(control)
        self._judge = ExchangeJudge(contract)
        self._tally = JudgedTally(contract, Masking.of(contract))
        self._last = 0

    def collect(self) -> None:
        """Judge what is in the journal and was not there before."""
        for exchange in self._journal.find(Wanted(after=self._last, server="api")):
            self._tally.record(exchange, self._judge.judge(exchange))
            self._last = exchange.number

    def write(self) -> None:
        """Write the report."""
        report = self._tally.report()
        is_json = self._path.suffix == ".json"
        self._path.write_bytes(report.json() if is_json else page(report).encode())


def as_checked(judged: JudgedReport, contract: Contract, source: str) -> Report:
    """Return what was found in recorded traffic as a check's report, for its JUnit XML and annotations."""
    subject = Subject(
        url=source,
        source=contract.source,
        title=contract.document["info"]["title"],
        version=contract.version,
        digest=contract.digest,
    )
    report = Report(subject=subject, end="complete")
    for each in judged.coverage:
        tested = report.tested(f"{each.method} {each.path}")
        tested.operation_id, tested.requests = each.operation, {RECORDED: each.calls}
        tested.checks = {side: Tally(passed=each.calls) for side in ("request", "response") if each.calls}
    names = {tested.operation_id: operation for operation, tested in report.operations.items()}
    for finding in judged.findings:
        report.findings.append(_finding(finding, names.get(finding.operation, "")))
        tally = report.tested(report.findings[-1].operation).tally(finding.side)
        # one message may break several promises, so these are at least the ones that broke none
        tally.passed, tally.failed = max(0, tally.passed - finding.count), tally.failed + finding.count
    return report


def _finding(judged: JudgedFinding, operation: str) -> Finding:
    seen = [f"#{each.number} {each.method} {each.url} -> {each.status}" for each in judged.examples]
    return Finding(
        operation=operation,
        check=judged.side,
        title=f"{judged.part} {judged.where}: {judged.rule}".replace(" :", ":"),
        message="\n".join([judged.detail, *seen]),
        phase=RECORDED,
        status=judged.examples[0].status if judged.examples else 0,
        seen=judged.count,
    )
