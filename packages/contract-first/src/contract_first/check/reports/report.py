"""The report of a run of checks or of recorded traffic, from which every rendering is made."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from contract_first.contract import Contract

from .recorded import COULD_NOT_RUN, OK, VIOLATED, Example, OperationCoverage, Share, TrafficCounts, shares
from .response_times import ResponseTimes
from .words import words_of

WHOLE_API = "the API as a whole"

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES = ("critical", "high", "medium", "low", "")
LEAST = 0.05
"""Seconds of a phase that is worth a word."""
COVERED = ("operations", "statuses", "parameters")
"""What coverage counts, each the same."""
End = Literal["complete", "budget spent", "interrupted", "unreachable", "quota used up", "failed"]


class Outcomes(msgspec.Struct):
    """How often a check passed and how often it failed."""

    passed: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.passed:,} of {self.passed + self.failed:,}"


class Tested(msgspec.Struct, kw_only=True):
    """The requests to one operation, and their outcomes.

    Attributes:
        operation: its name, such as ``GET /path``.
        operation_id: of the contract.
        requests: how many were sent, by phase.
        statuses: how many responses had each status.
        checks: by name.
        times: how long the responses took.
    """

    operation: str
    operation_id: str = ""
    requests: dict[str, int] = {}
    statuses: dict[int, int] = {}
    checks: dict[str, Outcomes] = {}
    times: ResponseTimes = msgspec.field(default_factory=ResponseTimes)

    @property
    def total(self) -> int:
        """How many requests were sent."""
        return sum(self.requests.values())

    def sent(self, phase: str) -> None:
        """Count a request."""
        self.requests[phase] = self.requests.get(phase, 0) + 1

    def responded(self, status: int, seconds: float) -> None:
        """Count a response."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.times.add(seconds * 1000)

    def outcomes(self, check: str) -> Outcomes:
        """Return the outcomes of a check, 0 and 0 at first."""
        return self.checks.setdefault(check, Outcomes())


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One place in which a finding was seen; operation, where and rule are the same in each run.

    Attributes:
        where: status, and header, parameter or pointer to a member, such as ``query limit``.
        rule: that is violated there, with its value.
        phase: in which it was seen first.
        message: what came there.
        curl: a command that repeats it there, if a request does.
    """

    operation: str
    where: str
    rule: str
    phase: str = ""
    message: str = ""
    curl: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.operation or WHOLE_API, self.where, self.rule)))


class Finding(msgspec.Struct, kw_only=True):
    """One violation of the contract, reported once however often it was seen; no credential is in it.

    Attributes:
        operation: such as ``GET /path``; empty for the API as a whole.
        operations: all in which it was seen, that one first.
        check: the one that failed; ``request`` or ``response`` in recorded traffic.
        severity: ``critical``, ``high``, ``medium`` or ``low``.
        title: what is wrong, in a few words.
        expected: what the check expects, in a sentence without its full stop.
        change: what to do about it, in a sentence.
        message: what came instead.
        phase: in which it was seen first.
        status: of the response; 0 where there is none.
        response: the beginning of the response's body.
        curl: a command that repeats it, if a request does.
        seen: how often it occurred.
        identity: equal for two occurrences in a run that have one cause.
        violated: the places in which it was seen.
        reason: why a known one may stay.
        part: in recorded traffic, as in a `Violation`; so are the following.
        where: with a ``*`` for each array's item.
        examples: the first recorded exchanges in which it was seen.
    """

    operation: str
    check: str
    title: str
    operations: list[str] = []
    severity: str = ""
    expected: str = ""
    change: str = ""
    message: str = ""
    phase: str = ""
    status: int = 0
    response: str = ""
    curl: str = ""
    seen: int = 1
    identity: tuple[str, ...] = ()
    violated: list[Place] = []
    reason: str = ""
    part: str = ""
    where: str = ""
    rule: str = ""
    pointer: str = ""
    examples: list[Example] = []

    @property
    def all_violated(self) -> list[Place]:
        """The places in which it was seen; of recorded traffic there is one."""
        where = " ".join(filter(None, (str(self.status or ""), self.part, self.where)))
        place = Place(operation=self.operation, where=where, rule=self.rule or self.title, phase=self.phase)
        return self.violated or [place]

    def only(self, places: list[Place], reason: str) -> "Finding":
        """Return what a finding is in some of its places."""
        if len(places) == len(self.all_violated):
            return msgspec.structs.replace(self, reason=reason)
        first, operations = places[0], dict.fromkeys(place.operation for place in places)
        return msgspec.structs.replace(
            self,
            operation=first.operation,
            operations=[*operations],
            violated=places,
            message=first.message,
            curl=first.curl,
            response="",
            reason=reason,
        )

    def concerns(self, operation: str) -> bool:
        """Whether it was seen in an operation."""
        return operation == self.operation or operation in self.operations

    def places(self, prefix: str, most: int) -> str:
        """Return the operations in which it was seen, without the prefix that all share; at most so many."""
        names = [short(operation, prefix) for operation in self.operations or [self.operation]]
        more = [f"{len(names) - most} more"] * (len(names) > most)
        return ", ".join([*names[:most], *more])

    def sentences(self) -> dict[str, str]:
        """Return what was expected, what came and what to change, as far as that is known."""
        words = words_of(self.check)
        message = self.message.partition("\n\n")[0] or self.title  # a paragraph; JSON has all
        got = f"HTTP {self.status}: {message}" if self.status else message
        expected = self.expected or words.expected
        texts = {"Expected": expected, "Got": got, "Change": self.change or words.change, "Note": self.reason}
        return {label: text for label, text in texts.items() if text}

    def __str__(self) -> str:
        sentences = [f"{label}: {text}" for label, text in self.sentences().items()]
        return "\n".join([f"{self.heading}, in {', '.join(self.operations) or self.operation}", *sentences])

    @property
    def heading(self) -> str:
        """What is wrong, in words."""
        name, rule = words_of(self.check).name, self.title.removeprefix(f"{self.check}: ")
        return f"{self.title} ({name})" if rule == self.title else f"{name}: {rule}"


class Trouble(msgspec.Struct, kw_only=True):
    """Something that could not be tested, and why."""

    operation: str
    title: str
    message: str


class ReportSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked: a contract, and a URL or a file of recorded traffic."""

    url: str
    source: str
    title: str
    version: str
    digest: str

    @classmethod
    def of(cls, contract: Contract, url: str = "", source: str = "") -> "ReportSubject":
        """Return a contract at a URL; `source` is where it was read, without a credential."""
        return cls(
            url=url,
            source=source or contract.source,
            title=contract.document["info"]["title"],
            version=contract.version,
            digest=contract.digest,
        )


