"""What a run found, as data: it is what JSON shows, and all other reports are made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from .distribution import Distribution

OK, VIOLATED, COULD_NOT_RUN = 0, 1, 2
"""Exit codes."""

End = Literal["complete", "budget spent", "interrupted", "unreachable", "quota used up", "failed"]


class Tally(msgspec.Struct):
    """How often a check was passed, and how often not."""

    passed: int = 0
    failed: int = 0


class Tested(msgspec.Struct, kw_only=True):
    """What was tried with one operation.

    Attributes:
        operation: its name, such as ``GET /path``.
        operation_id: of the contract.
        requests: how many were sent, by phase.
        statuses: how often each status was answered.
        checks: by name.
        times: of the answers.
    """

    operation: str
    operation_id: str = ""
    requests: dict[str, int] = {}
    statuses: dict[int, int] = {}
    checks: dict[str, Tally] = {}
    times: Distribution = msgspec.field(default_factory=Distribution)

    @property
    def total(self) -> int:
        """How many requests were sent."""
        return sum(self.requests.values())

    def sent(self, phase: str) -> None:
        """Count a request."""
        self.requests[phase] = self.requests.get(phase, 0) + 1

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.times.add(seconds * 1000)

    def tally(self, check: str) -> Tally:
        """Return the tally of a check, which begins here if need be."""
        return self.checks.setdefault(check, Tally())


class Finding(msgspec.Struct, kw_only=True):
    """One broken promise, told once however often it was seen; no credential is in it.

    Attributes:
        operation: where; empty for the API as a whole.
        check: which promise it is about.
        title: what is wrong, in a few words.
        message: the same at length.
        phase: in which it was seen first.
        status: of the answer; 0 where there is none.
        answer: the answer's body, its beginning.
        curl: repeats it, if a request does.
        seen: how often.
        identity: what makes two of them the same, in Schemathesis's terms.
    """

    operation: str
    check: str
    title: str
    message: str = ""
    phase: str = ""
    status: int = 0
    answer: str = ""
    curl: str = ""
    seen: int = 1
    identity: tuple[str, ...] = ()


class Trouble(msgspec.Struct, kw_only=True):
    """Something that could not be tested, and why."""

    operation: str
    title: str
    message: str


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked: a contract at a URL."""

    url: str
    source: str
    title: str
    version: str
    digest: str


class Report(msgspec.Struct, kw_only=True):
    """What a run found.

    Attributes:
        subject: what was checked.
        started: when, UTC.
        seconds: how long it took; runs that were continued are added up.
        waited: seconds of these that went by because of rate limits.
        seed: makes another run try the same.
        read_only: whether only safe methods were called.
        anonymous: whether no credential was given although the contract asks for some.
        end: how it ended.
        reason: why, where it did not end by itself.
        operations: by name, in the order of the contract.
        findings: in the order in which they were found.
        troubles: what could not be tested.
        left_out: checks that could not be made, and why.
        notes: what checks left untried and why, by check.
        cut_short: checks of ours whose own requests could not be made to the end.
        finished: phases and operations that are done, for a run that continues this one.
    """

    subject: Subject
    started: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    waited: float = 0.0
    seed: int = 0
    read_only: bool = False
    anonymous: bool = False
    end: End = "interrupted"
    reason: str = ""
    operations: dict[str, Tested] = {}
    findings: list[Finding] = []
    troubles: list[Trouble] = []
    left_out: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    cut_short: list[str] = []
    finished: list[tuple[str, str]] = []

    @property
    def exit_code(self) -> int:
        """1 if a promise is broken, else 2 if something could not be tested to its end, else 0."""
        if self.findings:
            return VIOLATED
        if self.troubles or not self.ended or not self.requests:
            return COULD_NOT_RUN
        return OK

    @property
    def ended(self) -> bool:
        """Whether all was done that was to be done: a budget may end trying, but no check of ours."""
        return self.end in {"complete", "budget spent"} and not self.cut_short

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(tested.total for tested in self.operations.values())

    @property
    def untried(self) -> list[str]:
        """The operations that Schemathesis had no time for; checks of ours may have called them."""
        return [name for name, tested in self.operations.items() if name and not tested.total]

    @property
    def checks(self) -> list[str]:
        """The names of the checks that were made, in the order in which they first were."""
        return list(dict.fromkeys(name for tested in self.operations.values() for name in tested.checks))

    def tested(self, operation: str) -> Tested:
        """Return what was tried with an operation, which begins here if need be."""
        if operation not in self.operations:
            self.operations[operation] = Tested(operation=operation)
        return self.operations[operation]
