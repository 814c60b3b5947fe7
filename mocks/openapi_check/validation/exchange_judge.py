"""Judges exchanges against a contract: openapi-core decides, compiled filters in front spare it most."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from openapi_check.exchange import Verdict, Violation

from .court import Court
from .requests import JudgedRequest, RequestJudge
from .responses import ResponseJudge
from .unjudged import Unjudged
from .wire import raw_fields, request_of, target

if TYPE_CHECKING:
    from openapi_check.exchange import Exchange
    from openapi_contract import Contract, Operation
    from openapi_contract.routing import Route

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
        authentication: whether the server asks for credentials where the contract does.
    """

    def __init__(
        self, contract: Contract, base_url: str | None = None, *, authentication: bool = True
    ) -> None:
        self._contract = contract
        self._deployment = contract.deployed_at(base_url)
        self._authentication = authentication
        self._court = Court(contract)
        self._judges: dict[str, _Judges] = {}

    def prepare(self) -> None:
        """Do now, at a start, what would hold up the first exchanges."""
        for operation in self._contract.operations:
            with suppress(Exception):  # what cannot be compiled is told when it is asked for
                self._judges_of(operation).prepare()

    def operation_id(self, method: str, url: str) -> str:
        """Return the operationId that a request belongs to, empty if to none."""
        return self._deployment.route(method.upper(), target(url)[0]).operation_id

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
        route = self._deployment.route(exchange.method.upper(), path)
        if route.operation is None:
            return Judgement(_unrouted(exchange, route))
        judges, unjudged = self._judges_of(route.operation), Unjudged()
        request = request_of(exchange, path, query)
        request.path_parameters = route.path_parameters
        judged, response = JudgedRequest(), list[Violation]()
        with unjudged.side("request"):
            judged = judges.request.judge(request, unjudged.body(exchange.request, "request"))
        with unjudged.side("answer"):
            response = self._response(exchange, judges.response, unjudged)
        verdict = Verdict(request=judged.violations, response=response, unjudged=unjudged.told)
        return Judgement(verdict, route.operation_id, judged)

    @staticmethod
    def _response(exchange: Exchange, judge: ResponseJudge, unjudged: Unjudged) -> list[Violation]:
        if not exchange.status:
            unjudged.tell("the connection ended without an answer")
            return []
        bodiless = exchange.method.upper() == "HEAD" or exchange.status in WITHOUT_BODY
        body = None if bodiless and not exchange.response.body else unjudged.body(exchange.response, "answer")
        return judge.violations(exchange.status, raw_fields(exchange.response), body)

    def _judges_of(self, operation: Operation) -> _Judges:
        judges = self._judges.get(operation.operation_id)
        if judges is None:
            asked = operation if self._authentication else replace(operation, security=())
            judges = self._judges[operation.operation_id] = _Judges(asked, self._contract, self._court)
        return judges


class _Judges:
    """The judges of one operation."""

    def __init__(self, operation: Operation, contract: Contract, court: Court) -> None:
        self._parts = operation, contract, court

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


def _unrouted(exchange: Exchange, route: Route) -> Verdict:
    if exchange.method.upper() == "OPTIONS":
        return Verdict(unjudged="OPTIONS asks for what HTTP and CORS allow, not for an operation")
    violation = Violation(
        part="operation",
        where=exchange.method[:20],
        rule="undocumented",
        detail=route.refusal(exchange.method),
        pointer="/paths",
    )
    return Verdict(
        request=[violation], unjudged="no operation of the contract says what the answer should be"
    )
