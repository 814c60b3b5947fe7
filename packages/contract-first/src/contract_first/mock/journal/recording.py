"""Records an exchange as it goes over the wire; the journal computes its members when they are read."""

from collections.abc import Awaitable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from time import perf_counter, time
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.check.exchange import Message, RecordedExchange, Validation
from contract_first.check.validation.content_codings import NotDecoded, decoded
from contract_first.contract import Contract
from contract_first.masking import Masking
from contract_first.service.messages.problems import Problem, ServiceUnavailable
from contract_first.service.request.budget import hold

from .journal import Journal
from .matching import is_page

Headers = list[tuple[bytes, bytes]]
SERVICE_KEY = "contract_first.mock.service"
"""Key of the ASGI scope that has the name of a request's service, of a mock with several."""
RULE_KEY = "contract_first.mock.rule"
"""Key of the ASGI scope where a layer further in puts the id of the rule that applied to a request."""
BY_RULE_KEY = "contract_first.mock.by_rule"
"""Key of the ASGI scope where a layer further in says whether a rule asked for the response."""
LONGEST_SCOPE = 200
LONGEST_LENGTH = 18


class RecordedContent(msgspec.Struct):
    """The recorded part of a body: its first bytes, and its length."""

    blocks: list[bytes] = []
    recorded: int = 0
    length: int = 0
    complete: bool = False

    def append(self, block: bytes, most: int) -> None:
        """Record the next block, as far as it fits into so many bytes."""
        self.length += len(block)
        if self.recorded < most:
            block = block[: most - self.recorded]
            self.blocks.append(block)
            self.recorded += len(block)


