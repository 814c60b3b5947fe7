"""The exchanges of tests: each is validated, and counts for the coverage."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2

from contract_first.check import Credentials
from contract_first.check.exchange import Message, MessageViolation, RecordedExchange
from contract_first.check.reports.recorded import OperationCoverage
from contract_first.check.validation import ExchangeValidator
from contract_first.check.validation.coverage import Coverage
from contract_first.check.validation.validator import target
from contract_first.contract import Contract, Operation

BAD_REQUEST = 400
NO_CREDENTIALS = Credentials()


class ContractViolationError(AssertionError):
    """An exchange violates the contract; the message has each violation, with pointers.

    Attributes:
        violations: with their side, ``request`` or ``response``.
    """

    def __init__(self, head: str, violations: Sequence[tuple[str, MessageViolation]]) -> None:
        super().__init__("\n".join([head, *(f"  {_line(*violation)}" for violation in violations)]))
        self.violations = violations


def _is_violation(error: Any) -> bool:
    return isinstance(error.value, ContractViolationError)


# pytest leaves the frames of the client's module out of the traceback of a violation
httpx2.Client.send.__globals__["__tracebackhide__"] = _is_violation


class Exchanges:
    """Validates the exchanges with one deployment of a contract, and counts what they exercise.

    An exchange that belongs to no operation is not validated: apps serve pages beside their contract.

    Args:
        base_url: where the app serves the contract, beside the base paths of its servers.
    """

    def __init__(self, contract: Contract, base_url: str) -> None:
        self._contract = contract
        self._deployment = contract.deployed_at(base_url)
        self._validator = ExchangeValidator(contract, base_url)
        self._coverage = Coverage(contract)

    @property
    def source(self) -> str:
        """The path or URL of the contract."""
        return str(self._contract.source)

    @property
    def counts(self) -> list[OperationCoverage]:
        """What has been exercised so far."""
        return self._coverage.operations

    def credentials(self, request: httpx2.Request, credentials: Credentials) -> Mapping[str, str]:
        """Return the header fields that the operation of a request requires, as far as there are any."""
        path, query = target(str(request.url))
        operation = self._deployment.route(request.method, path, query).operation
        fields = dict(credentials.common(self._contract.security_schemes))
        for field in _satisfying(operation, credentials.by_scheme(self._contract.security_schemes)):
            fields |= field
        return fields

    def validate(self, request: httpx2.Request, response: httpx2.Response, body: bytes) -> None:
        """Validate an exchange.

        Args:
            body: of the response, with its content coding.

        Raises:
            ContractViolationError: the response violates it, or the app accepted a request that does.
        """
        __tracebackhide__ = True
        exchange = RecordedExchange(
            started=datetime.now(UTC),
            milliseconds=0,
            method=request.method,
            url=str(request.url),
            status=response.status_code,
            request=_message(request.headers, request.content),
            response=_message(response.headers, body),
        )
        validated = self._validator.validate(exchange)
        if not validated.operation_id:
            return
        self._coverage.record(exchange, validated)
        is_accepted = response.status_code < BAD_REQUEST
        violations = [
            (side, violation)
            for side, violation in validated.validation.violations
            if side == "response" or is_accepted
        ]
        if violations:
            head = f"{request.method} {request.url.path}: {response.status_code} violates {self.source}"
            raise ContractViolationError(head, violations)


def _satisfying(
    operation: Operation | None, by_scheme: Mapping[str, dict[str, str]]
) -> Iterator[dict[str, str]]:
    """Yield the header fields of the first security requirement that can be satisfied."""
    for requirement in () if operation is None else operation.security:
        if requirement.keys() <= by_scheme.keys():
            yield from (by_scheme[scheme] for scheme in requirement)
            return


def _message(headers: httpx2.Headers, body: bytes) -> Message:
    return Message(headers=headers.multi_items(), body=body, body_bytes=len(body))


def _line(side: str, violation: MessageViolation) -> str:
    place = " ".join(part for part in (side, violation.part, violation.where) if part)
    accepted = ", and the app accepted it" if side == "request" else ""
    pointer = f"; see {violation.pointer}" if violation.pointer else ""
    return f"{place}: {violation.detail} ({violation.rule}){accepted}{pointer}"
