"""Where a check of ours and one of Schemathesis's say the same of an answer, ours is told: it knows more."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from schemathesis.openapi.checks import JsonSchemaError, MissingHeaders

from openapi_check.conformance.violation import Violated

from .check import AnswerCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemathesis import Case, Response
    from schemathesis.core.failures import Failure

    from .check import Check

OF_BODIES: Final = {"response_schema_conformance", "content_type_conformance"}
OF_HEADERS: Final = "response_headers_conformance"


def is_told_by(made: Iterable[Check], failure: Failure, response: Response, case: Case[Any]) -> bool:
    """Return whether one of these checks says of an answer what a failure of Schemathesis's says of it."""
    if isinstance(failure, Violated) or not {*failure.checks} & {*OF_BODIES, OF_HEADERS}:
        return False
    judges = [check for check in made if isinstance(check, AnswerCheck) and any(check.judge(response, case))]
    headers = frozenset[str]().union(*(check.headers for check in judges))
    if isinstance(failure, MissingHeaders):
        return {name.lower() for name in failure.missing_headers} <= headers
    if isinstance(failure, JsonSchemaError) and "header" in failure.title:
        values = {value for name in headers for value in response.headers.get(name, ())}
        return str(failure.instance) in values
    is_error = response.status_code >= HTTPStatus.BAD_REQUEST
    return is_error and any(check.judges_errors for check in judges)