class Report(msgspec.Struct, kw_only=True):
    """The result of a run of checks, or of the validation of recorded traffic.

    Attributes:
        subject: the contract and its target.
        started: time of the start, UTC.
        seconds: duration.
        waited: seconds of these that were spent waiting for rate limits.
        seed: of generated requests; another run with it sends the same.
        read_only: whether only safe methods were called.
        anonymous: whether no credential was set although the contract requires one.
        end: how it ended.
        reason: why, where it did not end by itself.
        operations: by name, in the order of the contract.
        findings: in the order in which they were found; of recorded traffic the most frequent first.
        known_findings: findings that a baseline has, which are no reason to fail.
        gone: entries of a baseline that the run did not find, though it made their check there.
        troubles: parts that could not be tested, and why.
        left_out: checks that could not run, and why.
        notes: by check, what it did not try and why.
        cut_short: our checks that were stopped before their last request.
        finished: completed phases, each with an operation or a check of ours.
        traffic: what was recorded; None for a run of checks.
        phases: seconds by phase.
        coverage: what a run exercised, by operation.
        excluded: operations that were not to be called, and why.
        fail_on: the least severity that fails the run; empty for any.
        min_coverage: percent of operations, statuses and parameters that are to be exercised.
    """

    subject: ReportSubject
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
    known_findings: list[Finding] = []
    gone: list[str] = []
    troubles: list[Trouble] = []
    left_out: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    cut_short: list[str] = []
    finished: list[tuple[str, str]] = []
    traffic: TrafficCounts | None = None
    phases: dict[str, float] = {}
    coverage: list[OperationCoverage] = []
    excluded: dict[str, str] = {}
    fail_on: Severity | Literal[""] = ""
    min_coverage: int = 0

    @property
    def exit_code(self) -> int:
        """1 if the contract is violated, else 2 if something could not be tested to its end, else 0."""
        if self.is_uncovered:
            return VIOLATED
        if self.traffic is not None:
            return self.traffic.exit_code()
        if any(map(self.fails, self.findings)):
            return VIOLATED
        if self.troubles or not self.ended or not self.requests:
            return COULD_NOT_RUN
        return OK

    def fails(self, finding: Finding) -> bool:
        """Whether a finding is severe enough to fail the run."""
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.fail_on)

    @property
    def shares(self) -> dict[str, Share]:
        """How much of the contract was exercised, by what is counted."""
        return shares(self.coverage) if self.traffic is None else self.traffic.shares

    @property
    def covered(self) -> Share:
        """How many of all operations, statuses and parameters were exercised."""
        counted = [self.shares[name] for name in COVERED]
        return Share(sum(share.exercised for share in counted), sum(share.total for share in counted))

    @property
    def is_uncovered(self) -> bool:
        """Whether less was exercised than was to be."""
        share = self.covered
        return 100 * share.exercised < self.min_coverage * share.total

    def about_coverage(self) -> str:
        """Return how much of the contract was exercised in a sentence; empty where nothing was counted."""
        share = self.covered
        if not share.total:
            return ""
        counted = ", ".join(f"{self.shares[name]} {name}" for name in COVERED)
        percent = 100 * share.exercised // share.total
        least = f", less than the {self.min_coverage} % that are asked for" * self.is_uncovered
        return f"Exercised: {counted} ({percent} %{least})."

    def about_phases(self) -> str:
        """Return how long each phase took in a sentence; empty where none is known."""
        listed = ", ".join(
            f"{name} {seconds:.1f} s" for name, seconds in self.phases.items() if seconds >= LEAST
        )
        return f"Time: {listed}." if listed else ""

    @property
    def ended(self) -> bool:
        """Whether it ran to its end: a budget may end generated requests early, but none of our checks."""
        return self.end in {"complete", "budget spent"} and not self.cut_short

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(tested.total for tested in self.operations.values())

    @property
    def untried(self) -> list[str]:
        """The operations that Schemathesis had no time for; our checks may have called them."""
        return [name for name, tested in self.operations.items() if name and not tested.total]

    @property
    def checks(self) -> list[str]:
        """The names of the checks that ran, in the order of their first use."""
        return list(dict.fromkeys(name for tested in self.operations.values() for name in tested.checks))

    @property
    def prefix(self) -> str:
        """The path that all operations begin with, such as ``/api/v1``."""
        paths = [operation.partition(" ")[2].split("/")[1:-1] for operation in self.operations if operation]
        prefix = []
        for segments in zip(*paths, strict=False):
            if len(set(segments)) > 1 or "{" in segments[0]:
                break
            prefix.append(segments[0])
        return "".join(f"/{segment}" for segment in prefix)

    def by_cost(self) -> list[Finding]:
        """Return the findings, those that cost most first."""
        return sorted(
            self.findings, key=lambda finding: (SEVERITIES.index(finding.severity), -len(finding.operations))
        )

    def tested(self, operation: str) -> Tested:
        """Return the record of an operation; a new one is empty."""
        if operation not in self.operations:
            self.operations[operation] = Tested(operation=operation)
        return self.operations[operation]

    def __str__(self) -> str:
        findings = ["\n".join(filter(None, (str(finding), finding.curl))) for finding in self.findings]
        troubles = [f"{trouble.operation}: {trouble.message or trouble.title}" for trouble in self.troubles]
        return "\n\n".join([self.conclusion(), *findings, *troubles])

    def headline(self) -> str:
        """Return whether the run passed, by what it failed, when it began and how to repeat it."""
        word = {OK: "Passed", VIOLATED: "Failed"}.get(self.exit_code, "Could not tell")
        again = " A curl line repeats each." * bool(self.findings)
        return f"{word}, {self.started:%Y-%m-%d %H:%M} UTC: {self.conclusion()}{again}"

    def conclusion(self) -> str:
        """Return the result in a sentence."""
        effort = f"{self.requests:,} requests"
        if self.seconds:
            effort += f" in {self.seconds:.1f} s, seed {self.seed}"
        if self.exit_code == OK:
            exceptions = f" but for {len(self.known_findings)} known" * bool(self.known_findings)
            if lesser := len(self.findings):
                exceptions += f" but for {lesser} below {self.fail_on}"
            return f"Conforms to the contract{exceptions}{self._as_far_as()}: {effort}."
        troubles = len({trouble.operation for trouble in self.troubles})
        untested = [f"{troubles} operation{'s' * (troubles != 1)} could not be tested"] * bool(troubles)
        unfinished = [*untested, *filter(None, [self._why_unfinished()])]
        if self.exit_code == COULD_NOT_RUN:
            return f"Not finished ({', '.join(unfinished)}): {effort}; nothing was wrong so far."
        findings = len(self.findings)
        counts = Counter(finding.severity for finding in self.by_cost() if finding.severity)
        by_severity = ", ".join(f"{count} {severity}" for severity, count in counts.items())
        violations = f"{findings} violation{'s' * (findings != 1)}" + f" ({by_severity})" * bool(by_severity)
        unfinished += ["too little is exercised"] * self.is_uncovered
        return f"{', '.join([violations, *unfinished])}: {effort}."

    def json(self) -> bytes:
        """Return the report as JSON; that of recorded traffic has members of its own."""
        document = msgspec.to_builtins(self)
        traffic = document.pop("traffic")
        if self.traffic is not None:
            shared = {name: share._asdict() for name, share in self.traffic.shares.items()}
            subject = {"title": self.subject.title, "version": self.subject.version}
            findings = [self._recorded(finding) for finding in self.findings]
            document = {**subject, **traffic, "findings": findings, "shares": shared}
        return msgspec.json.format(msgspec.json.encode(document)) + b"\n"

    def _recorded(self, finding: Finding) -> dict[str, Any]:
        tested = self.operations.get(finding.operation)
        return {
            "side": finding.check,
            "operation": tested.operation_id if tested else "",
            "part": finding.part,
            "where": finding.where,
            "rule": finding.rule,
            "detail": finding.message,
            "pointer": finding.pointer,
            "count": finding.seen,
            "examples": finding.examples,
        }

    def _as_far_as(self) -> str:
        untried, operations = len(self.untried), len([name for name in self.operations if name])
        limits = ["it shows without a credential"] * self.anonymous
        if untried and self.traffic is None:
            limits.append(f"there was time (none for {untried} of {operations} operations)")
        return f", as far as {' and '.join(limits)}" if limits else ""

    def _why_unfinished(self) -> str:
        """Return why a run is not finished; empty if it is."""
        if self.end not in {"complete", "budget spent"}:
            return self.reason or self.end
        if self.traffic is not None:
            return "nothing was validated" * (self.exit_code == COULD_NOT_RUN)
        if self.cut_short and not self.troubles:  # which are the reason then
            return f"too little time for {', '.join(self.cut_short)}"
        return "" if self.requests else "no request was sent"


def short(operation: str, prefix: str) -> str:
    """Return an operation's name without the prefix that all share."""
    method, _, path = operation.partition(" ")
    return f"{method} {path.removeprefix(prefix)}" if operation else WHOLE_API


def times(count: int) -> str:
    """Return how often, in words."""
    return "once" if count == 1 else f"{count:,} times"
