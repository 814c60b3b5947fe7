"""Judges exchanges against a contract: openapi-core decides, compiled filters in front spare it most."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner_api.binding.request import Request
from scanner_api.binding.resources import Resources
from scanner_api.binding.routing import PathTable
from scanner_api.binding.schemas import SchemaCompiler
from scanner_api.clock import SystemClock
from scanner_api.problems import MethodNotAllowed, NotFound, Problem
from scanner_mocks.journal import Verdict, Violation

from .base_paths import BasePaths
from .content_codings import NotDecoded, decoded
from .contract_words import precise
from .court import Court
from .requests import JudgedRequest, RequestJudge
from .responses import ResponseJudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner_contract import Contract
    from scanner_mocks.journal import Exchange, Message

CLOCK = SystemClock()
WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Judgement(NamedTuple):
    """A verdict, and what it was given on.

    Attributes:
        verdict: what the contract says.
        operation_id: of the operation that was called; empty if of none.
        request: what the request holds; None without an operation.
    """

    verdict: Verdict
    operation_id: str = ""
    request: JudgedRequest | None = None


class ExchangeJudge:
    """Judges the request and the answer of an exchange, of whatever server, by one contract.

    Args:
        contract: any OpenAPI 3.0 or 3.1 contract.
        base_url: where it is deployed, if its servers do not tell; only the path counts.
    """

    def __init__(self, contract: Contract, base_url: str | None = None) -> None:
        resources = Resources(contract.document, contract.source)
        self._contract = contract
        self._bases = BasePaths(contract, base_url)
        self._table = PathTable(contract.operations)
        self._operations = {each.operation_id: each for each in contract.operations}
        self._compiler = SchemaCompiler(resources)
        self._court = Court(contract, resources)
        self._judges: dict[str, _Judges] = {}

    def prepare(self) -> None:
        """Do now, at a start, what would hold up the first exchanges."""
        for operation_id in self._operations:
            with suppress(Exception):  # what cannot be compiled is told when it is asked for
                self._judges_of(operation_id).prepare()

    def operation_id(self, method: str, url: str) -> str:
        """Return the operationId that a request belongs to, empty if to none."""
        try:
            return self._routed(method, target(url)[0])[0]
        except Problem:
            return ""

    def verdict(self, exchange: Exchange) -> Verdict:
        """Return what the contract says of an exchange; whatever is in it, nothing is raised."""
        return self.judge(exchange).verdict

    def judge(self, exchange: Exchange) -> Judgement:
        """Return what the contract says of an exchange, and what it saw in it; nothing is raised."""
        try:
            return self._judgement(exchange)
        except Exception as error:  # noqa: BLE001 -- what others send must not end who watches
            return Judgement(Verdict(unjudged=f"it cannot be judged ({type(error).__name__})"))

    def _judgement(self, exchange: Exchange) -> Judgement:
        path, query = target(exchange.url)
        try:
            operation_id, values = self._routed(exchange.method, path)
        except Problem as problem:
            return Judgement(_unrouted(exchange, problem))
        judges, unjudged = self._judges_of(operation_id), _Unjudged()
        request = _request(exchange, path, query)
        request.path_parameters = values
        judged, response = JudgedRequest(), list[Violation]()
        with unjudged.side("request"):
            judged = judges.request.judge(request, unjudged.body(exchange.request, "request"))
        with unjudged.side("answer"):
            response = self._response(exchange, judges.response, unjudged)
        verdict = Verdict(
            request=self._pointed(judged.violations),
            response=self._pointed(response),
            unjudged=unjudged.told,
        )
        return Judgement(verdict, operation_id, judged)

    def _pointed(self, violations: list[Violation]) -> list[Violation]:
        return [precise(each, self._contract.document) for each in violations]

    @staticmethod
    def _response(exchange: Exchange, judge: ResponseJudge, unjudged: _Unjudged) -> list[Violation]:
        if not exchange.status:
            unjudged.tell("the connection ended without an answer")
            return []
        bodiless = exchange.method.upper() == "HEAD" or exchange.status in WITHOUT_BODY
        body = None if bodiless and not exchange.response.body else unjudged.body(exchange.response, "answer")
        return judge.violations(exchange.status, _raw(exchange.response), body)

    def _routed(self, method: str, path: str) -> tuple[str, Mapping[str, bytes]]:
        """Return the operation of a method and path; the Problem of the request if there is none."""
        problem: Problem = NotFound("No operation of the contract has this path.")
        for within in self._bases.within(path):
            try:
                item, values = self._table.find(within)
            except NotFound:
                continue
            if method.upper() in item.operations:
                return item.operations[method.upper()], values
            problem = MethodNotAllowed(f"{method[:20]} is not among the methods of this path: {item.allow}.")
        raise problem

    def _judges_of(self, operation_id: str) -> _Judges:
        if operation_id not in self._judges:
            operation = self._operations[operation_id]
            self._judges[operation_id] = _Judges(operation, self._contract, self._compiler, self._court)
        return self._judges[operation_id]


class _Judges:
    """The judges of one operation."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    @cached_property
    def request(self) -> RequestJudge:
        """The judge of its requests."""
        return RequestJudge(*self._parts)

    @cached_property
    def response(self) -> ResponseJudge:
        """The judge of its answers."""
        return ResponseJudge(*self._parts)

    def prepare(self) -> None:
        """Make both."""
        _ = self.response, self.request