class Recording:
    """One exchange of an ASGI app; little is computed until somebody reads it.

    Args:
        most_bytes: how much of a body is recorded.
        url: where a proxy passes the request on to; None for the URL that was called.
        contract: of the app, to find the operation in; None where `operation` is set.
        shown_bytes: how much of a body a journal shows, without its content coding; None for all.

    Attributes:
        status: of the response; 0 until there is one.
        operation: its operationId; None to find it.
        fault: id of the fault that applied.
        by_rule: whether a rule asked for the response.
        verdict: what the contract says, if that is known.
    """

    __slots__ = (
        *("_began", "_contract", "_method", "_most_bytes", "_path", "_query", "_request_headers", "_scheme"),
        *("_seconds", "_shown_bytes", "_started", "_url"),
        *("by_rule", "fault", "headers", "operation", "request", "response", "service", "status", "verdict"),
    )

    def __init__(
        self,
        scope: Scope,
        most_bytes: int,
        url: str | None = None,
        contract: Contract | None = None,
        shown_bytes: int | None = None,
    ) -> None:
        self._scheme, self._method = scope["scheme"], scope["method"]
        self._path: bytes = scope.get("raw_path") or scope["path"].encode()
        self._query: bytes = scope["query_string"]
        self._request_headers: Headers = scope["headers"]
        self._most_bytes, self._shown_bytes = most_bytes, shown_bytes
        self._url, self._contract = url, contract
        self._started, self._began = time(), perf_counter()
        self._seconds: float | None = None
        self.request, self.response = RecordedContent(), RecordedContent()
        self.status = 0
        self.headers: Headers = []
        self.operation: str | None = None
        self.fault = ""
        self.by_rule = False
        self.verdict: Validation | None = None
        self.service: str | msgspec.UnsetType = scope.get(SERVICE_KEY, msgspec.UNSET)

    def ask(self, block: bytes, *, more: bool) -> None:
        """Record a block of the request's body."""
        self.request.append(block, self._most_bytes)
        self.request.complete = not more

    def most_of(self, block: bytes) -> int:
        """Return how many bytes of the request's next block would be recorded."""
        return max(min(len(block), self._most_bytes - self.request.recorded), 0)

    def respond(self, block: bytes, *, more: bool) -> None:
        """Record a block of the response's body."""
        self.response.append(block, self._most_bytes)
        self.response.complete = not more

    def cut(self) -> None:
        """Record no more of the bodies."""
        self._most_bytes = 0

    def cut_response(self, length: int) -> None:
        """Record the response as if its body ended after so many bytes."""
        body = b"".join(self.response.blocks)[:length]
        self.response = RecordedContent([body], len(body), length)

    def end(self) -> bool:
        """Stop the clock; return whether it was running."""
        if self.ended:
            return False
        self._seconds = perf_counter() - self._began
        return True

    @property
    def ended(self) -> bool:
        """Whether the clock has stopped."""
        return self._seconds is not None

    @property
    def has_whole_response(self) -> bool:
        """Whether the response's body is as long as its head says."""
        length = _value(self.headers, b"content-length")
        return length.isdigit() and self.response.length == int(length)

    def is_light(self, most_bytes: int) -> bool:
        """Return whether the bodies have no more than so many bytes, which of coded ones is not known."""
        sides = ((self._request_headers, self.request), (self.headers, self.response))
        coded = any(content.recorded and _value(headers, b"content-encoding") for headers, content in sides)
        return not coded and self.request.recorded + self.response.recorded <= most_bytes

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        text = b"".join(chain.from_iterable((*self._request_headers, *self.headers)))
        return len(text) + len(self._path) + len(self._query) + self.request.recorded + self.response.recorded

    def unmasked(self) -> RecordedExchange:
        """Return the exchange as it is so far, its secrets in it."""
        return RecordedExchange(
            **self._times(),
            method=self._method,
            url=self._target(),
            status=self.status,
            request=_message(self._request_headers, self.request, self._request_length()),
            response=_message(
                self.headers,
                self.response,
                self.response.length + (self.status > 0 and not self.response.complete),
            ),
        )

    def headline(self, number: int, masking: Masking) -> RecordedExchange:
        """Return the exchange without its messages, in which it takes long to find secrets."""
        masking = masking.knowing(_texts((*self._request_headers, *self.headers)))
        return RecordedExchange(
            number=number,
            **self._times(),
            method=self._method,
            url=masking.url(self._target()),
            status=self.status,
            request=Message(),
            response=Message(),
            operation=self.operation or "",
            fault=self.fault,
            verdict=self.verdict,
            service=self.service,
        )

    def exchange(self, number: int, masking: Masking) -> RecordedExchange:
        """Return the exchange as the journal shows it."""
        exchange = self.unmasked()
        operation = self.operation
        if operation is None:
            assert self._contract is not None  # noqa: S101 -- one of the two is handed over
            path = self._path.decode("latin-1")
            route = self._contract.route(self._method, path, self._query, exchange.request.field)
            operation = route.operation_id
        request, response = _plain(exchange.request), _plain(exchange.response)
        plain = msgspec.structs.replace(exchange, request=request, response=response)
        return msgspec.structs.replace(
            plain.masked(masking, self._shown_bytes),
            number=number,
            request_id=exchange.response.header("x-request-id") or "",
            operation=operation,
            scope=(exchange.request.header("x-mock-scope") or "")[:LONGEST_SCOPE],
            fault=self.fault,
            by_rule=self.by_rule,
            verdict=self.verdict,
            service=self.service,
        )

    def _times(self) -> dict[str, Any]:
        seconds = perf_counter() - self._began if self._seconds is None else self._seconds
        started = datetime.fromtimestamp(self._started, UTC)
        return {"started": started, "milliseconds": round(seconds * 1000, 3)}

    def _target(self) -> str:
        if self._url is not None:
            return self._url
        host = (_value(self._request_headers, b"host") or b"localhost").decode("latin-1")
        query = b"?" + self._query if self._query else b""
        return f"{self._scheme}://{host}{(self._path + query).decode('latin-1')}"

    def _request_length(self) -> int:
        """Return the length of a body that perhaps was not read to its end, as of a refused request."""
        if self.request.complete:
            return self.request.length
        length = _value(self._request_headers, b"content-length")
        if length.isdigit() and len(length) <= LONGEST_LENGTH:
            return max(self.request.length, int(length))
        return self.request.length + bool(_value(self._request_headers, b"transfer-encoding"))


