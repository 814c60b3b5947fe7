"""The S3 of the pytest plugin."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.journal.calls import Calls
from contract_first.mock.rule import Rule
from contract_first.mock.rule_marker import RuleMarker
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.traffic import Traffic
from strict_s3 import Server, running
from strict_s3.messages.operations import NAMES
from strict_s3.options import CONFLICTING_VARIABLES


class S3Fixture:
    """An S3 that runs for all tests of a process."""

    def __init__(self, server: Server, traffic: Traffic) -> None:
        self.server = server
        self._traffic = traffic

    @property
    def calls(self) -> Calls:
        """The calls since the last reset."""
        return Calls(self._traffic.journal)

    def reset(self, item: pytest.Item, marker: RuleMarker, environment: pytest.MonkeyPatch) -> None:
        """Reset it for a test: with the faults that this is marked with, and where AWS's clients find it."""
        self.server.reset()
        self.server.set_clock(None)
        self._traffic.journal.clear()
        self._traffic.rules.clear()
        for fault in faults_of(item, marker):
            self._traffic.rules.add(fault)
        for name in CONFLICTING_VARIABLES:
            environment.delenv(name, raising=False)
        for name, text in self.server.environment.items():
            environment.setenv(name, text)


@contextmanager
def running_s3(buckets: Sequence[str]) -> Iterator[S3Fixture]:
    traffic = Traffic(0)
    faults = "contract_first.mock.s3.faults:S3Faults"
    with running(*buckets, cors=True, seed=0, faults=faults, on_exchange=traffic.record_s3) as server:
        traffic.s3 = server
        traffic.rules.operations = {"s3": NAMES}
        yield S3Fixture(server, traffic)


def faults_of(item: pytest.Item, marker: RuleMarker) -> Iterator[Rule]:
    """Yield the faults that a test is marked with; what is none fails the test."""
    for fault in marker.rules(item, Rule):
        try:
            yield RuleReader(NO_EXTENSION).rule({"on": "s3", **fault})
        except ValueError as error:
            marker.fail(f"{marker.name}: {error}")
