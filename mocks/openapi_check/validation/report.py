"""What is to be told of exchanges that were judged."""

from __future__ import annotations

from posixpath import commonpath
from typing import Literal

import msgspec

from .coverage import OperationCoverage, Share, shares

FailOn = Literal["request", "response", "any"]
OK, VIOLATIONS, COULD_NOT_RUN = 0, 1, 2
"""Exit codes."""


class Example(msgspec.Struct, kw_only=True):
    """One exchange that breaks the contract, secrets masked.

    Attributes:
        number: counts the exchanges, from 1.
    """

    number: int
    method: str
    url: str
    status: int


class Finding(msgspec.Struct, kw_only=True):
    """One way in which the contract was broken, however often.

    Attributes:
        side: whose message it was.
        operation: the operationId; empty where the contract has no operation.
        part: as in a `Violation`, as are the following.
        where: with a ``*`` for each array's item.
        examples: the first exchanges in which it was found.
    """

    side: Literal["request", "response"]
    operation: str
    part: str
    where: str
    rule: str
    detail: str
    pointer: str
    count: int = 0
    examples: list[Example] = []


class Report(msgspec.Struct, kw_only=True):
    """What was found in exchanges.

    Attributes:
        title: of the contract, as is the version.
        exchanges: how many there were.
        judged: of how many a request or an answer was judged.
        unanswered: how many ended without an answer.
        broken_requests: exchanges whose request breaks the contract.
        broken_responses: exchanges whose answer does.
        unjudged: how many messages were not judged, by reason.
        findings: the most frequent first.
        more_findings: violations beyond those that are told apart.
        coverage: what has been exercised, by operation.
        left_out: how many exchanges a record has that are not with this API, by host.
    """

    title: str
    version: str
    exchanges: int = 0
    judged: int = 0
    unanswered: int = 0
    broken_requests: int = 0
    broken_responses: int = 0
    unjudged: dict[str, int] = {}
    findings: list[Finding] = []
    more_findings: int = 0
    coverage: list[OperationCoverage] = []
    left_out: dict[str, int] = {}

    @property
    def shares(self) -> dict[str, Share]:
        """How much of the contract has been exercised."""
        return shares(self.coverage)

    @property
    def prefix(self) -> str:
        """What the paths of all operations begin with."""
        paths = [each.path for each in self.coverage]
        return commonpath(paths).rstrip("/") if len(paths) > 1 else ""

    def exit_code(self, fail_on: FailOn = "any") -> int:
        """Return 0 if nothing is broken, 1 if something is, 2 if there was nothing to judge on that side."""
        broken = {
            "request": self.broken_requests,
            "response": self.broken_responses,
            "any": self.broken_requests + self.broken_responses,
        }
        if broken[fail_on]:
            return VIOLATIONS
        answered = self.exchanges - self.unanswered
        return OK if self.judged and (answered or fail_on == "request") else COULD_NOT_RUN

    def json(self) -> bytes:
        """Return the report as JSON."""
        shared = {name: share._asdict() for name, share in self.shares.items()}
        return msgspec.json.format(
            msgspec.json.encode({**msgspec.to_builtins(self), "shares": shared}), indent=1
        )
