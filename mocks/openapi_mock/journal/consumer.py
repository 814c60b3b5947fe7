"""The consumer's side: how far the traffic of an app's tests conforms to the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_check.masking import Masking
from openapi_check.page import page
from openapi_check.validation import ExchangeJudge, TrafficReporter

from .remote import RemoteJournal
from .wanted import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from openapi_contract import Contract


class ConsumerTraffic:
    """What tests and a mock said to one another, judged, and how much of the contract they exercised.

    Args:
        path: where the report goes: JSON if that is its suffix, else a page.
        control: URL of the mock's control API.
        contract: of the mock.
    """

    def __init__(self, path: Path, control: str, contract: Contract) -> None:
        self._path = path
        self._journal = RemoteJournal(control)
        self._judge = ExchangeJudge(contract)
        self._tally = TrafficReporter(contract, Masking.of(contract))
        self._last = 0

    def collect(self) -> None:
        """Judge what is in the journal and was not there before."""
        for exchange in self._journal.find(Wanted(after=self._last, server="api")):
            self._tally.record(exchange, self._judge.judge(exchange))
            self._last = exchange.number

    def write(self) -> None:
        """Write the report."""
        report = self._tally.report()
        is_json = self._path.suffix == ".json"
        self._path.write_bytes(report.json() if is_json else page(report).encode())
