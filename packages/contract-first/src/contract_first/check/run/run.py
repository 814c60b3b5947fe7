"""One run: checks that make requests of their own, then Schemathesis with those of its responses."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from http import HTTPStatus
from math import inf
from typing import Any, cast

import httpx2
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.checks import RunCheck, collect_after_run_failures
from schemathesis.core.failures import AcceptedNegativeData, Failure, MalformedJson
from schemathesis.engine import events, from_schema
from schemathesis.engine.core import EventStream
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    JsonSchemaError,
    MissingContentType,
    UndefinedStatusCode,
    UnsupportedMethodResponse,
)
from schemathesis.schemas import BaseSchema

from contract_first.check.checks import CHECKS, Check
from contract_first.check.checks.boundaries import Boundaries
from contract_first.check.checks.check import CheckFailure, ResponseCheck
from contract_first.check.checks.http_semantics import MOCKED
from contract_first.check.checks.registration import is_of_text, is_reported_by, registered, validated
from contract_first.check.excerpts import LONGEST_TEXT, beginning
from contract_first.check.oauth2 import ClientCredentials
from contract_first.check.pace import QuotaUsedUp, Rate
from contract_first.check.reports.report import Report, ReportSubject
from contract_first.check.target import CannotRunError, Target
from contract_first.contract.document.anatomy import NO_BODY

from . import hooks
from .background import in_background
from .bodies import bounded_sessions, read_by_httpx2
from .configuration import MINIMISED, SPARED, Plan, configuration
from .identity import soften
from .large_bodies import large_bodies_in_parts
from .options import PHASES
from .recording import API, MINIMISING, OWN_CHECKS, RunReporter
from .sent_texts import SentTexts

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AUTHORIZATION = "Authorization"
GRACE_SECONDS = 1.0
"""How long the response to a request under way is waited for once the run is stopped."""
LEAST_MINIMISING_SECONDS = 10.0
OF_BODIES = (MissingContentType, MalformedJson)
"""Failures of responses that should have a body; a 204 has none, whatever a contract declares for it."""
SHOWN = (OWN_CHECKS, *PHASES, MINIMISING)
"""Phases whose time is in the report."""
CLIENT_ERROR, SERVER_ERROR = HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR
MOST_OF_VALUE = 100
"""Characters at both ends of a message that repeats a long value."""


class Run:
    """A run on a target, to be started once.

    Args:
        oauth2: renews the token of the target's credentials.

    Attributes:
        on_own_check: called with the name of each check that begins with its own requests.
        on_tick: called several times a second with what is going on and the number of requests so far.
        abandoned: whether the run ended without waiting for a request under way.
    """

    def __init__(
        self,
        target: Target,
        plan: Plan,
        pace: Rate,
        *,
        checks: Iterable[type[Check]] = CHECKS,
        oauth2: ClientCredentials | None = None,
    ) -> None:
        self.target = target
        self.report = _blank(target, plan)
        self.plan = plan
        self._pace = pace
        self._oauth2 = oauth2
        self._sent_texts = SentTexts(target)
        self.report.left_out = {check.name: reason for check in checks if (reason := check.missing(target))}
        possible = [check for check in checks if check.name not in self.report.left_out]
        self._first = [check(target) for check in possible if not hasattr(check, "after_response")]
        self._among = [check for check in possible if hasattr(check, "after_response")]
        self._checks_of_run: list[Check] = []
        self._of_responses = [check(target) for check in possible if issubclass(check, ResponseCheck)]
        self._reporter = RunReporter(self.report, target, plan)
        self.on_own_check: Callable[[str], None] = lambda _: None
        self.on_tick: Callable[[str, int], None] = lambda _activity, _requests: None
        self._activity, self._since = OWN_CHECKS, target.clock()
        self.abandoned = False
        self._stream: EventStream | None = None
        self._stopped, self._stopped_at = pace.hurried, 0.0
        self._sent = 0
        self._is_mocked = False
        self._listeners: list[Callable[[events.EngineEvent], None]] = []
        self._on_sent: Callable[[Case[Any], Response], None] = lambda _case, _response: None
        target.client.event_hooks["request"] += [self._renew, self._count_request]
        target.client.event_hooks["response"].append(self._count)
        target.listeners[:] = [self._validate]

    def listen(
        self,
        event: Callable[[events.EngineEvent], None],
        on_response: Callable[[httpx2.Response], None],
        on_sent: Callable[[Case[Any], Response], None],
    ) -> None:
        """Call one for each event, and the others for each response to a check of ours and to minimising."""
        self._listeners.append(event)
        self.target.client.event_hooks["response"].append(on_response)
        self._on_sent = on_sent

    def _begin(self, activity: str) -> None:
        """Count the time of what went on, and go on with another phase."""
        now, phases = self.target.clock(), self.report.phases
        if self._activity in SHOWN:
            phases[self._activity] = phases.get(self._activity, 0.0) + now - self._since
        self._activity, self._since = activity, now

    def go(self) -> Iterator[events.EngineEvent]:
        """Run, and yield each event once it is in the report.

        Soon after the run is stopped, or its budget is spent, a request under way is not waited for any more.
        """
        began = self.target.clock()
        is_whole = yield from in_background(self._go(began), self._patience, self._tick)
        if not is_whole:
            self.abandoned = True
            self.report = _copied(self.report)
            self.report.end = "interrupted" if self._stopped.is_set() else "budget spent"
            self._conclude()
        self._begin("")
        self.report.seconds = self.target.clock() - began

    def _go(self, began: float) -> Iterator[events.EngineEvent]:
        report, clock = self.report, self.target.clock
        reporter = self._reporter
        self._begin(OWN_CHECKS)
        with (
            registered(self._among, self.target, self.on_own_check) as self._checks_of_run,
            large_bodies_in_parts(self.target.contract.document),
            hooks.before_calls(self._before_call),
            bounded_sessions(self.target.request_seconds),
        ):
            self._go_first(reporter)
            for event in self._engine():
                reporter.take(event)
                for listener in self._listeners:
                    listener(event)
                report.seconds = clock() - began
                report.waited = self._pace.waited
                if isinstance(event, events.PhaseStarted):
                    self._begin(event.phase.name.value)
                if isinstance(event, events.EngineFinished):
                    self._conclude()
                    self._begin(MINIMISING)
                    reporter.minimise(self._minimising_seconds(), self._stopped.is_set, self._on_sent)
                    report.seconds = clock() - began
                yield event

    def _minimising_seconds(self) -> float:
        """Return how long requests may be made small: a share of the whole run, within its budget."""
        whole = self.report.seconds / (1 - MINIMISED) if self.plan.budget is None else self.plan.budget
        return min(self.target.remaining(), max(LEAST_MINIMISING_SECONDS, MINIMISED * whole))

    def _patience(self) -> float:
        """Return how many seconds a response is still waited for."""
        if self._stopped.is_set():
            return self._stopped_at + GRACE_SECONDS - self.target.clock()
        return inf if self.target.deadline is None else self.target.deadline - self.target.clock()

    def _tick(self) -> None:
        self.on_tick(self._activity, self._sent)

    def _go_first(self, reporter: RunReporter) -> None:
        """Make the checks that only make requests of their own: few, which no budget may pass by."""
        config = configuration(self.target, self.plan).projects.default
        for check in self._first:
            if not self._stopped.is_set():
                self.on_own_check(check.name)
                failures = collect_after_run_failures(config, [(check.name, cast("RunCheck", check))])
                reporter.after_run(failures)
                is_made = not (check.cut_short or check.left_out)
                if is_made and all(isinstance(failure, CheckFailure) for failure in failures):
                    self.report.finished.append((OWN_CHECKS, check.name))

    def _engine(self) -> Iterator[events.EngineEvent]:
        """Yield Schemathesis's events; also what it fails with."""
        try:
            self._stream = from_schema(self._schema()).execute()
            if self._stopped.is_set():
                self._stream.stop()
            yield from self._stream
        except CannotRunError:
            raise
        except Exception as error:  # noqa: BLE001 -- a contract that it cannot take must not look like our failure
            yield events.FatalError(exception=error)

    def stop(self) -> None:
        """Stop the run after the current request, or a little later without its response."""
        self._stopped_at = self.target.clock()
        self._stopped.set()
        if self._stream is not None:
            self._stream.stop()

    def _schema(self) -> BaseSchema:
        contract, selected = self.target.contract, self.target.operations
        config = configuration(self.target, self.plan)
        schema: BaseSchema = schemathesis.openapi.from_dict(deepcopy(contract.document), config=config)
        schema.hooks.register_hook_with_name(hooks.leave_out_ignored, "before_init_operation")
        if others := [operation.label for operation in contract.operations if operation not in selected]:
            schema = schema.exclude(name=others)
        if schema.statistic.operations.selected != len(selected):
            raise CannotRunError("Schemathesis selects other operations than those that may be called.")
        if not schema.statistic.transitions.selected:
            schema.config.phases.stateful.enabled = False  # else it is an error that there are no links
        schema.hooks.register_hook_with_name(self._after_call, "after_call")
        schema.hooks.register_hook_with_name(self._filter_failure, "filter_failure")
        return schema

    def _before_call(self, _context: HookContext, _case: Case[Any], kwargs: dict[str, Any]) -> None:
        self._pace.begin(self.target.remaining())
        if self._oauth2 is not None:
            kwargs["auth"] = self._renew

    def _renew(self, request: Any) -> Any:
        """Put the latest token into a request."""
        if self._oauth2 is not None and AUTHORIZATION in request.headers:
            request.headers[AUTHORIZATION] = self._oauth2.current(request.headers[AUTHORIZATION])
        return request

    def _after_call(self, _context: HookContext, _case: Case[Any], response: Response) -> None:
        self._sent += 1
        try:
            headers = {name: values[0] for name, values in response.headers.items()}
            self._is_mocked |= MOCKED.lower() in headers
            spared = 0.0 if self.plan.budget is None else SPARED
            left = self.target.remaining() - spared * (self.plan.budget or 0)
            self._pace.heed(headers, max(0.0, left), spared)
        except QuotaUsedUp as end:
            self.report.reason = str(end)
            self.stop()

    def _validate(self, case: Case[Any], exchange: httpx2.Response) -> None:
        """Have all checks of responses check one that a check of ours got."""
        label = case.operation.label
        if self.target.by_label.get(label) not in self.target.operations:
            return
        self._reporter.exercised(case, exchange.status_code)
        exchange.request.read()  # a form with files was sent unread
        response = Response.from_any(exchange)
        is_documented = exchange.request.method == case.method.upper()
        for name, failures in validated(self._of_responses, response, case, is_documented=is_documented):
            self._reporter.responded(label, name, failures, exchange, case=case)

    def _count_request(self, _request: httpx2.Request) -> None:
        self._sent += 1

    def _count(self, response: httpx2.Response) -> None:
        read_by_httpx2(response, self.target.request_seconds)
        self._is_mocked |= MOCKED in response.headers
        if str(response.request.url).startswith(self.target.url):
            tested = self.report.tested(API)
            tested.sent(OWN_CHECKS)
            tested.responded(response.status_code, response.elapsed.total_seconds())

    def _filter_failure(
        self, _context: HookContext, failure: Failure, case: Case[Any], response: Response
    ) -> bool:
        is_dropped = (
            self._is_bound(failure, case)
            or self._is_unsaid(failure, case, response)
            or self._is_of_same_path(failure, case)
            or is_of_text(failure)
            or (isinstance(failure, OF_BODIES) and response.status_code in NO_BODY)
            or self._sent_texts.refute(failure, case, response)
            or is_reported_by(self._checks_of_run, failure, response, case)
        )
        if isinstance(failure, JsonSchemaError):
            _shorten(failure)
        soften(failure, is_mocked=self._is_mocked)
        return not is_dropped

    def _is_bound(self, failure: Failure, case: Case[Any]) -> bool:
        """Return whether a check of ours found that the operation enforces no bounds: it is one cause."""
        return isinstance(failure, AcceptedNegativeData) and any(
            finding.check == Boundaries.name and finding.concerns(case.operation.label)
            for finding in self.report.findings
        )

    def _is_unsaid(self, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Return whether a client error is undocumented since the operation has none: lint names it, once."""
        operation = self.target.by_label.get(case.operation.label)
        documented = operation.responses if operation is not None else ()
        return (
            isinstance(failure, UndefinedStatusCode)
            and CLIENT_ERROR <= response.status_code < SERVER_ERROR
            and not any(status.startswith(("4", "default")) for status in documented)
        )

    def _is_of_same_path(self, failure: Failure, case: Case[Any]) -> bool:
        """Return whether a method is documented where Schemathesis does not look for it.

        That is in additionalOperations, and at a path template that differs in names alone.
        """
        if isinstance(failure, UnsupportedMethodResponse):
            methods = {failure.method}
        elif isinstance(failure, AllowHeaderMismatch) and not failure.missing_methods:
            methods = set(failure.undocumented_methods)
        else:
            return False
        return methods <= self.target.methods_at(case.operation.path)

    def _conclude(self) -> None:
        if self.report.reason and self.report.end == "interrupted":
            self.report.end = "quota used up"
        self.report.findings = self.report.by_cost()
        failed = {finding.check for finding in self.report.findings}
        finished_checks = [*self._first, *self._checks_of_run]
        self.report.left_out |= {check.name: check.left_out for check in finished_checks if check.left_out}
        finished_checks = [check for check in finished_checks if not check.left_out]
        self.report.cut_short = [check.name for check in finished_checks if self._is_unfinished(check)]
        for check in finished_checks:
            if check.notes:
                self.report.notes[check.name] = [self.target.credentials.mask(note) for note in check.notes]
            if hasattr(check, "after_run") and check.name not in {*failed, *self.report.cut_short}:
                self.report.tested(API).outcomes(check.name).passed = 1
        names = [check.name for check in self._checks_of_run if check.name not in self.report.cut_short]
        self.report.finished += [(OWN_CHECKS, name) for name in names if name not in self.report.left_out]

    def _is_unfinished(self, check: Check) -> bool:
        if check in self._first:
            return (OWN_CHECKS, check.name) not in self.report.finished
        return check.cut_short or (hasattr(check, "after_run") and not self.report.ended)


def _blank(target: Target, plan: Plan) -> Report:
    contract = target.contract
    report = Report(
        subject=ReportSubject.of(contract, target.shown_url, target.credentials.mask(contract.source)),
        seed=plan.seed,
        read_only=target.read_only,
        anonymous=target.anonymous,
    )
    for operation in target.operations:
        report.tested(operation.label).operation_id = operation.operation_id
    return report


def _shorten(failure: JsonSchemaError) -> None:
    """Cut the value that a failure holds, which may be a whole body: Schemathesis holds all failures."""
    message = failure._raw_message  # noqa: SLF001 -- which repeats the value
    if len(message) > LONGEST_TEXT:
        failure._raw_message = f"{message[:MOST_OF_VALUE]}...{message[-MOST_OF_VALUE:]}"  # noqa: SLF001 -- as above
    failure.instance = beginning(failure.instance)


def _copied(report: Report) -> Report:
    """Return a report as it is now, though the thread that was left behind may still write into it."""
    while True:
        with suppress(RuntimeError):  # a dictionary changed its size
            return deepcopy(report)


@contextmanager
def stopped_by_signals(run: Run) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop a run, and the second end the process. For the main thread."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def stop(_number: int, _frame: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        run.stop()

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
