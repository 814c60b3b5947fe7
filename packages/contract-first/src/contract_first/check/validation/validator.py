"""Validates exchanges against a contract, with the validators of the service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange, Validation
from contract_first.contract import Contract, Operation
from contract_first.contract.routing import Route
from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import PayloadTooLarge
from contract_first.service.messages.request import Request

from .content_codings import MOST_BYTES, NotDecoded, decoded
from .openapi_core import OpenapiCore
from .requests import ReadRequest, RequestValidator
from .responses import OperationResponses

Result = TypeVar("Result")
CLOCK = SystemClock()
WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
TOO_MUCH = "with those before it, it has too many values; validate parts of the file"
MOST_PREPARED = 2_000
"""Operations; what is left is compiled when the first of its exchanges is validated."""


class ValidatedExchange(NamedTuple):
    """The violations of an exchange, and the values of its request.

    Attributes:
        operation_id: of the operation that was called; empty if of none.
        request: what the request holds; None without an operation.
    """

    validation: Validation
    operation_id: str = ""
    request: ReadRequest | None = None


class ExchangeValidator:
    """Validates the request and the response of exchanges with any server against one contract.

    Args:
        contract: any OpenAPI 3.0, 3.1 or 3.2 contract.
        base_url: where it is deployed, if its servers do not say; only the path counts.
        authentication: whether the server requires credentials where the contract does.
    """

    def __init__(
        self, contract: Contract, base_url: str | None = None, *, authentication: bool = True
    ) -> None:
        self._contract = contract
        self._deployment = contract.deployed_at(base_url)
        self._authentication = authentication
        self._core = OpenapiCore(contract)
        self._requests: dict[str, RequestValidator] = {}
        self._responses: dict[str, OperationResponses] = {}

    def prepare(self) -> None:
        """Compile the validators, which would delay the first exchanges."""
        for operation in self._contract.operations[:MOST_PREPARED]:
            for compiled in (self._of_requests, self._of_responses):
                with suppress(Exception):  # what cannot be compiled is reported when it is asked for
                    compiled(operation)

    def operation_id(self, exchange: RecordedExchange) -> str:
        """Return the operationId that a request belongs to, empty if to none."""
        return self._route(exchange).operation_id

    def _route(self, exchange: RecordedExchange) -> Route:
        path, query = target(exchange.url)
        return self._deployment.route(exchange.method.upper(), path, query, exchange.request.field)

    def verdict(self, exchange: RecordedExchange) -> Validation:
        """Return the violations of an exchange; no content of it raises an error."""
        return self.validate(exchange).validation

    def validate(self, exchange: RecordedExchange, *, bodies: bool = True) -> ValidatedExchange:
        """Return the violations of an exchange, and what could be read of it; no content raises an error.

        Args:
            bodies: validate them; otherwise the result says that they are not.
        """
        try:
            return self._validated(exchange, Omissions(bodies=bodies))
        except Exception as error:  # noqa: BLE001 -- no exchange may stop its observer
            return ValidatedExchange(Validation(unjudged=f"it cannot be validated ({type(error).__name__})"))

    def _validated(self, exchange: RecordedExchange, omissions: "Omissions") -> ValidatedExchange:
        path, query = target(exchange.url)
        route = self._route(exchange)
        if route.operation is None:
            return ValidatedExchange(_unrouted(exchange, route))
        if route.operation.defect:
            return ValidatedExchange(Validation(unjudged=route.operation.defect), route.operation_id)
        request = request_of(exchange, path, query)
        request.path_parameters = route.path_parameters
        read, response = ReadRequest(), list[MessageViolation]()
        with omissions.side("request"):
            of_requests = self._of_requests(route.operation)
            body = omissions.body(exchange.request, "request")
            read = omissions.within_limits("request", body, partial(of_requests.validate, request))
        with omissions.side("response"):
            of_responses = self._of_responses(route.operation)
            response = self._response(exchange, of_responses, omissions)
        if route.note:
            read.violations.append(MessageViolation(part="path", rule="undocumented", detail=route.note))
        validation = Validation(request=read.violations, response=response, unjudged=omissions.reasons)
        return ValidatedExchange(validation, route.operation_id, read)

    @staticmethod
    def _response(
        exchange: RecordedExchange, validator: OperationResponses, omissions: "Omissions"
    ) -> list[MessageViolation]:
        if not exchange.status:
            omissions.add("the connection ended without a response")
            return []
        bodiless = exchange.method.upper() == "HEAD" or exchange.status in WITHOUT_BODY
        body = (
            None if bodiless and not exchange.response.body else omissions.body(exchange.response, "response")
        )
        violations = partial(validator.violations, exchange.status, raw_fields(exchange.response))
        return omissions.within_limits("response", body, violations)

    def _of_requests(self, operation: Operation) -> RequestValidator:
        """Return the validator of an operation's requests, compiled when it is first asked for."""
        name = operation.operation_id
        if name not in self._requests:
            checked = operation if self._authentication else replace(operation, security=())
            self._requests[name] = RequestValidator(checked, self._contract)
        return self._requests[name]

    def _of_responses(self, operation: Operation) -> OperationResponses:
        """Return the validator of an operation's responses, compiled when it is first asked for."""
        name = operation.operation_id
        if name not in self._responses:
            self._responses[name] = OperationResponses(operation, self._contract, self._core)
        return self._responses[name]


