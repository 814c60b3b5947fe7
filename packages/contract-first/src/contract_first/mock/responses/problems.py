"""The API's own problems, where a contract documents them for a status."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence
from contract_first.contract.schemas.schema import Schema
from contract_first.service.access.security import alternatives_of
from contract_first.service.messages.problems import (
    BY_STATUS,
    MEDIA_TYPE,
    MethodNotAllowed,
    Problem,
    ProblemProfile,
    RateLimited,
    Unauthorized,
    ValidationFailed,
    Violation,
)
from contract_first.service.messages.request import Request
from contract_first.vocabulary.members import Meaning

from .authenticators import challenges_for

DETAIL = "The mock was asked for this response."
LONGEST_LINE = 1000
ERROR_STATUS = re.compile(r"[45][0-9]{2}")
EPOCH = datetime.fromtimestamp(0, UTC)


def documented_problem(
    operation: Operation,
    status: int,
    media_type: str,
    holder: Mapping[str, Any],
    contract: Contract,
    profile: ProblemProfile,
    is_valid: Callable[[Any, Any], bool],
) -> Callable[[Request], Problem] | None:
    """Return the maker of a documented problem; None where a response documents anything else.

    Args:
        is_valid: tells whether a value conforms to a schema.
    """
    if (
        essence(media_type) != MEDIA_TYPE
        or status not in BY_STATUS
        or {"example", "examples"} & holder.keys()
    ):
        return None
    sample = profile.document(_problem(status), instance="/", request_id="0", now=EPOCH)
    if not is_valid(holder.get("schema", True), sample):
        return None
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
    if status == RateLimited.status:
        return RateLimited(1)
    if status == ValidationFailed.status:
        return ValidationFailed([Violation("query", "mock", "mock", DETAIL)])
    return BY_STATUS[status](DETAIL)


def _rate_limited(request: Request) -> Problem:
    """Return the problem of a window that is used up, and let the headers of the response say so."""
    fields = request.response_headers
    request.response_headers = [
        (name, b"0" if name.endswith(b"ratelimit-remaining") else value) for name, value in fields
    ]
    reset = next((value for name, value in fields if name == b"ratelimit-reset"), b"")
    return RateLimited(max(1, int(reset)) if reset.isdigit() else 1)


def of_status(value: Any, schema: Schema, status: int) -> Any:
    """Return a generated error whose members say which status it is of, where their names mean that."""
    problem = Problem(DETAIL)
    problem.status = status
    with suppress(ValueError):  # of a status without a phrase
        return explained(value, schema, problem)
    return value


def names_other_status(value: Any, status: int) -> bool:
    """Tell whether an error names another status than this one, in a member of such a name at any depth."""
    if isinstance(value, list):
        return any(names_other_status(item, status) for item in value)
    if not isinstance(value, dict):
        return False
    named = [member for name, member in value.items() if name in Meaning.ERROR_STATUS]
    statuses = {text for text in map(str, named) if ERROR_STATUS.fullmatch(text)}
    is_other = bool(statuses) and str(status) not in statuses
    return is_other or any(names_other_status(member, status) for member in value.values())


def explained(value: Any, schema: Schema, problem: Problem) -> Any:
    """Return a generated error; members named like a message, code or status get those of the problem."""
    status, detail = int(problem.status), in_a_line(problem).decode()
    title = problem.title or HTTPStatus(status).phrase
    facts = ((Meaning.ERROR_TITLE, title), (Meaning.ERROR_DETAIL, detail), (Meaning.ERROR_STATUS, status))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [explained(value[0], schema.items, problem)]
    if not isinstance(value, dict):
        return value
    for name, member in value.items():
        if isinstance(member, dict | list) and name in schema.properties:
            candidates = [explained(member, schema.properties[name], problem)]
        else:
            candidates = [
                spelling for meaning, fact in facts if name in meaning for spelling in (fact, str(fact))
            ]
        explanations = ({**value, name: candidate} for candidate in candidates)
        value = next(filter(schema.conforms, explanations), value)
    return value


def in_a_line(problem: Problem) -> bytes:
    """Return a problem in a line, for a header: each of its violations, or its detail."""
    parts = problem.violations if isinstance(problem, ValidationFailed) else ()
    sentences = (f"{part.location} {part.name}".rstrip() + f": {part.detail}" for part in parts)
    return in_a_header("; ".join(sentences) or problem.detail)


def in_a_header(text: str) -> bytes:
    """Return the beginning of a text as a header can hold it."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:LONGEST_LINE]).encode()
