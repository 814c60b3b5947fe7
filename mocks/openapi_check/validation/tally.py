"""Counts what a judge finds, one exchange after another, within bounds whatever is sent."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from .coverage import Coverage
from .report import Example, Finding, Report

if TYPE_CHECKING:
    from openapi_check.exchange import Exchange, Violation
    from openapi_check.masking import Masking
    from openapi_contract import Contract

    from .exchange_judge import Judgement

MOST_FINDINGS = 500
MOST_EXAMPLES = 3
MOST_REASONS = 50
LONGEST_URL = 300
INDEX = re.compile(r"/[0-9]+(?=/|$)")
Side = Literal["request", "response"]


class Tally:
    """Exchanges, what they broke, and what they exercised.

    Args:
        contract: by which they were judged.
        masking: of what is secret in their URLs.
    """

    def __init__(self, contract: Contract, masking: Masking) -> None:
        self._masking = masking
        self._coverage = Coverage(contract)
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._unjudged: Counter[str] = Counter()
        self._report = Report(title=contract.document["info"]["title"], version=contract.version)

    def record(self, exchange: Exchange, judgement: Judgement) -> None:
        """Count an exchange and its verdict."""
        verdict, report = judgement.verdict, self._report
        report.exchanges += 1
        report.unanswered += not exchange.status
        report.judged += judgement.request is not None or bool(verdict.request)
        report.broken_requests += bool(verdict.request)
        report.broken_responses += bool(verdict.response)
        if verdict.unjudged:
            self._count_unjudged(verdict.unjudged)
        for violation in verdict.request:
            self._find("request", violation, exchange, judgement.operation_id)
        for violation in verdict.response:
            self._find("response", violation, exchange, judgement.operation_id)
        self._coverage.record(exchange, judgement)

    def report(self) -> Report:
        """Return what has been counted so far."""
        self._report.unjudged = dict(self._unjudged.most_common())
        self._report.findings = sorted(self._findings.values(), key=lambda each: -each.count)
        self._report.coverage = self._coverage.operations
        return self._report

    def _count_unjudged(self, reason: str) -> None:
        if reason in self._unjudged or len(self._unjudged) < MOST_REASONS:
            self._unjudged[reason] += 1

    def _find(self, side: Side, violation: Violation, exchange: Exchange, operation_id: str) -> None:
        where = INDEX.sub("/*", violation.where) if violation.part == "body" else violation.where
        key = (side, operation_id, violation.part, where, violation.rule, violation.pointer)
        finding = self._findings.get(key)
        if finding is None:
            if len(self._findings) >= MOST_FINDINGS:
                self._report.more_findings += 1
                return
            finding = self._findings[key] = Finding(
                side=side,
                operation=operation_id,
                part=violation.part,
                where=where,
                rule=violation.rule,
                detail=violation.detail,
                pointer=violation.pointer,
            )
        finding.count += 1
        if len(finding.examples) < MOST_EXAMPLES:
            finding.examples.append(self._example(exchange))

    def _example(self, exchange: Exchange) -> Example:
        return Example(
            number=exchange.number or self._report.exchanges,
            method=exchange.method[:20],
            url=self._masking.url(exchange.url)[:LONGEST_URL],
            status=exchange.status,
        )
