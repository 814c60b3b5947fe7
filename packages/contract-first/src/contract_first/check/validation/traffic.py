"""Reports on recorded traffic: the exchanges with an API, their violations and their coverage.

What is counted stays within bounds, whatever was sent.
"""

import re
from collections import Counter
from pathlib import Path

from contract_first.check.exchange import MessageViolation, RecordedExchange, Side
from contract_first.check.har import read_har
from contract_first.check.reports.recorded import Example, TrafficCounts
from contract_first.check.reports.report import Finding, Report, ReportSubject, Tested
from contract_first.contract import Contract
from contract_first.contract.deployment import origin_of
from contract_first.imports import resting_collector
from contract_first.masking import Masking

from .coverage import Coverage
from .drift import Drift
from .validator import ExchangeValidator, ValidatedExchange

RECORDED = "recorded"
"""The phase of requests that a run did not send."""
MOST_FINDINGS = 500
MOST_EXAMPLES = 3
MOST_REASONS = 50
MOST_HOSTS = 50
LONGEST_URL = 300
LONGEST_HOST = 100
MOST_IN_BODIES = 12_000_000
"""Commas and brackets of all bodies that are validated: it takes time by them. JSON has one in ten bytes."""
INDEX = re.compile(r"/[0-9]+(?=/|$)")


@resting_collector()
def validate_har(
    path: Path | str, contract: Contract, base_url: str | None = None, drift: Drift | None = None
) -> Report:
    """Validate the exchanges of a HAR file that are with the contract's API.

    Without ``base_url`` these are the exchanges with the contract's servers, and those with any other host,
    such as localhost, whose method and path are an operation's. The report counts the others by host.
    What a recorder left out (browsers omit credentials by default) counts as not sent.

    Args:
        base_url: of the API; every exchange with its origin is validated, and no other.
        drift: collects what the contract lacks.

    Raises:
        HarError: the file is not a HAR; the message says where and why.
        OSError: it cannot be read.
    """
    validator, deployment = ExchangeValidator(contract, base_url), contract.deployed_at(base_url)
    traffic = TrafficReporter(contract, Masking(contract), str(path), drift)
    left_out = Counter[str]()
    left = MOST_IN_BODIES
    for exchange in read_har(Path(path)):
        is_ours = not base_url and validator.operation_id(exchange)
        if is_ours or deployment.has_origin_of(exchange.url):
            bodies = exchange.request.body, exchange.response.body
            size = sum(body.count(mark) for body in bodies for mark in b",[{")
            has_room = size <= left
            left -= size if has_room else 0
            traffic.record(exchange, validator.validate(exchange, bodies=has_room))
        elif len(left_out) < MOST_HOSTS or host_of(exchange.url) in left_out:
            left_out[host_of(exchange.url)] += 1
    traffic.counts.left_out = dict(left_out.most_common())
    return traffic.report()


class TrafficReporter:
    """Counts exchanges, their violations and their coverage for a report.

    Args:
        masking: of what is secret in their URLs.
        source: of the exchanges, for the report.
        drift: collects what the contract lacks.
    """

    def __init__(
        self, contract: Contract, masking: Masking, source: str = "", drift: Drift | None = None
    ) -> None:
        self.counts = TrafficCounts()
        self._subject = ReportSubject.of(contract, source)
        self._masking = masking
        self._drift = drift
        self._coverage = Coverage(contract)
        self._names = {operation.operation: operation.name for operation in self._coverage.operations}
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._unvalidated: Counter[str] = Counter()

    def record(self, exchange: RecordedExchange, validated: ValidatedExchange) -> None:
        """Count an exchange with its violations."""
        validation, counts = validated.validation, self.counts
        counts.exchanges += 1
        counts.without_response += not exchange.status
        counts.validated += validated.request is not None or bool(validation.request)
        counts.violating_requests += bool(validation.request)
        counts.violating_responses += bool(validation.response)
        reason = validation.unjudged
        if reason and (reason in self._unvalidated or len(self._unvalidated) < MOST_REASONS):
            self._unvalidated[reason] += 1
        for side, violation in validation.violations:
            self._find(side, violation, exchange, validated.operation_id)
        self._coverage.record(exchange, validated)
        if self._drift is not None:
            self._drift.record(exchange, validated, str(self._example(exchange)))

    def report(self) -> Report:
        """Return the report of the exchanges so far."""
        self.counts.unvalidated = dict(self._unvalidated.most_common())
        self.counts.coverage = self._coverage.operations
        report = Report(subject=self._subject, end="complete", traffic=self.counts)
        for operation in self.counts.coverage:
            calls = {RECORDED: operation.calls}
            tested = Tested(operation=operation.name, operation_id=operation.operation, requests=calls)
            report.operations[operation.name] = tested
            for side in ("request", "response") if operation.calls else ():
                tested.outcomes(side).passed = operation.calls
        report.findings = sorted(self._findings.values(), key=lambda finding: -finding.seen)
        for finding in report.findings:
            outcomes = report.tested(finding.operation).outcomes(finding.check)
            # a message may have several violations, so these are at least the ones that had none
            outcomes.passed = max(0, outcomes.passed - finding.seen)
            outcomes.failed += finding.seen
        return report

    def _find(
        self, side: Side, violation: MessageViolation, exchange: RecordedExchange, operation_id: str
    ) -> None:
        where = INDEX.sub("/*", violation.where) if violation.part == "body" else violation.where
        key = (side, operation_id, violation.part, where, violation.rule, violation.pointer)
        finding = self._findings.get(key)
        if finding is None:
            if len(self._findings) >= MOST_FINDINGS:
                self.counts.more_findings += 1
                return
            finding = self._findings[key] = Finding(
                operation=self._names.get(operation_id, ""),
                check=side,
                title=f"{violation.part} {where}: {violation.rule}".replace(" :", ":"),
                message=violation.detail,
                phase=RECORDED,
                status=exchange.status,
                seen=0,
                part=violation.part,
                where=where,
                rule=violation.rule,
                pointer=violation.pointer,
            )
        finding.seen += 1
        if len(finding.examples) < MOST_EXAMPLES:
            finding.examples.append(self._example(exchange))

    def _example(self, exchange: RecordedExchange) -> Example:
        return Example(
            number=exchange.number or self.counts.exchanges,
            method=exchange.method[:20],
            url=self._masking.url(exchange.url)[:LONGEST_URL],
            status=exchange.status,
        )


def host_of(url: str) -> str:
    """Return a short name for the host of any URL."""
    host = origin_of(url).partition("://")[2].lower()
    return (host or url.partition(":")[0])[:LONGEST_HOST]
