"""The API's own problems, where a contract documents them for a status."""

from collections.abc import Callable

from contract_first.contract import Contract, Operation
from contract_first.service.access.security import alternatives_of
from contract_first.service.messages.problems import (
    BY_STATUS,
    MethodNotAllowed,
    Problem,
    RateLimited,
    Unauthorized,
    ValidationFailed,
    Violation,
)
from contract_first.service.messages.request import Request

from .authenticators import challenges_for

DETAIL = "The mock was asked for this response."
LONGEST_LINE = 1000
RETRY_AFTER = "contract_first.mock.retry_after"
"""The seconds that a 429 says to wait, in the scope of a request whose fault says so."""


def documented_problem(operation: Operation, status: int, contract: Contract) -> Callable[[Request], Problem]:
    """Return what makes the problem of a status that is asked for."""
    if status == RateLimited.status:
        return _rate_limited
    if status == Unauthorized.status:
        schemes, realm = contract.security_schemes, contract.document["info"]["title"]
        challenge = challenges_for(alternatives_of(operation), schemes, realm) or "Bearer"
        return lambda _: Unauthorized(DETAIL, headers={"WWW-Authenticate": challenge})
    if status == MethodNotAllowed.status:
        methods = {other.method.upper() for other in contract.operations if other.path == operation.path}
        allow = ", ".join(sorted(methods | {"OPTIONS"}))
        return lambda _: MethodNotAllowed(DETAIL, headers={"Allow": allow})
    return lambda _: _problem(status)


def _problem(status: int) -> Problem:
    if status == ValidationFailed.status:
        return ValidationFailed([Violation("query", "mock", "mock", DETAIL)])
    kind = BY_STATUS.get(status)
    return Problem(status, DETAIL) if kind is None else kind(DETAIL)


def _rate_limited(request: Request) -> Problem:
    """Return the problem of a window that is used up, and let the headers of the response say so."""
    fields = request.response_headers
    request.response_headers = [
        (name, b"0" if name.endswith(b"ratelimit-remaining") else value) for name, value in fields
    ]
    reset = next((value for name, value in fields if name == b"ratelimit-reset"), b"")
    if RETRY_AFTER in request.scope:
        return RateLimited(request.scope[RETRY_AFTER])
    return RateLimited(max(1, int(reset)) if reset.isdigit() else 1)


def in_a_line(problem: Problem) -> bytes:
    """Return a problem in a line, for a header: each of its violations, or its detail."""
    return in_a_header(problem.reason)


def in_a_header(text: str) -> bytes:
    """Return the beginning of a text as a header can hold it."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:LONGEST_LINE]).encode()
