"""What went over the wire during a run, for an archive: every request and its answer, secrets masked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from schemathesis.engine import events

from openapi_check.exchange import Exchange, Message
from openapi_check.har_writer import har
from openapi_check.masking import Masking

from .target import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    import httpx
    from schemathesis.engine.recorder import Interaction

    from openapi_contract import Contract

    from .credentials import Credentials

HEAD = b'{"log":{"version":"1.2","creator":%s,"entries":['
TAIL = b"\n]}}\n"


class Archive:
    """Writes a HAR file while a run goes on; it is whole once it is closed.

    Args:
        file: open for writing; whoever opened it closes it.
        contract: says what is secret, and names the operations.
        credentials: what is never written.
    """

    def __init__(self, file: BinaryIO, contract: Contract, credentials: Credentials) -> None:
        self._file = file
        self._masking = Masking.of(contract)
        self._credentials = credentials
        self._operations = {label_of(each): each.operation_id for each in contract.operations}
        self._number = 0
        creator = har(())["log"]["creator"] | {"name": "scanner-api check"}
        file.write(HEAD % msgspec.json.encode(creator))

    def close(self) -> None:
        """End the document."""
        self._file.write(TAIL)

    def take(self, event: events.EngineEvent) -> None:
        """Write what an event tells of."""
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            label = recorder.cases[case_id].value.operation.label
            self._write(self._of_schemathesis(interaction, self._operations.get(label, "")))

    def answered(self, response: httpx.Response) -> None:
        """Write an exchange of a check of ours, once it is read."""
        request = response.request
        self._write(
            Exchange(
                started=datetime.now(UTC) - response.elapsed,
                milliseconds=response.elapsed.total_seconds() * 1000,
                method=request.method,
                url=self._url(str(request.url)),
                status=response.status_code,
                request=self._message(request.headers.raw, request.read()),
                response=self._message(response.headers.raw, response.content),
            )
        )

    def _of_schemathesis(self, interaction: Interaction, operation: str) -> Exchange:
        request, response = interaction.request, interaction.response
        answer = (
            Message() if response is None else self._message(_raw(response.headers), response.content or b"")
        )
        return Exchange(
            started=datetime.fromtimestamp(interaction.timestamp, UTC),
            milliseconds=0 if response is None else response.elapsed * 1000,
            method=request.method,
            url=self._url(request.uri),
            status=0 if response is None else response.status_code,
            request=self._message(_raw(request.headers), request.body or b""),
            response=answer,
            operation=operation,
        )

    def _message(self, fields: Iterable[tuple[bytes, bytes]], body: bytes) -> Message:
        headers = [(name, self._mask(value)) for name, value in self._masking.headers(fields)]
        masked = self._mask(self._masking.body(body).decode("latin-1")).encode("latin-1")
        return Message(headers=headers, body=masked, body_bytes=len(body))

    def _url(self, url: str) -> str:
        return self._mask(self._masking.url(url))

    def _mask(self, text: str) -> str:
        return self._credentials.mask(text)

    def _write(self, exchange: Exchange) -> None:
        self._number += 1
        numbered = msgspec.structs.replace(exchange, number=self._number)
        separator = b"\n" if self._number == 1 else b",\n"
        self._file.write(separator + msgspec.json.encode(har([numbered])["log"]["entries"][0]))


def _raw(headers: dict[str, list[str]]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, values in headers.items()
        for value in values
    ]
