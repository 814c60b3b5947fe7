"""The layer that tells the journal of every exchange."""

from __future__ import annotations

from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from .recorded import Content, Recorded

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract

    from .journal import Journal

STRUCK_BY = "openapi_mock.fault"
"""Where a layer further in says which fault struck a request: its id, in the ASGI scope."""


class Journalled:
    """An ASGI app whose exchanges a journal hears of, not changed and not held up.

    Args:
        app: what answers.
        journal: is told of an exchange before the last of its answer is sent.
        contract: that the app answers for.
    """

    def __init__(self, app: ASGIApp, journal: Journal, contract: Contract) -> None:
        self._app = app
        self._journal = journal
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        recording = _Recording(scope, receive, send, self._journal, self._contract)
        try:
            await self._app(scope, recording.receive, recording.send)
        finally:
            recording.end()


class _Recording:
    """One exchange, as it goes on."""

    __slots__ = (
        "_answer",
        "_answer_headers",
        "_began",
        "_contract",
        "_ended",
        "_journal",
        "_most",
        "_receive",
        "_request",
        "_scope",
        "_send",
        "_started",
        "_status",
    )

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, journal: Journal, contract: Contract
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._journal, self._contract = journal, contract
        self._most = journal.most_body_bytes
        self._started, self._began = time(), perf_counter()
        self._request, self._answer = Content(), Content()
        self._status = 0
        self._answer_headers: list[tuple[bytes, bytes]] = []
        self._ended = False

    async def receive(self) -> Any:
        """Hand over a message of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.keep(message.get("body", b""), self._most)
        return message

    async def send(self, message: Any) -> None:
        """Pass on a message of the answer."""
        if message["type"] == "http.response.start":
            self._status, self._answer_headers = message["status"], message.get("headers", [])
        else:
            self._answer.keep(message.get("body", b""), self._most)
            if not message.get("more_body"):
                self.end()  # whoever has the answer finds it in the journal
        await self._send(message)

    def end(self) -> None:
        """Tell the journal, once."""
        if self._ended:
            return
        self._ended = True
        scope = self._scope
        self._journal.record(
            Recorded(
                contract=self._contract,
                started=self._started,
                seconds=perf_counter() - self._began,
                scheme=scope["scheme"],
                method=scope["method"],
                path=scope.get("raw_path") or scope["path"].encode(),
                query=scope["query_string"],
                request_headers=scope["headers"],
                request=self._request,
                status=self._status,
                answer_headers=self._answer_headers,
                answer=self._answer,
                fault=scope.get(STRUCK_BY, ""),
            )
        )
