"""Who watches what goes through the proxy: judge, journal and tally."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_check.validation import ExchangeJudge, TrafficReporter
from openapi_mock.journal import Journal, Masking

from .passage import Witnessed

if TYPE_CHECKING:
    from collections.abc import Callable

    from openapi_check.validation import Judgement
    from openapi_contract import Contract
    from openapi_mock.journal import Exchange


class Watch:
    """Judges exchanges, keeps the latest of them and counts all.

    Args:
        contract: that they have to keep.
        base_url: where it is deployed.
        tell: is called with each exchange that breaks the contract, secrets masked.

    Attributes:
        journal: the latest exchanges.
        tally: of all.
    """

    def __init__(
        self, contract: Contract, base_url: str, tell: Callable[[Exchange], object] | None = None
    ) -> None:
        masking = Masking.of(contract)
        self._judge = ExchangeJudge(contract, base_url)
        self._judge.prepare()
        self._tell = tell
        self.journal = Journal(masking)
        self.tally = TrafficReporter(contract, masking)

    def judge(self, exchange: Exchange) -> Judgement:
        """Return what the contract says of an exchange; any thread may ask."""
        return self._judge.judge(exchange)

    def record(self, exchange: Exchange, judgement: Judgement) -> None:
        """Keep and count an exchange."""
        witnessed = Witnessed(
            seen=exchange,
            operation=judgement.operation_id,
            verdict=judgement.verdict,
            most_bytes=self.journal.most_body_bytes,
        )
        self.tally.record(exchange, judgement)
        self.journal.record(witnessed)
        if self._tell is not None and (judgement.verdict.request or judgement.verdict.response):
            self._tell(witnessed.exchange(self.journal.last, self.journal.masking))