class _Unjudged:
    """Why parts of an exchange are not judged."""

    def __init__(self) -> None:
        self.told = ""

    def tell(self, why: str) -> None:
        """Add a reason."""
        self.told += ("; " if self.told else "") + why

    @contextmanager
    def side(self, which: str) -> Iterator[None]:
        """Tell that one side cannot be judged where judging it fails; the other may be."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- what others send must not end who watches
            self.tell(f"the {which} cannot be judged ({type(error).__name__})")

    def body(self, message: Message, which: str) -> bytes | None:
        """Return the body of a message without its content coding, None if that is not known."""
        coding = ", ".join(value for name, value in message.headers if name.lower() == "content-encoding")
        if not message.whole:
            self.tell(f"the {which}'s body is longer than what was kept of it")
            return None
        try:
            return decoded(message.body, coding)
        except NotDecoded as error:
            self.tell(f"the {which}'s body is not judged: {error}")
            return None


def _unrouted(exchange: Exchange, problem: Problem) -> Verdict:
    if exchange.method.upper() == "OPTIONS":
        return Verdict(unjudged="OPTIONS asks for what HTTP and CORS allow, not for an operation")
    violation = Violation(
        part="operation",
        where=exchange.method[:20],
        rule="undocumented",
        detail=problem.detail,
        pointer="/paths",
    )
    return Verdict(
        request=[violation], unjudged="no operation of the contract says what the answer should be"
    )


def target(url: str) -> tuple[str, bytes]:
    """Return path and query of a URL as they were sent, the path's bytes as Latin-1; no URL is too broken."""
    sent = url.encode("utf-8", "replace").decode("latin-1").partition("#")[0]
    head, _, query = sent.partition("?")
    _, slashes, rest = head.partition("://")
    return "/" + (rest.partition("/")[2] if slashes else head.removeprefix("/")), query.encode("latin-1")


def _request(exchange: Exchange, path: str, query: bytes) -> Request:
    scope = {
        "method": exchange.method.upper(),
        "headers": _raw(exchange.request),
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
    }
    return Request(scope, _nothing, "", CLOCK)


async def _nothing() -> Any:
    """Receive nothing: the body is there already."""
    return {"type": "http.disconnect"}


def _raw(message: Message) -> list[tuple[bytes, bytes]]:
    """Return a message's fields as the server hands them on, without the pseudo-header fields of HTTP/2."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in message.headers
        if not name.startswith(":")
    ]
