"""How much of a contract recorded traffic exercised, and how often it violated it."""

from collections.abc import Container, Iterable, Mapping
from posixpath import commonpath
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from contract_first.contract import Operation

OK, VIOLATED, COULD_NOT_RUN = 0, 1, 2
"""Exit codes."""
MOST_UNDOCUMENTED = 20
"""Statuses of an operation that are counted without being declared."""

FailOn = Literal["request", "response", "any"]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded exchange that violates the contract, secrets masked.

    Attributes:
        number: counts the exchanges, from 1.
    """

    number: int
    method: str
    url: str
    status: int

    def __str__(self) -> str:
        return f"#{self.number} {self.method} {self.url} -> {self.status}"


class Share(NamedTuple):
    """How many of how many have been exercised."""

    exercised: int
    total: int

    @classmethod
    def of(cls, counts: Iterable[int]) -> "Share":
        """Count those that are not 0."""
        numbers = list(counts)
        return cls(sum(number > 0 for number in numbers), len(numbers))

    def __str__(self) -> str:
        return f"{self.exercised} of {self.total}"


class OperationCoverage(msgspec.Struct, kw_only=True):
    """How often each part of an operation has been exercised.

    Attributes:
        method: upper case.
        statuses: by what the contract declares: a status, a range (``4XX``) or ``default``.
        undocumented: by status that the contract does not declare.
        parameters: by place and name, such as ``query limit``.
        values: of enumerations in requests and successes, as JSON texts, by place.
    """

    operation: str
    method: str
    path: str
    calls: int = 0
    statuses: dict[str, int]
    undocumented: dict[str, int] = {}
    parameters: dict[str, int]
    values: dict[str, dict[str, int]]

    @classmethod
    def of(
        cls, operation: Operation, values: Mapping[str, Iterable[str]] = MappingProxyType({})
    ) -> "OperationCoverage":
        """Return the coverage of an operation, and of these enumerations, by no request."""
        return cls(
            operation=operation.operation_id,
            method=operation.method.upper(),
            path=operation.path,
            statuses=dict.fromkeys(operation.responses, 0),
            parameters={f"{parameter['in']} {parameter['name']}": 0 for parameter in operation.parameters},
            values={place: dict.fromkeys(texts, 0) for place, texts in values.items()},
        )

    def requested(self, names: Container[str]) -> None:
        """Count a request by what it has of the parameters."""
        self.calls += 1
        for name in self.parameters:
            self.parameters[name] += name in names

    def responded(self, code: str | None, status: int) -> None:
        """Count a response, by what the contract declares for it, or else by its status; 0 for none."""
        if code is not None:
            self.statuses[code] += 1
        elif status and (str(status) in self.undocumented or len(self.undocumented) < MOST_UNDOCUMENTED):
            self.undocumented[str(status)] = self.undocumented.get(str(status), 0) + 1

    @property
    def name(self) -> str:
        """Method and path, as in a finding."""
        return f"{self.method} {self.path}"

    @property
    def every_status(self) -> list[str]:
        """The statuses that are declared, and those that occurred without that."""
        return [*self.statuses, *self.undocumented]

    @property
    def shares(self) -> dict[str, Share]:
        """How much of the operation has been exercised."""
        return shares([self])


def shares(operations: Iterable[OperationCoverage]) -> dict[str, Share]:
    """Return how much of several operations has been exercised, by what is counted."""
    listed = list(operations)
    return {
        "operations": Share.of(operation.calls for operation in listed),
        "statuses": Share.of(count for operation in listed for count in operation.statuses.values()),
        "parameters": Share.of(count for operation in listed for count in operation.parameters.values()),
        "enum values": Share.of(
            count for operation in listed for values in operation.values.values() for count in values.values()
        ),
    }


class TrafficCounts(msgspec.Struct, kw_only=True):
    """The counts of recorded traffic.

    Attributes:
        exchanges: how many there were.
        validated: how many had a request or a response that was validated.
        without_response: how many ended without a response.
        violating_requests: exchanges whose request violates the contract.
        unvalidated: how many messages were not validated, by reason.
        more_findings: violations beyond those that are findings of their own.
        coverage: what has been exercised, by operation.
        left_out: how many exchanges are not with this API, by host.
    """

    exchanges: int = 0
    validated: int = 0
    without_response: int = 0
    violating_requests: int = 0
    violating_responses: int = 0
    unvalidated: dict[str, int] = {}
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
        paths = [operation.path for operation in self.coverage]
        return commonpath(paths).rstrip("/") if len(paths) > 1 else ""

    def exit_code(self, fail_on: FailOn = "any") -> int:
        """Return 1 if that side violates the contract, else 2 if nothing of it was validated, else 0."""
        violating = {
            "request": self.violating_requests,
            "response": self.violating_responses,
            "any": self.violating_requests + self.violating_responses,
        }
        if violating[fail_on]:
            return VIOLATED
        responded = self.exchanges - self.without_response
        return OK if self.validated and (responded or fail_on == "request") else COULD_NOT_RUN
