"""How the Scanner API writes its problems."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from contract_first.service.messages.problems import Problem, ProblemProfile, ValidationFailed, Violation


def _members(problem: Problem, request_id: str, now: datetime) -> dict[str, Any]:
    members = {
        "error_code": problem.code or f"status_{problem.status}",
        "retryable": problem.is_transient,
        "timestamp": now.isoformat(),
        "request_id": request_id,
    }
    if problem.retry_after.isdecimal() and problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        members["retry_after_seconds"] = int(problem.retry_after)
    return members


PROFILE = ProblemProfile("https://closient.com/docs/errors/", _members)


def invalid(pointer: str, rule: str, detail: str) -> ValidationFailed:
    """Return the problem of a body with one invalid part."""
    return ValidationFailed([Violation("body", pointer, rule, detail)])
