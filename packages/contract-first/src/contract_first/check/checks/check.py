"""The base classes of our checks."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, ClassVar

import httpx2
from schemathesis import Case, CheckContext, Response
from schemathesis.core.failures import Failure, FailureGroup, Severity

from contract_first.check.bounded_bodies import BodyTooLarge
from contract_first.check.pace import QuotaUsedUp, Stopped
from contract_first.check.target import Target
from contract_first.contract import Operation

from .samples import BudgetSpent, NoResponse, RequestSamples

CONNECTION = ("connection", "whole response")
"""The check and the rule of a request that gets no whole response."""
LONGEST_VALUE = 60
"""Characters of a rule's value; a longer one is a digest."""


class CheckFailure(Failure):
    """A violation of a check's rule; raise several at once as a `FailureGroup`.

    Those with the same check, rule and cause are one finding.

    Attributes:
        rule: which part of the check it is, a few words that are the same each time.
        expected: what the rule requires.
        change: what to do about it.
        cause: tells violations of a rule apart that have nothing to do with one another.
        place: where in the operation it is, such as ``query limit maximum 51``; the same in each run.
        exchange: the response that shows it, if the check sent the request; a curl line is made of it.
        request: that shows it, where there is no response.
    """

    def __init__(
        self,
        check: str,
        rule: str,
        message: str,
        *,
        operation: str | None = None,
        exchange: httpx2.Response | None = None,
        request: httpx2.Request | None = None,
    ) -> None:
        """Take the check's name, the rule, and what was found and expected, in a sentence.

        `operation` is an `Operation.label`, or `case.operation.label`; None for the API as a whole.
        """
        super().__init__(operation=operation, title=f"{check}: {rule}", message=message)
        self.check = check
        self.rule = rule
        self.expected = self.change = self.cause = self.place = ""
        self.exchange = exchange
        self.request = exchange.request if exchange is not None else request

    @property
    def _unique_key(self) -> str:
        return self.title


def no_whole_response(
    message: str, cause: BaseException | None, operation: str | None, request: httpx2.Request | None = None
) -> CheckFailure:
    """Return the failure of a request that gets no whole response, by its cause."""
    failure = CheckFailure(*CONNECTION, message, operation=operation, request=request)
    if isinstance(cause, BodyTooLarge):
        failure.change = f"Send less at once, such as pages of a list: {cause}."
    return failure


class NothingToCheck(Exception):  # noqa: N818 -- nothing is wrong, there is only nothing to check
    """The target has nothing to check, as it turns out; the message says what is missing."""


class Check:
    """A check that is made for one run, on one target.

    Attributes:
        name: of the check in reports, in snake case.
        sentence: describes the check in reports.
        rules: what each of its rules requires, by the rule's name.
        by_message: the rules whose violations have another cause if they have another message.
        low: the rules whose violations are of low severity, such as what frameworks decide.
        change: what to do about a violation, in a sentence; may be empty.
        severity: of a violation, in Schemathesis's terms.
        notes: what was not tried and why, and which of several ways was taken.
        cut_short: whether it ended before its last request.
        left_out: why it could not run after all; empty if it could.
        report: called with its name before it makes its own requests.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    rules: ClassVar[Mapping[str, str]]
    by_message: ClassVar[frozenset[str]] = frozenset()
    low: ClassVar[frozenset[str]] = frozenset()
    change: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.HIGH
    source: ClassVar[str] = ""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.report: Callable[[str], None] = lambda _: None
        self.notes: list[str] = []
        self.cut_short = False
        self.left_out = ""

    @classmethod
    def missing(cls, _target: Target) -> str:
        """Return why the check cannot be made on a target, such as ``no --other-api-key``; empty if it can.

        The check is then left out, and the report says so.
        """
        return ""

    def failure(
        self,
        rule: str,
        message: str,
        operation: str | None,
        exchange: httpx2.Response | None = None,
        *,
        place: str = "",
    ) -> CheckFailure:
        """Return the violation of a rule; see `CheckFailure`."""
        if rule not in self.rules:
            raise ValueError(f"{self.name} has no rule {rule!r}.")
        violated = CheckFailure(self.name, rule, message, operation=operation, exchange=exchange)
        violated.severity = Severity.LOW if rule in self.low else self.severity
        violated.expected, violated.change = self.rules[rule], self.change
        violated.place = place
        violated.cause = message if rule in self.by_message else ""
        return violated

    def note(self, text: str) -> None:
        """Add a note to the report, once."""
        if text not in self.notes:
            self.notes.append(text)


class ResponseCheck(Check):
    """A check of each response.

    Attributes:
        headers: that it checks, in lower case.
        covers_errors: whether it checks the bodies of errors.
    """

    headers: ClassVar[frozenset[str]] = frozenset()
    covers_errors: ClassVar[bool] = False

    def failures(self, response: Response, case: Case[Any]) -> Iterable[CheckFailure]:
        """Yield the failures of a response."""
        raise NotImplementedError

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Check a response, as Schemathesis asks it."""
        _raise(self.failures(response, case))


class RunCheck(Check):
    """A check that makes its own requests, once all else is done."""

    @cached_property
    def samples(self) -> RequestSamples:
        """The requests that it can send."""
        return RequestSamples(self.target, self.note)

    def send(self, operation: Operation, headers: Mapping[str, str], **how: Any) -> httpx2.Response:
        """Send the sample of an operation, and return the response; see `RequestSamples.send`."""
        return self.samples.send(self.samples.draw(operation), headers, **how)

    def whole(self, failures: Iterable[CheckFailure]) -> Iterator[CheckFailure]:
        """Yield failures; a request of theirs that gets no whole response is one, and the last."""
        try:
            yield from failures
        except NoResponse as error:
            yield no_whole_response(str(error), error.cause, error.operation, error.request)

    def run(self) -> Iterable[CheckFailure]:
        """Yield the failures of the target."""
        raise NotImplementedError

    def after_run(self, _ctx: CheckContext) -> None:
        """Check the target, as Schemathesis asks it."""
        self.report(self.name)
        failures: list[CheckFailure] = []
        try:
            for violated in self.whole(self.run()):
                failures.append(violated)  # noqa: PERF402 -- what is found before the end counts
        except (BudgetSpent, QuotaUsedUp, Stopped) as end:
            self.cut_short = True
            self.note(f"cut short: {end}")
        except NothingToCheck as end:
            self.left_out = str(end)
        _raise(failures)


def _raise(failures: Iterable[CheckFailure]) -> None:
    if group := list(failures):
        raise FailureGroup(group)


def brief(value: Any) -> str:
    """Return a value as JSON, a text as it is, or a digest of one that is long."""
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def json_of(body: bytes) -> Any:
    """Return the JSON value of a body; None if it has none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def object_of(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a body; None if it has none."""
    value = json_of(body)
    return value if isinstance(value, dict) else None
