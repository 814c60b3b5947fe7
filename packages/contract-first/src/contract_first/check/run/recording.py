"""Turns Schemathesis's events into a report."""

import json
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import httpx2
import requests
from schemathesis import Case, Response
from schemathesis.baseline import failure_identity
from schemathesis.core.failures import Failure, ServerError
from schemathesis.engine import Status, StopReason, events
from schemathesis.engine.errors import is_unrecoverable_network_error
from schemathesis.engine.recorder import CheckFailureInfo, CheckNode, Request
from schemathesis.engine.run import PhaseName
from schemathesis.openapi.checks import JsonSchemaError, MissingHeaders, UndefinedStatusCode

from contract_first.check.bounded_bodies import BodyTooLarge
from contract_first.check.checks.check import CONNECTION, CheckFailure, no_whole_response
from contract_first.check.credentials import runnable
from contract_first.check.excerpts import LONGEST_COMMAND, LONGEST_TEXT, curl, curl_of, cut
from contract_first.check.pace import QuotaUsedUp
from contract_first.check.reports.report import End, Finding, Place, Report, Trouble
from contract_first.check.target import Target
from contract_first.contract.document import pointers
from contract_first.masking import Masking
from contract_first.terminal import printable

from .configuration import Plan
from .exercised import Exercised
from .identity import places_of
from .minimising import least_reproduction

MOST_MINIMISED = 10
"""Findings for which a least request is looked for."""
LONGEST_SECRET = 10_000
"""Characters that are masked beyond the end of what is shown, so that none is shown in part."""
MOST_TEXT = 1_000_000
"""Characters in all findings; those after them have no response and no command."""
COMMON = frozenset(
    {"status_code_conformance", "content_type_conformance", "unsupported_method", "allow_header_conformance"}
)
"""The checks whose failures with the same title and status have one cause in all operations."""
LEAST_SECONDS = 1.0
API = ""
OWN_CHECKS, MINIMISING = "own checks", "minimising"
"""Phases in reports, beside those of Schemathesis."""
ENDS: dict[StopReason, End] = {
    StopReason.COMPLETED: "complete",
    StopReason.MAX_TIME: "budget spent",
    StopReason.INTERRUPTED: "interrupted",
    StopReason.SERVER_UNAVAILABLE: "unreachable",
}


