"""Turns Schemathesis's events into a report."""

from itertools import islice
from typing import Any

from schemathesis import Case
from schemathesis.baseline import failure_identity
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, StopReason, events
from schemathesis.engine.run import PhaseName

from contract_first.check.checks.check import CheckFailure
from contract_first.check.credentials import curl_of, runnable
from contract_first.check.pace import QuotaUsedUp
from contract_first.check.reports.report import End, Finding, Report, Trouble
from contract_first.check.target import Target
from contract_first.terminal import printable

from .minimising import least_reproduction

MOST_MINIMISED = 10
"""Findings for which a least request is looked for."""
LONGEST_RESPONSE = 2_000
"""Characters of a response's body that a finding shows."""
API = ""
OWN_CHECKS = "own checks"
"""Their phase in reports."""
ENDS: dict[StopReason, End] = {
    StopReason.COMPLETED: "complete",
    StopReason.MAX_TIME: "budget spent",
    StopReason.INTERRUPTED: "interrupted",
    StopReason.SERVER_UNAVAILABLE: "unreachable",
}


class RunReporter:
    """Takes the events of a run on a target, in their order, into a report."""

    def __init__(self, report: Report, target: Target) -> None:
        self._report = report
        self._target = target
        self._findings = {finding.identity: finding for finding in report.findings}
        self._generated: dict[tuple[str, ...], Case[Any]] = {}

    def take(self, event: events.EngineEvent) -> None:
        match event:
            case events.ScenarioFinished() if event.is_test_scenario:
                self._scenario(event)
            case events.NonFatalError():
                self._trouble(event.label, event.info.title, event.info.message)
            case events.FatalError():
                reason = f"Schemathesis failed with {type(event.exception).__name__}: {event.exception}"
                self._report.end, self._report.reason = "failed", self._mask(reason)
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
            tested.responded(response.status_code, response.elapsed)
        for check in recorder.checks.get(case_id, ()):
            if check.status is Status.SUCCESS:
                tested.outcomes(check.name).passed += 1
            elif check.failure_info is not None:
                tested.outcomes(check.name).failed += 1
                failure, body = check.failure_info.failure, None if response is None else response.content
                finding = self._finding(
                    failure,
                    check=check.name,
                    operation=failure.operation or tested.operation,
                    phase=event.phase.value,
                    status=response.status_code if response is not None else 0,
                    response=_beginning(body),
                    curl=check.failure_info.code_sample,
                )
                if event.phase is PhaseName.FUZZING:
                    self._generated.setdefault(finding.identity, recorder.cases[case_id].value)

    def minimise(self) -> None:
        """Replace generated requests of findings by the least that reproduce them."""
        for identity, case in islice(self._generated.items(), MOST_MINIMISED):
            finding = self._findings[identity]
            least = least_reproduction(self._target, case, finding.check, identity)
            curl = self._curl(least.case.as_curl_command(headers=self._target.headers)) if least else ""
            if least and len(curl) < len(finding.curl):
                finding.curl, finding.message = curl, self._mask(least.failure.message)
                finding.response = self._mask(_beginning(least.response.content))

    def _finding(self, failure: Failure, *, check: str, response: str, curl: str, **fields: Any) -> Finding:
        """Report a finding once, with the shortest request that reproduces it, and return it."""
        finding = Finding(
            check=check,
            title=self._mask(failure.title),
            message=self._mask(failure.message),
            response=self._mask(response),
            curl=self._curl(curl),
            identity=failure_identity(failure, check),
            **fields,
        )
        first = self._findings.setdefault(finding.identity, finding)
        if first is finding:
            self._report.findings.append(finding)
        else:
            first.seen += 1
            if finding.phase == first.phase and len(finding.curl) < len(first.curl):
                first.message, first.response, first.curl = finding.message, finding.response, finding.curl
        return finding

    def after_run(self, failures: list[Failure]) -> None:
        """Take the failures of our checks that send requests of their own."""
        for failure in failures:
            if isinstance(failure, CheckFailure):
                self._violated(failure)
            elif isinstance(getattr(failure, "exception", None), QuotaUsedUp):
                self._report.end, self._report.reason = "quota used up", failure.message
            else:
                self._trouble(API, failure.title, failure.message)

    def _violated(self, failure: CheckFailure) -> None:
        operation, exchange = failure.operation or API, failure.exchange
        self._report.tested(operation).outcomes(failure.check).failed += 1
        self._finding(
            failure,
            check=failure.check,
            operation=operation,
            phase=OWN_CHECKS,
            status=exchange.status_code if exchange is not None else 0,
            response=exchange.text[:LONGEST_RESPONSE] if exchange is not None else "",
            curl=curl_of(exchange.request) if exchange is not None else "",
        )

    def _trouble(self, operation: str, title: str, message: str) -> None:
        trouble = Trouble(operation=operation, title=self._mask(title), message=self._mask(message))
        if trouble not in self._report.troubles:
            self._report.troubles.append(trouble)

    def _curl(self, command: str) -> str:
        return self._mask(runnable(command, self._target.credentials, self._target.variables))

    def _mask(self, text: str) -> str:
        return legible(self._target.credentials.mask(text))


def _beginning(body: bytes | None) -> str:
    return (body or b"")[:LONGEST_RESPONSE].decode("utf-8", "replace")


def legible(text: str) -> str:
    """Return a text with its invisible characters, such as those that steer a terminal, as escapes."""
    return "".join(character if character in "\n\t" else printable(character) for character in text)
