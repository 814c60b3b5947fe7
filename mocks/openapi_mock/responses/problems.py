"""The API's own problems, where a contract documents them for a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_service.problems import (
    BY_STATUS,
    MEDIA_TYPE,
    NEUTRAL,
    MethodNotAllowed,
    Problem,
    RateLimited,
    Unauthorized,
    ValidationFailed,
    Violation,
)
from openapi_service.security import alternatives_of

from .gate import challenges_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openapi_contract import Contract, Operation
    from openapi_service.request import Request

ASKED_FOR = "The mock was asked for this answer."
LONGEST_LINE = 1000


def is_documented(media_type: str, holder: Mapping[str, Any], status: int) -> bool:
    """Tell whether a response is a problem of ours, as far as its media type and status tell."""
    return media_type == MEDIA_TYPE and status in BY_STATUS and not ({"example", "examples"} & holder.keys())


def in_a_line(problem: Problem) -> bytes:
    """Return what a problem says, for a header: each part that is wrong, or the detail."""
    parts = problem.violations if isinstance(problem, ValidationFailed) else ()
    said = "; ".join(f"{each.location} {each.name}: {each.detail}" for each in parts) or problem.detail
    return "".join(each if " " <= each <= "~" else "?" for each in said[:LONGEST_LINE]).encode()


def sample_of(status: int) -> dict[str, Any]:
    """Return the document of a problem of a status, for a schema to be asked about it."""
    return _plain(status).document(
        instance="/", timestamp="2000-01-01T00:00:00+00:00", request_id="0", types=NEUTRAL
    )


def _plain(status: int) -> Problem:
    if status == RateLimited.status:
        return RateLimited(1)
    if status == ValidationFailed.status:
        return ValidationFailed([Violation("query", "mock", "mock", ASKED_FOR)])
    return BY_STATUS[status](ASKED_FOR)


def problem_of(status: int, operation: Operation, contract: Contract) -> Callable[[Request], Problem]:
    """Return what makes the problem of a status, with the headers that it has."""
    if status == Unauthorized.status:
        schemes, realm = contract.security_schemes, contract.document["info"]["title"]
        challenge = challenges_for(alternatives_of(operation), schemes, realm) or "Bearer"
        return lambda _: Unauthorized(ASKED_FOR, headers={"WWW-Authenticate": challenge})
    if status == MethodNotAllowed.status:
        methods = {each.method.upper() for each in contract.operations if each.path == operation.path}
        allow = ", ".join(sorted(methods | {"OPTIONS"}))
        return lambda _: MethodNotAllowed(ASKED_FOR, headers={"Allow": allow})
    if status == RateLimited.status:
        return _rate_limited
    return lambda _: _plain(status)


def _rate_limited(request: Request) -> Problem:
    """Say that nothing is left of the window that the headers of the answer tell about."""
    fields = request.response_headers
    request.response_headers = [
        (name, b"0" if name.endswith(b"ratelimit-remaining") else value) for name, value in fields
    ]
    reset = next((value for name, value in fields if name == b"ratelimit-reset"), b"")
    return RateLimited(max(1, int(reset)) if reset.isdigit() else 1)