class Omissions:
    """Why parts of an exchange are not validated.

    Args:
        bodies: whether bodies are.

    Attributes:
        reasons: empty if all is validated.
    """

    def __init__(self, *, bodies: bool = True) -> None:
        self.reasons = ""
        self._bodies = bodies

    def add(self, why: str) -> None:
        """Add a reason."""
        self.reasons += ("; " if self.reasons else "") + why

    @contextmanager
    def side(self, which: str) -> Iterator[None]:
        """Add that one side cannot be validated where that fails; the other may be."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- no exchange may stop its observer
            self.add(f"the {which} cannot be validated ({type(error).__name__})")

    def body(self, message: Message, which: str) -> bytes | None:
        """Return the body of a message without its content coding, None if that is not known."""
        if message.body and not self._bodies:
            self.add(f"the {which}'s body is not validated: {TOO_MUCH}")
            return None
        if not message.whole and len(message.body) <= MOST_BYTES:
            self.add(f"the {which}'s body was not recorded whole")
            return None
        try:
            return decoded(message)
        except NotDecoded as error:
            self.add(f"the {which}'s body is not validated: {error}")
            return None

    def within_limits(
        self, which: str, body: bytes | None, validate: Callable[[bytes | None], Result]
    ) -> Result:
        """Return the violations of a message; its body is left out if it is too large to read."""
        try:
            return validate(body)
        except PayloadTooLarge as problem:
            self.add(f"the {which}'s body is not validated: {problem.detail}")
            return validate(None)


def _unrouted(exchange: RecordedExchange, route: Route) -> Validation:
    if exchange.method.upper() == "OPTIONS":
        return Validation(unjudged="OPTIONS asks for what HTTP and CORS allow, not for an operation")
    violation = MessageViolation(
        part="operation",
        where=exchange.method[:20],
        rule="undocumented",
        detail=route.refusal(exchange.method),
        pointer="/paths",
    )
    return Validation(
        request=[violation], unjudged="no operation of the contract says what the response should be"
    )


def target(url: str) -> tuple[str, bytes]:
    """Return path and query of a URL as they were sent, the path's bytes as Latin-1; any text is a URL."""
    text = url.encode("utf-8", "replace").decode("latin-1").partition("#")[0]
    head, _, query = text.partition("?")
    _, slashes, rest = head.partition("://")
    return "/" + (rest.partition("/")[2] if slashes else head.removeprefix("/")), query.encode("latin-1")


def request_of(exchange: RecordedExchange, path: str, query: bytes) -> Request:
    """Return the request of an exchange as the service sees one; its body is not in it."""
    scope = {
        "method": exchange.method.upper(),
        "headers": raw_fields(exchange.request),
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
    }
    return Request(scope, _nothing, "", CLOCK)


async def _nothing() -> Any:
    """Receive nothing: the body is there already."""
    return {"type": "http.disconnect"}


def raw_fields(message: Message) -> list[tuple[bytes, bytes]]:
    """Return a message's fields as the server hands them on, without the pseudo-header fields of HTTP/2."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in message.headers
        if not name.startswith(":")
    ]
