"""The mock of the pytest plugin: its reset, its clients and its calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract_first.mock.journal.calls import Calls
from contract_first.mock.journal.remote import ConsumerTraffic, RemoteJournal
from contract_first.mock.rule_marker import RuleMarker
from contract_first.mock.rules.client import RefusedError, document_of
from scanner_contract import load_contract

from .bucket.aws_session import aws_session
from .faults import ScannerRule
from .server import Mock

TRAFFIC: pytest.StashKey[ConsumerTraffic] = pytest.StashKey()
TIMEOUT_SECONDS = 30


class MockFixture:
    """A mock that runs for all tests of a process."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self._control = self.client(mock.control)

    def client(self, base_url: str, **options: Any) -> httpx2.Client:
        """Return a client; a proxy of this machine's environment has no business between us and loopback."""
        return httpx2.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, trust_env=False, **options)

    @cached_property
    def s3(self) -> Any:
        """A boto3 client of its S3, as the owner of its bucket."""
        return aws_session().client("s3", endpoint_url=self.mock.s3)

    @property
    def calls(self) -> Calls:
        """The calls since the last reset."""
        return Calls(RemoteJournal(self.mock.control))

    def reset(self, item: pytest.Item, *markers: RuleMarker) -> None:
        """Reset it for a test, with the faults and overrides that this is marked with."""
        if traffic := item.config.stash.get(TRAFFIC, None):
            traffic.collect()  # else it would be gone
        self._control.post("/state/reset", json={}).raise_for_status()
        for marker in markers:
            for rule in marker.rules(item, ScannerRule):
                try:
                    document_of(self._control.post(marker.path, json=rule))
                except RefusedError as error:
                    marker.fail(f"{marker.name}: {error}")

    def close(self) -> None:
        self._control.close()
        if "s3" in self.__dict__:
            self.s3.close()


@contextmanager
def reported(mock: Mock, config: pytest.Config, path: Path | None) -> Iterator[None]:
    """Validate the traffic with a mock, and write a report of it at the end; without a path do nothing."""
    if path is None:
        yield
        return
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    report = path.with_stem(f"{path.stem}-{worker}") if worker else path
    config.stash[TRAFFIC] = traffic = ConsumerTraffic(report, mock.control, load_contract())
    yield
    traffic.collect()
    traffic.write()
