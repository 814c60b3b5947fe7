"""Turns what Schemathesis tells while it runs into a report."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from schemathesis.baseline import failure_identity
from schemathesis.engine import Status, StopReason, events
from schemathesis.engine.run import PhaseName

from .curl import curl_of, runnable
from .legible import legible
from .minimising import Minimiser
from .pace import QuotaUsedUp
from .report import Finding, Trouble
from .violation import Violated

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.core.failures import Failure
    from schemathesis.core.transport import Response
    from schemathesis.engine.recorder import CheckFailureInfo

    from .credentials import Credentials
    from .report import End, Report
    from .target import Target

MOST_MINIMISED = 10
"""Findings for which a least request is looked for."""
LONGEST_ANSWER = 2_000
"""Characters of an answer's body that a finding shows."""
WHOLE_API = ""
OWN_CHECKS = "own checks"
"""What is told as their phase."""
ENDS: dict[StopReason, End] = {
    StopReason.COMPLETED: "complete",
    StopReason.MAX_TIME: "budget spent",
    StopReason.INTERRUPTED: "interrupted",
    StopReason.SERVER_UNAVAILABLE: "unreachable",
}


class Recording:
    """Takes the events of a run, in their order, into a report."""

    def __init__(self, report: Report, credentials: Credentials) -> None:
        self._report = report
        self._credentials = credentials
        self._findings = {finding.identity: finding for finding in report.findings}
        self._made_up: dict[tuple[str, ...], Case[Any]] = {}

    def take(self, event: events.EngineEvent) -> None:
        """Take an event."""
        match event:
            case events.ScenarioFinished() if event.is_test_scenario:
                self._scenario(event)
            case events.NonFatalError():
                self._trouble(event.label, event.info.title, event.info.message)
            case events.FatalError():
                told = f"Schemathesis failed with {type(event.exception).__name__}: {event.exception}"
                self._report.end, self._report.reason = "failed", self._mask(told)
            case events.EngineFinished():
                self._report.end = ENDS.get(event.stop_reason, "failed")
                self.after_run(event.failures)

    def _scenario(self, event: events.ScenarioFinished) -> None:
        for case_id in event.recorder.cases:
            self._case(event, case_id)
        if event.label and event.status in {Status.SUCCESS, Status.FAILURE}:
            self._report.finished.append((event.phase.value, event.label))

    def _case(self, event: events.ScenarioFinished, case_id: str) -> None:
        recorder = event.recorder
        tested = self._report.tested(recorder.cases[case_id].value.operation.label)
        response = recorder.find_response(case_id=case_id)
        if case_id in recorder.interactions:
            tested.sent(event.phase.value)
        if response is not None:
            tested.answered(response.status_code, response.elapsed)
        for check in recorder.checks.get(case_id, ()):
            if check.status is Status.SUCCESS:
                tested.tally(check.name).passed += 1
            elif check.failure_info is not None:
                tested.tally(check.name).failed += 1
                finding = self._finding(check.name, check.failure_info, response, tested.operation)
                finding.phase = event.phase.value
                self._keep(finding)
                if event.phase is PhaseName.FUZZING:
                    self._made_up.setdefault(finding.identity, recorder.cases[case_id].value)

    def minimise(self, target: Target) -> None:
        """Show findings whose requests were made up by the least that show them."""
        minimiser = Minimiser(target)
        for identity, case in islice(self._made_up.items(), MOST_MINIMISED):
            finding = self._findings[identity]
            shown = minimiser.least(case, finding.check, identity)
            curl = self._curl(shown.case.as_curl_command(headers=target.headers)) if shown else ""
            if shown and len(curl) < len(finding.curl):
                finding.curl, finding.message = curl, self._mask(shown.failure.message)
                finding.answer = self._mask(_beginning(shown.response))

    def _finding(
        self, check: str, info: CheckFailureInfo, response: Response | None, operation: str
    ) -> Finding:
        failure = info.failure
        return Finding(
            operation=failure.operation or operation,
            check=check,
            title=self._mask(failure.title),
            message=self._mask(failure.message),
            status=response.status_code if response is not None else 0,
            answer=self._mask(_beginning(response)),
            curl=self._curl(info.code_sample),
            identity=failure_identity(failure, check),
        )

    def _keep(self, finding: Finding) -> None:
        """Tell a finding once, by the least request that shows it."""
        known = self._findings.setdefault(finding.identity, finding)
        if known is finding:
            self._report.findings.append(finding)
            return
        known.seen += 1
        if finding.phase == known.phase and len(finding.curl) < len(known.curl):
            known.message, known.answer, known.curl = finding.message, finding.answer, finding.curl

    def after_run(self, failures: list[Failure]) -> None:
        """Take what checks of ours find by requests of their own."""
        for failure in failures:
            if isinstance(failure, Violated):
                self._violated(failure)
            elif isinstance(getattr(failure, "exception", None), QuotaUsedUp):
                self._report.end, self._report.reason = "quota used up", failure.message
            else:
                self._trouble(WHOLE_API, failure.title, failure.message)

    def _violated(self, failure: Violated) -> None:
        operation = failure.operation or WHOLE_API
        exchange = failure.exchange
        finding = Finding(
            operation=operation,
            check=failure.check,
            title=self._mask(failure.title),
            message=self._mask(failure.message),
            phase=OWN_CHECKS,
            status=exchange.status_code if exchange is not None else 0,
            answer=self._mask(exchange.text[:LONGEST_ANSWER]) if exchange is not None else "",
            curl=self._curl(curl_of(exchange.request)) if exchange is not None else "",
            identity=failure_identity(failure, failure.check),
        )
        self._report.tested(operation).tally(failure.check).failed += 1
        self._keep(finding)

    def _trouble(self, operation: str, title: str, message: str) -> None:
        trouble = Trouble(operation=operation, title=self._mask(title), message=self._mask(message))
        if trouble not in self._report.troubles:
            self._report.troubles.append(trouble)

    def _curl(self, command: str) -> str:
        return self._mask(runnable(command, self._credentials))

    def _mask(self, text: str) -> str:
        return legible(self._credentials.mask(text))


def _beginning(response: Response | None) -> str:
    if response is None or response.content is None:
        return ""
    return response.content[:LONGEST_ANSWER].decode("utf-8", "replace")
