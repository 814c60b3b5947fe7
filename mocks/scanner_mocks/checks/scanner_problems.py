"""Every error is a problem of the Scanner's kind."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Final

from contract_first.check.checks.check import CheckFailure
from contract_first.check.checks.problem_details import ProblemDetails

FINAL: Final = frozenset({400, 401, 403, 404, 405, 406, 410, 413, 414, 415, 422})
PASSING: Final = frozenset({429, 503})
"""Statuses of what cannot succeed when it is repeated, and of what may."""


class ScannerProblems(ProblemDetails):
    """Checks that each error is a problem of the Scanner's kind, declared or not."""

    sentence = "Every error is a problem of the contract's kind."
    rules: ClassVar[dict[str, str]] = {
        **{name: ProblemDetails.rules[name] for name in ("media type", "object")},
        "members": "type, title, status, error_code, retryable, timestamp are there, each of its type",
        "status": ProblemDetails.rules["status"],
        "retryable": "retryable is false for what is wrong with the request, and true for 429 and 503",
        "type": "the URI in type ends with the error_code",
        "timestamp": "timestamp is a date-time with an offset from UTC",
        "schema": ProblemDetails.rules["schema"],
    }
    members: ClassVar[dict[str, type]] = {
        "type": str,
        "title": str,
        "status": int,
        "error_code": str,
        "retryable": bool,
        "timestamp": str,
    }
    required = frozenset(members)
    everywhere = True
    schema = "ProblemDetails"

    def wrong_members(self, problem: dict[str, Any], status: int, label: str) -> Iterator[CheckFailure]:
        """Yield the failures in the members of a problem."""
        yield from super().wrong_members(problem, status, label)
        if problem.get("retryable") is True and status in FINAL:
            yield self.failure("retryable", f"retryable is true for a {status}", label)
        if problem.get("retryable") is False and status in PASSING:
            yield self.failure("retryable", f"retryable is false for a {status}", label)
        uri, code = str(problem.get("type")), problem.get("error_code")
        if isinstance(code, str) and uri.rpartition("/")[2] != code:
            yield self.failure("type", f"{uri} does not end with the error_code {code}", label)
        if isinstance(problem.get("timestamp"), str) and not _is_timestamp(problem["timestamp"]):
            detail = f"the timestamp {problem['timestamp']} is no date-time with an offset"
            yield self.failure("timestamp", detail, label)


def _is_timestamp(text: str) -> bool:
    try:
        return "T" in text.upper() and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
