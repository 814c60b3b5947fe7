"""What a proxy does with the exchanges that go through it: validate, record, count, report."""

import re
from collections.abc import Callable

from starlette.types import Scope

from contract_first.check.exchange import MessageViolation, RecordedExchange, Validation
from contract_first.check.validation import Drift, ExchangeValidator, TrafficReporter, ValidatedExchange
from contract_first.contract import Contract
from contract_first.masking import Masking
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.recording import Recording
from contract_first.mock.override import OF_PROXIES

from .connection import RawHeaders

OWN = COUNT, FIRST = tuple(name.encode() for name in OF_PROXIES)
MOST_SENT = 5
LONGEST = 200
NOT_PLAIN = re.compile(r"[^ -~]")


class ProxyRecorder:
    """Validates exchanges, records the latest of them and counts all.

    Args:
        report: called with each exchange that violates the contract, without its messages.
        drift: collects what the contract lacks.
    """

    def __init__(
        self,
        contract: Contract,
        base_url: str,
        report: Callable[[RecordedExchange], object] | None = None,
        drift: Drift | None = None,
    ) -> None:
        masking = Masking(contract)
        validator = ExchangeValidator(contract, base_url)
        validator.prepare()
        self.validate = validator.validate
        self._report = report
        self.journal = Journal(masking)
        self.drift = drift
        self.tally = TrafficReporter(contract, masking, drift=drift)

    def recording(self, scope: Scope, url: str, most_bytes: int) -> Recording:
        """Return the recording of an exchange that begins."""
        return Recording(scope, most_bytes, url, shown_bytes=self.journal.most_body_bytes)

    def record(self, recording: Recording, exchange: RecordedExchange, validated: ValidatedExchange) -> None:
        recording.operation, recording.verdict = validated.operation_id, validated.validation
        self.tally.record(exchange, validated)
        self.journal.record(recording)
        if self._report is not None and any(validated.validation.violations):
            self._report(recording.headline(self.journal.last, self.journal.masking))


def violation_fields(validation: Validation) -> RawHeaders:
    """Return header fields with the number of violations and the first of them in words; none without any."""
    violations = [f"{side} {_words(violation)}" for side, violation in validation.violations]
    if not violations:
        return []
    first = [(FIRST, NOT_PLAIN.sub("?", words)[:LONGEST].encode()) for words in violations[:MOST_SENT]]
    return [(COUNT, str(len(violations)).encode()), *first]


def _words(violation: MessageViolation) -> str:
    return f"{violation.part} {violation.where or '-'}: {violation.rule}; {violation.detail}"
