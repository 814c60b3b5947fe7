"""What goes over the wire during a run, as a HAR file: every request and its response, secrets masked."""

from datetime import UTC, datetime
from typing import BinaryIO

import httpx2
from schemathesis.engine import events
from schemathesis.engine.recorder import Interaction

from contract_first.check.credentials import Credentials
from contract_first.check.exchange import RecordedExchange
from contract_first.check.har import HarWriter
from contract_first.check.masking import Masking
from contract_first.contract import Contract


class RunArchive:
    """Writes a HAR file while a run goes on; it is complete once it is closed.

    Args:
        file: open for writing; the caller closes it.
        contract: says what is secret, and names the operations.
    """

    def __init__(self, file: BinaryIO, contract: Contract, credentials: Credentials) -> None:
        self._har = HarWriter(file, "check")
        self._masking = Masking.of(contract, credentials.spellings())
        self._operations = {operation.label: operation.operation_id for operation in contract.operations}

    def close(self) -> None:
        self._har.close()

    def take(self, event: events.EngineEvent) -> None:
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            label = recorder.cases[case_id].value.operation.label
            self._har.write(self._of_schemathesis(interaction, self._operations.get(label, "")))

    def responded(self, response: httpx2.Response) -> None:
        """Write an exchange of a check of ours, once it is read."""
        request = response.request
        self._har.write(
            RecordedExchange(
                started=datetime.now(UTC) - response.elapsed,
                milliseconds=response.elapsed.total_seconds() * 1000,
                method=request.method,
                url=self._masking.url(str(request.url)),
                status=response.status_code,
                request=self._masking.message(request.headers.raw, request.read()),
                response=self._masking.message(response.headers.raw, response.content),
            )
        )

    def _of_schemathesis(self, interaction: Interaction, operation: str) -> RecordedExchange:
        request, response = interaction.request, interaction.response
        fields, content = ([], b"") if response is None else (_raw(response.headers), response.content)
        return RecordedExchange(
            started=datetime.fromtimestamp(interaction.timestamp, UTC),
            milliseconds=0 if response is None else response.elapsed * 1000,
            method=request.method,
            url=self._masking.url(request.uri),
            status=0 if response is None else response.status_code,
            request=self._masking.message(_raw(request.headers), request.body or b""),
            response=self._masking.message(fields, content or b""),
            operation=operation,
        )


def _raw(headers: dict[str, list[str]]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, values in headers.items()
        for value in values
    ]