def refused(recording: Recording, problem: Problem) -> Recording:
    """Return the recording of a request that was refused at its head; it is not validated."""
    recording.status, recording.operation = problem.status, ""
    recording.verdict = Validation(unjudged=problem.detail)
    recording.end()
    return recording


class JournalMiddleware:
    """An ASGI app whose exchanges are recorded in a journal, neither changed nor held up.

    The page that shows the contract, what it loads, and health checks are not recorded.

    Args:
        journal: has an exchange before the last part of its response is sent.
    """

    def __init__(self, app: ASGIApp, journal: Journal, contract: Contract) -> None:
        self._app = app
        self._journal = journal
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or (is_page(path) and path not in self._contract.paths):
            await self._app(scope, receive, send)
            return
        most = self._journal.most_body_bytes
        recording = Recording(scope, most, contract=self._contract, shown_bytes=most)

        def end() -> None:
            if recording.end():
                recording.fault = scope.get(RULE_KEY, "")
                is_ruled = scope.get(BY_RULE_KEY, False)
                recording.by_rule = is_ruled and _value(recording.headers, b"x-mock-answer") != b"upstream"
                self._journal.record(recording)

        async def recorded_receive() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                body = message.get("body", b"")
                try:
                    hold(scope, recording.most_of(body))
                except ServiceUnavailable:
                    recording.cut()
                recording.ask(body, more=message.get("more_body", False))
            return message

        def recorded_send(message: Any) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                recording.status, recording.headers = message["status"], message.get("headers", [])
            else:
                more = message.get("more_body", False)
                recording.respond(message.get("body", b""), more=more)
                if not more:
                    end()  # once a client has the response, the journal has it
            return send(message)

        try:
            await self._app(scope, recorded_receive, recorded_send)
        finally:
            end()


def s3_exchange(report: Mapping[str, Any], masking: Masking) -> RecordedExchange:
    """Return an exchange with S3; its process reports it as `strict_s3.app.described` returns it."""
    request, response = report["request"], report["response"]
    exchange = RecordedExchange(
        server="s3",
        started=datetime.fromtimestamp(report["started"], UTC),
        milliseconds=round(report["seconds"] * 1000, 3),
        method=request["method"],
        url=request["url"],
        status=response["status"],
        request=_s3_message(request, request.get("body", ""), request["fields"]),
        response=_s3_message(response, response["body"]),
        operation=report["operation"],
        fault=report["fault"],
    )
    return msgspec.structs.replace(
        exchange.masked(masking),
        request_id=exchange.response.header("x-amz-request-id") or "",
        scope=(exchange.request.header("x-mock-scope") or "")[:LONGEST_SCOPE],
    )


def _s3_message(message: Mapping[str, Any], body: str, fields: Iterable[tuple[str, str]] = ()) -> Message:
    headers = [(name, value) for name, value in message["headers"]]
    return Message(headers=headers, body=body.encode(), body_bytes=message["body_bytes"], fields=[*fields])


def _value(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return the first value of a field; empty if it is not there."""
    return next((value for field, value in headers if field.lower() == name), b"")


def _texts(fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def _message(headers: Headers, content: RecordedContent, length: int) -> Message:
    return Message(
        headers=_texts(headers),
        body=b"".join(content.blocks),
        body_bytes=length,
    )


def _plain(message: Message) -> Message:
    """Return a message without its content coding, in which no secret would be found."""
    try:
        plain = decoded(message)
    except NotDecoded:
        plain = b""
    length = message.body_bytes if plain is message.body or not plain else len(plain)
    return msgspec.structs.replace(message, body=plain, body_bytes=length)
