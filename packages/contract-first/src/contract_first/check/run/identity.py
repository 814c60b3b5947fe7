"""What identifies a failure in every run: where it is, and the rule that it violates; no tool's words."""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from schemathesis import Case
from schemathesis.core.failures import Failure, Severity
from schemathesis.openapi import checks

from contract_first.check.checks.check import CheckFailure, brief
from contract_first.check.exchange import MessageViolation
from contract_first.contract.document import pointers

VIOLATIONS = "violations"
BY_FRAMEWORK = (checks.UnsupportedMethodResponse, checks.AllowHeaderMismatch)
"""What few users of a framework can change: methods that a path does not have, and Allow."""
STATUSES_BY_FRAMEWORK = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    }
)
"""Of unreadable bodies, unknown paths and methods; a framework sends them whatever is documented."""


def attach(failure: Failure, violations: Iterable[MessageViolation]) -> None:
    """Say what the request of a failure violates, each of which the server accepted."""
    vars(failure)[VIOLATIONS] = [*violations]


def soften(failure: Failure, *, is_mocked: bool) -> None:
    """Make the severity low where a framework or our mock decides, which its users cannot change."""
    if isinstance(failure, BY_FRAMEWORK) or (
        isinstance(failure, checks.UndefinedStatusCode)
        and (is_mocked or failure.status_code in STATUSES_BY_FRAMEWORK)
    ):
        failure.severity = Severity.LOW


def places_of(failure: Failure, status: int, case: Case[Any] | None) -> Iterator[tuple[str, str]]:
    """Yield where a failure is, and the rule with its value.

    Args:
        status: of the response; 0 where there is none.
        case: the request, which knows the declared headers.
    """
    place = str(status or "")
    if violations := vars(failure).get(VIOLATIONS):
        yield from ((f"{it.part} {_any_item(it.where)}".strip(), it.rule) for it in violations)
    elif isinstance(failure, CheckFailure):
        yield failure.place or place, failure.rule
    elif isinstance(failure, checks.JsonSchemaError):
        yield f"{place} {_header(failure, status, case) or _member(failure)}".strip(), _keyword(failure)
    elif isinstance(failure, checks.MissingHeaders):
        yield from ((f"{place} header {name}", "required") for name in failure.missing_headers)
    elif isinstance(failure, checks.UnsupportedMethodResponse):
        yield failure.method, failure.failure_reason
    else:
        # a code never changes, and a key has none of a message's words
        yield place, f"{failure.code} {failure._unique_key}".strip()  # noqa: SLF001 -- the reason above


def _keyword(failure: checks.JsonSchemaError) -> str:
    keyword = next((str(key) for key in reversed(failure.schema_path) if isinstance(key, str)), "schema")
    value = failure.schema.get(keyword)
    if keyword == "required" and isinstance(
        value, list
    ):  # one failure for each name, which only its message has
        value = next(
            (name for name in value if json.dumps(name) in failure.message.partition("\n")[0]), value
        )
    return f"{keyword} {brief(value)}"


def _member(failure: checks.JsonSchemaError) -> str:
    """Return the pointer to a member; what is no name of the schema is any item."""
    names = (
        key if isinstance(key, str) and key in failure.schema_path else "*" for key in failure.instance_path
    )
    return pointers.join("", *names)


def _any_item(pointer: str) -> str:
    return "/".join("*" if key.isdecimal() else key for key in pointer.split("/"))


def _header(failure: checks.JsonSchemaError, status: int, case: Case[Any] | None) -> str:
    """Return the header of a failure; empty if it is of a body."""
    if case is None or "header" not in failure.title.lower():
        return ""
    declared = case.operation.responses.find_by_status_code(status)
    headers = declared.headers.items() if declared is not None else ()
    schema = failure._root_schema  # noqa: SLF001 -- nothing else says which header it is
    return next((f"header {name}" for name, header in headers if header.schema == schema), "header")