class RunReporter:
    """Takes the events of a run on a target, in their order, into a report."""

    def __init__(self, report: Report, target: Target, plan: Plan) -> None:
        self._report = report
        self._target = target
        self._masking = Masking(target.contract)
        self._severities = plan.severities
        self._exercised = Exercised(target, report)
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._places: set[tuple[str, ...]] = set()
        self._room = MOST_TEXT
        self._generated: dict[tuple[str, ...], tuple[Case[Any], tuple[str, ...]]] = {}

    def take(self, event: events.EngineEvent) -> None:
        match event:
            case events.ScenarioFinished() if event.is_test_scenario:
                self._scenario(event)
            case events.NonFatalError() if _is_cut(event.value):
                cause = event.value.__cause__
                message = str(cause) if isinstance(cause, BodyTooLarge) else event.info.message
                failure = no_whole_response(message, cause, event.label)
                phase = event.phase.value if event.phase else ""
                self._report.tested(event.label).sent(phase)
                self.responded(event.label, CONNECTION[0], [failure], phase=phase, curl=_noted(event.value))
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
        # a sequence of calls has no label
        called = {case.value.operation.label for case in event.recorder.cases.values()}
        if event.status in {Status.SUCCESS, Status.FAILURE}:
            labels = [event.label] if event.label else sorted(called)
            steps = [(event.phase.value, label) for label in labels]
            self._report.finished += [
                step for step in steps if event.label or step not in self._report.finished
            ]

    def _case(self, event: events.ScenarioFinished, case_id: str) -> None:
        recorder, case = event.recorder, event.recorder.cases[case_id].value
        tested = self._report.tested(case.operation.label)
        response = recorder.find_response(case_id=case_id)
        if case_id in recorder.interactions:
            tested.sent(event.phase.value)
            self.exercised(case, response.status_code if response else 0)
        if response is not None:
            tested.responded(response.status_code, response.elapsed)
        for check in _of_one_cause(recorder.checks.get(case_id, ())):
            if check.status is Status.SUCCESS:
                tested.outcomes(check.name).passed += 1
            elif check.failure_info is not None:
                tested.outcomes(check.name).failed += 1
                self._failed(event, case_id, check.name, check.failure_info)

    def _failed(
        self, event: events.ScenarioFinished, case_id: str, check: str, info: CheckFailureInfo
    ) -> None:
        """Report what a check of Schemathesis says of a response."""
        recorder, case, failure = event.recorder, event.recorder.cases[case_id].value, info.failure
        response = recorder.find_response(case_id=case_id)
        interaction = recorder.interactions.get(failure.case_id or case_id)
        is_long = interaction is not None and len(info.code_sample) > LONGEST_COMMAND
        finding = self._finding(
            failure,
            check=check,
            operation=failure.operation or case.operation.label,
            phase=event.phase.value,
            status=response.status_code if response is not None else 0,
            response=b"" if response is None else response.content or b"",
            curl=_command(interaction.request) if interaction and is_long else info.code_sample,
            case=case,
        )
        if event.phase is PhaseName.FUZZING:
            self._generated.setdefault(finding.identity, (case, failure_identity(failure, check)))

    def exercised(self, case: Case[Any], status: int) -> None:
        """Count what a request exercises, and the status of its response; 0 for none."""
        self._exercised.record(case, status)

    def minimise(
        self, seconds: float, is_stopped: Callable[[], bool], on_sent: Callable[[Case[Any], Response], None]
    ) -> None:
        """Replace generated requests of findings by the least that reproduce them, for some seconds.

        Args:
            on_sent: called with each request that is sent for it and its response.
        """
        end = self._target.clock() + seconds

        def send(case: Case[Any]) -> Response | None:
            left = min(self._target.request_seconds, end - self._target.clock())
            if case in smallest.values():
                left = max(left, LEAST_SECONDS)  # one request in place of a search
            if left <= 0 or is_stopped():
                return None
            self._report.tested(case.operation.label).sent(MINIMISING)
            response = case.call(headers=self._target.headers, timeout=left)
            on_sent(case, response)
            return response

        smallest: dict[str, Case[Any]] = {}
        for cause, (case, identity) in islice(self._generated.items(), MOST_MINIMISED):
            finding = self._findings[cause]
            before = smallest.get(finding.operation)
            least = least_reproduction(case, finding.check, identity, send, before)
            curl = self._curl(least.case.as_curl_command(headers=self._target.headers)) if least else ""
            if least:
                smallest.setdefault(finding.operation, least.case)
            if least and len(curl) < len(finding.curl):
                finding.curl, finding.message = curl, self._mask(_message(least.failure))
                finding.response = self._body(least.response.content)

    def _finding(
        self,
        failure: Failure,
        *,
        check: str,
        response: bytes,
        curl: str,
        case: Case[Any] | None = None,
        **fields: Any,
    ) -> Finding:
        """Report a cause once, with the shortest request that reproduces it, and return it."""
        severity = self._severities.get(check, failure.severity.value)
        finding = Finding(
            check=check,
            title=self._mask(failure.title),
            severity=severity,
            expected=getattr(failure, "expected", ""),
            change=getattr(failure, "change", ""),
            message=self._mask(_message(failure)),
            response=self._body(response),
            curl=self._curl(curl),
            identity=(*_cause(failure, check, fields["status"]), severity),
            **fields,
        )
        # all of one kind in an operation, and the same in others
        within = (*failure_identity(failure, check), severity)
        first = self._findings.get(within) or self._findings.get(finding.identity) or finding
        self._findings[within] = self._findings[finding.identity] = first
        if finding.operation not in first.operations:
            first.operations.append(finding.operation)
        for where, rule in places_of(failure, finding.status, case):
            self._place(first, finding, self._mask(where), self._mask(rule))
        if first is finding:
            self._room -= len(finding.response)
            if self._room < 0:
                finding.response = finding.curl = ""
            self._report.findings.append(finding)
        else:
            first.seen += 1
            if finding.phase == first.phase and len(finding.curl) < len(first.curl):
                first.message, first.response, first.curl = finding.message, finding.response, finding.curl
        return finding

    def _place(self, first: Finding, finding: Finding, where: str, rule: str) -> None:
        """Add where a finding was seen, once."""
        identity = first.check, finding.operation, where, rule
        if identity in self._places:
            return
        self._places.add(identity)
        self._room -= len(finding.message) + len(finding.curl)
        texts = {"message": finding.message, "curl": finding.curl} if self._room > 0 else {}
        place = Place(operation=finding.operation, where=where, rule=rule, phase=finding.phase, **texts)
        first.violated.append(place)

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
        curl = "" if failure.request is None else curl_of(failure.request)
        self.responded(failure.operation or API, failure.check, [failure], failure.exchange, curl=curl)

    def responded(
        self,
        operation: str,
        check: str,
        failures: Iterable[Failure],
        exchange: httpx2.Response | None = None,
        *,
        phase: str = OWN_CHECKS,
        curl: str = "",
        case: Case[Any] | None = None,
    ) -> None:
        """Take what a check says of a response outside of Schemathesis's phases."""
        outcomes, passed = self._report.tested(operation).outcomes(check), True
        for failure in failures:
            passed = False
            outcomes.failed += 1
            self._finding(
                failure,
                check=check,
                operation=operation,
                phase=phase,
                status=exchange.status_code if exchange is not None else 0,
                response=exchange.content if exchange is not None else b"",
                curl=curl or (curl_of(exchange.request) if exchange is not None else ""),
                case=case,
            )
        outcomes.passed += passed

    def _trouble(self, operation: str, title: str, message: str) -> None:
        trouble = Trouble(operation=operation, title=self._mask(title), message=self._mask(message))
        if trouble not in self._report.troubles:
            self._report.troubles.append(trouble)

    def _curl(self, command: str) -> str:
        runs = runnable(command[: 2 * LONGEST_COMMAND], self._target.credentials, self._target.variables)
        return self._mask(runs, LONGEST_COMMAND, len(command))

    def _body(self, content: bytes) -> str:
        text = content[: LONGEST_TEXT + LONGEST_SECRET].decode("utf-8", "replace")
        return self._mask(text, length=len(text) + max(0, len(content) - LONGEST_TEXT - LONGEST_SECRET))

    def _mask(self, text: str, longest: int = LONGEST_TEXT, length: int = 0) -> str:
        """Return what is shown of a text: its beginning, without any secret."""
        masked = self._masking.text(self._target.credentials.mask(text[: longest + LONGEST_SECRET]))
        rest = max(len(text), length) - min(len(text), longest + LONGEST_SECRET)
        return cut(legible(masked), longest, len(masked) + rest)


