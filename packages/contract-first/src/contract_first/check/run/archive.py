"""What goes over the wire during a run, as a HAR file: every request and its response, secrets masked."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, BinaryIO

import httpx2
from schemathesis import Case, Response
from schemathesis.engine import events
from schemathesis.engine.recorder import Interaction, Request

from contract_first.check.credentials import Credentials
from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.har import HarWriter
from contract_first.contract import Contract
from contract_first.masking import Masking

LONGEST_BODY = 65_536
"""Bytes."""


class RunArchive:
    """Writes a HAR file while a run goes on; it is complete once it is closed.

    Args:
        file: open for writing; the caller closes it.
        contract: says what is secret, and names the operations.
        bodies: whether all of each body is written, not only its beginning.
    """

    def __init__(
        self, file: BinaryIO, contract: Contract, credentials: Credentials, *, bodies: bool = False
    ) -> None:
        self._longest = None if bodies else LONGEST_BODY
        self._har = HarWriter(file, "check")
        self._tokens = credentials.tokens
        # rebuilt when another token is issued
        self._masking = lru_cache(maxsize=1)(lambda _tokens: Masking(contract, credentials.spellings()))
        self._operations = {operation.label: operation.operation_id for operation in contract.operations}

    def close(self) -> None:
        self._har.close()

    def take(self, event: events.EngineEvent) -> None:
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            label = recorder.cases[case_id].value.operation.label
            self._write(_of_schemathesis(interaction, self._operations.get(label, "")))

    def sent(self, case: Case[Any], response: Response) -> None:
        """Write a request that was sent outside of Schemathesis's phases, and its response."""
        interaction = Interaction(Request.from_prepared_request(response.request), response)
        operation = self._operations.get(case.operation.label, "")
        self._write(_of_schemathesis(interaction, operation))

    def responded(self, response: httpx2.Response) -> None:
        """Write an exchange of a check of ours, once it is read."""
        request = response.request
        self._write(
            RecordedExchange(
                started=datetime.now(UTC) - response.elapsed,
                milliseconds=response.elapsed.total_seconds() * 1000,
                method=request.method,
                url=str(request.url),
                status=response.status_code,
                request=_message(request.headers.multi_items(), request.read()),
                response=_message(response.headers.multi_items(), response.content),
            )
        )

    def _write(self, exchange: RecordedExchange) -> None:
        self._har.write(exchange.masked(self._masking(len(self._tokens)), self._longest))


def _of_schemathesis(interaction: Interaction, operation: str) -> RecordedExchange:
    request, response = interaction.request, interaction.response
    headers, body = ({}, b"") if response is None else (response.headers, response.content or b"")
    return RecordedExchange(
        started=datetime.fromtimestamp(interaction.timestamp, UTC),
        milliseconds=0 if response is None else response.elapsed * 1000,
        method=request.method,
        url=request.uri,
        status=0 if response is None else response.status_code,
        request=_message(_pairs(request.headers), request.body or b""),
        response=_message(_pairs(headers), body),
        operation=operation,
    )


def _message(headers: list[tuple[str, str]], body: bytes) -> Message:
    return Message(headers=headers, body=body, body_bytes=len(body))


def _pairs(headers: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in headers.items() for value in values]
