"""Journal and faults of a mock, where the API's and S3's come together."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from presigned_s3.operation import NAMES

from .faults import Faults
from .journal import Journal, Masking, Verdict
from .journal.broadcast import Broadcast
from .journal.s3_exchange import s3_exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_contract import Contract
    from presigned_s3 import S3Server

    from .events import Events
    from .faults import Fault
    from .journal import Exchange
    from .stateless import Clearable


class Watch:
    """What is watched, and what is let go wrong, in both servers.

    Args:
        seed: of chance.

    Attributes:
        journal: of all exchanges.
        faults: that are on.
        s3: the server whose faults they are too.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.journal = Journal()
        self.faults = Faults(seed, self._tell_s3)
        self.s3: S3Server | None = None
        self._broadcast: Broadcast | None = None

    @property
    def kept(self) -> dict[str, Clearable]:
        """Both by name, as what a reset clears and operations of the control API ask for."""
        return {"journal": self.journal, "faults": self.faults}

    def look_by(self, contract: Contract, *, authentication: bool = True) -> None:
        """Have the journal judge by a contract and mask its secrets, and faults be for its operations."""
        self.journal.masking = Masking.of(contract)
        self.journal.judge_with(lambda: _Judge(contract, authentication=authentication))
        on_api = [operation.operation_id for operation in contract.operations]
        self.faults.operations = {"api": on_api, **({} if self.s3 is None else {"s3": NAMES})}

    def tell(self, events: Events) -> None:
        """Begin to tell events of exchanges."""
        self._broadcast = Broadcast(
            self.journal,
            lambda exchange: events.publish("exchange", exchange, exchange.number),
            lambda: events.heard,
        )
        self._broadcast.start()

    def end(self) -> None:
        """Let nobody wait any longer: for an exchange, or because of a fault."""
        self.journal.end()
        self.faults.end()

    def stop(self) -> None:
        """Tell nothing more; waits for what is being told."""
        if self._broadcast is not None:
            self._broadcast.stop()

    def hear_of_s3(self, told: Mapping[str, Any]) -> None:
        """Take in an exchange that S3's process tells of."""
        exchange = s3_exchange(told, self.journal.masking)
        self.journal.record(exchange)
        if exchange.fault:
            self.faults.struck(exchange.fault)

    def _tell_s3(self, faults: list[Fault]) -> None:
        if self.s3 is not None:
            self.s3.set_faults(faults, seed=self._seed)


class _Judge:
    """Judges what is for the contract's operations: S3, the explorer and other pages beside it are not."""

    def __init__(self, contract: Contract, *, authentication: bool) -> None:
        from openapi_check.validation import ExchangeJudge  # noqa: PLC0415 -- takes a moment that no start should wait for

        self._judge = ExchangeJudge(contract, authentication=authentication)

    def verdict(self, exchange: Exchange) -> Verdict:
        """Return what the contract says of an exchange."""
        answered = 0 < exchange.status < HTTPStatus.BAD_REQUEST
        if exchange.server == "s3" or (answered and not exchange.operation):
            return Verdict(unjudged="it is for none of the contract's operations")
        return self._judge.verdict(exchange)