def _of_one_cause(checks: Iterable[CheckNode]) -> list[CheckNode]:
    """Return checks without that of an undeclared status where a server error is the cause of it."""
    checks = list(checks)
    failures = [check.failure_info.failure for check in checks if check.failure_info is not None]
    if not any(isinstance(failure, ServerError) for failure in failures):
        return checks
    return [
        check
        for check in checks
        if check.failure_info is None or not isinstance(check.failure_info.failure, UndefinedStatusCode)
    ]


def _cause(failure: Failure, check: str, status: int) -> tuple[str, ...]:
    """Return what is the same for two failures if a single change is likely to mend both."""
    match failure:
        case CheckFailure():
            return check, failure.rule, failure.cause
        case JsonSchemaError():
            schema = json.dumps(failure.schema, sort_keys=True, default=str)
            return check, str(status), schema, str(failure.schema_path[-1:])
        case MissingHeaders():
            return check, str(status), failure.message
    if check in COMMON:
        return check, failure.title, str(status)
    is_error = isinstance(failure, ServerError)
    return failure_identity(failure, check) if is_error else (check, failure.title, failure.message)


def _message(failure: Failure) -> str:
    """Return what a failure says; of a schema where the value is and what is wrong with it come first."""
    if not isinstance(failure, JsonSchemaError):
        return failure.message
    place = pointers.join("", *failure.instance_path) or "the whole"
    return f"{place}: {failure.message}"


def _is_cut(error: Exception) -> bool:
    """Whether a server began to respond, or took the request, and the connection ended."""
    if isinstance(error, requests.Timeout):
        return False
    decoding = isinstance(error, requests.exceptions.ContentDecodingError)
    return decoding or (
        isinstance(error, requests.RequestException) and is_unrecoverable_network_error(error)
    )


def _noted(error: Exception) -> str:
    """Return the command that Schemathesis notes with an error; empty if there is none."""
    return "".join(getattr(error, "__notes__", ())).partition("Reproduce with:")[2].strip()


def _command(request: Request) -> str:
    fields = [(name, value) for name, values in request.headers.items() for value in values]
    return curl(request.method, request.uri, fields, request.body or b"")


def legible(text: str) -> str:
    """Return a text with its invisible characters, such as those that steer a terminal, as escapes."""
    return "".join(character if character in "\n\t" else printable(character) for character in text)
