"""The journal of a mock in another process, and the report of the traffic in it."""

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import msgspec

from contract_first.check.exchange import RecordedExchange
from contract_first.check.reports.page import page
from contract_first.check.validation import ExchangeValidator, TrafficReporter
from contract_first.contract import Contract
from contract_first.masking import Masking

from .selector import ExchangeSelector

LONGEST_WAIT_SECONDS = 60
AT_ONCE = 1000


class RemoteJournal:
    """A journal as `Calls` uses it, by the control API.

    Args:
        control: URL of the control API, such as ``http://127.0.0.1:8000/_mock``.
    """

    def __init__(self, control: str) -> None:
        self._url = f"{control}/journal"

    def find(self, selector: ExchangeSelector, limit: int | None = None) -> list[RecordedExchange]:
        exchanges: list[RecordedExchange] = []
        while limit is None or len(exchanges) < limit:
            after = exchanges[-1].number if exchanges else selector.after
            more = self._ask(msgspec.structs.replace(selector, after=after), limit=AT_ONCE)
            if not more:
                break
            exchanges += more
        return exchanges[:limit]

    def wait(self, selector: ExchangeSelector, count: int, seconds: float) -> bool:
        """Wait until so many exchanges are there, or the time is over; return whether they are."""
        until = monotonic() + seconds
        while len(self.find(selector, count)) < count:
            left = until - monotonic()
            if left <= 0:
                return False
            self._ask(selector, limit=0, count=count, wait_seconds=min(left, LONGEST_WAIT_SECONDS))
        return True

    def _ask(self, selector: ExchangeSelector, **more: float) -> list[RecordedExchange]:
        attributes: Mapping[str, Any] = msgspec.structs.asdict(selector)
        query = {name: value for name, value in attributes.items() if value not in ("", False)}
        timeout = httpx2.Timeout(10, read=10 + LONGEST_WAIT_SECONDS)
        response = httpx2.get(self._url, params={**query, **more}, timeout=timeout, trust_env=False)
        response.raise_for_status()
        return msgspec.convert(response.json()["exchanges"], list[RecordedExchange])


class ConsumerTraffic:
    """The traffic between tests and a mock, validated, and how much of the contract they exercised.

    Args:
        path: where the report goes: JSON if that is its suffix, else a page.
    """

    def __init__(self, path: Path, control: str, contract: Contract) -> None:
        self._path = path
        self._journal = RemoteJournal(control)
        self._validator = ExchangeValidator(contract)
        self._tally = TrafficReporter(contract, Masking(contract))
        self._last = 0

    def collect(self) -> None:
        for exchange in self._journal.find(ExchangeSelector(after=self._last, server="api")):
            self._tally.record(exchange, self._validator.validate(exchange))
            self._last = exchange.number

    def write(self) -> None:
        report = self._tally.report()
        is_json = self._path.suffix == ".json"
        self._path.write_bytes(report.json() if is_json else page(report).encode())
