"""Checks of ours among those of Schemathesis; of two that find the same, ours is reported."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock
from typing import Any, Final, cast

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CHECKS, CheckClass
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.openapi.checks import JsonSchemaError, MissingHeaders

from contract_first.check.target import Target

from .check import Check, CheckFailure, ResponseCheck

OF_RESPONSES: Final = (
    "not_a_server_error",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""The checks of Schemathesis that need nothing but a response, and hold for every request."""
OF_STATUSES: Final = "status_code_conformance"
"""Of errors it does not: our checks ask for what a contract need not document, such as a 405."""
OF_BODIES: Final = {"response_schema_conformance", "content_type_conformance"}
OF_HEADERS: Final = "response_headers_conformance"
_ONE_RUN = Lock()
"""Schemathesis knows checks by their names alone, and those of two targets have the same."""


@contextmanager
def registered(
    checks: Iterable[type[Check]], target: Target, report: Callable[[str], None]
) -> Iterator[list[Check]]:
    """Let Schemathesis make these checks on a target, and yield them once it made them; report which runs.

    Other users of Schemathesis in this process do not get them.
    """
    with _ONE_RUN:
        instances: list[Check] = []
        bound = [_bound(check, target, instances, report) for check in checks]
        try:
            for check in bound:
                schemathesis.check(check)
            yield instances
        finally:
            for name in {check.__name__ for check in bound} & set(CHECKS.get_all_names()):
                CHECKS.unregister(name)


def _bound(
    check: type[Check], target: Target, instances: list[Check], report: Callable[[str], None]
) -> CheckClass:
    """Return the check as a class of which Schemathesis can make an instance, which takes no argument."""

    def make(self: Check) -> None:
        check.__init__(self, target)
        self.report = report
        instances.append(self)

    return cast("CheckClass", type(check.name, (check,), {"__init__": make, "__module__": __name__}))


def validated(
    instances: Sequence[ResponseCheck], response: Response, case: Case[Any], *, is_documented: bool
) -> Iterator[tuple[str, list[Failure]]]:
    """Yield each check of responses, those of Schemathesis after ours, and what it says of one.

    Args:
        is_documented: whether the contract has the request's method, and so the response.
    """
    for check in instances:
        yield check.name, [*check.failures(response, case)]
    is_error = response.status_code >= HTTPStatus.BAD_REQUEST
    names = OF_RESPONSES if is_error else (*OF_RESPONSES, OF_STATUSES)
    for name in names if is_documented else ():
        failures: list[Failure] = []
        try:
            case.validate_response(response, checks=[CHECKS.get_one(name)])  # type: ignore[list-item]  # none of them is a class
        except FailureGroup as group:
            failures += [
                failure
                for failure in group.exceptions
                if not (is_of_text(failure) or is_reported_by(instances, failure, response, case))
            ]
        yield name, failures


def is_of_text(failure: Failure) -> bool:
    """Return whether the schema of a whole stream, a text, is what Schemathesis applied to each event."""
    return (
        isinstance(failure, JsonSchemaError)
        and failure.title == "SSE event violates schema"
        and isinstance(failure.instance, dict)
        and isinstance(failure.schema, dict)
        and failure.schema.get("type") == "string"
    )


def is_reported_by(instances: Iterable[Check], failure: Failure, response: Response, case: Case[Any]) -> bool:
    """Return whether one of these checks reports the same failure of a response as Schemathesis."""
    if isinstance(failure, CheckFailure) or not {*failure.checks} & {*OF_BODIES, OF_HEADERS}:
        return False
    covering = [
        check
        for check in instances
        if isinstance(check, ResponseCheck) and any(check.failures(response, case))
    ]
    headers = frozenset[str]().union(*(check.headers for check in covering))
    if isinstance(failure, MissingHeaders):
        return {name.lower() for name in failure.missing_headers} <= headers
    if isinstance(failure, JsonSchemaError) and "header" in failure.title:
        values = {value for name in headers for value in response.headers.get(name, ())}
        return str(failure.instance) in values
    is_error = response.status_code >= HTTPStatus.BAD_REQUEST
    return is_error and any(check.covers_errors for check in covering)
