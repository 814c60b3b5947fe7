"""Makes the request of a finding small: Hypothesis looks for the least one that violates the contract alike.

Schemathesis's own engine does not: it raises a group of exceptions, which Hypothesis takes for no failure of
the test, so what it finds is as large as it was generated.
"""

from contextlib import suppress
from typing import Any, NamedTuple

import hypothesis
from hypothesis.errors import HypothesisException
from requests import RequestException
from schemathesis import Case, Response
from schemathesis.baseline import failure_identity
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup

from contract_first.check.target import Target

BY_RESPONSE = frozenset(
    {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
    }
)
"""The checks that need nothing but a request and its response."""
MOST_REQUESTS = 400
SETTINGS = hypothesis.settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    verbosity=hypothesis.Verbosity.quiet,
)


class Reproduction(NamedTuple):
    """A request, its response, and the failure."""

    case: Case[Any]
    response: Response
    failure: Failure


class _EnoughError(Exception):
    """No more requests are to be sent."""


def least_reproduction(
    target: Target, case: Case[Any], check: str, identity: tuple[str, ...]
) -> Reproduction | None:
    """Return the least request that fails a check as a generated one does; None if none was found."""
    if check not in BY_RESPONSE or case.meta is None:
        return None
    reproductions: list[Reproduction] = []
    requests = 0

    def fails(case: Case[Any]) -> bool:
        nonlocal requests
        requests += 1
        if requests > MOST_REQUESTS or not target.remaining():
            raise _EnoughError
        response = case.call(headers=target.headers)
        failure = _failure(case, response, check, identity)
        if failure is not None:
            reproductions.append(Reproduction(case, response, failure))
        return failure is not None

    strategy = case.operation.as_strategy(generation_mode=case.meta.generation.mode)
    with suppress(HypothesisException, RequestException, _EnoughError):
        hypothesis.find(strategy, fails, settings=SETTINGS)
    return min(reproductions, key=lambda reproduction: len(reproduction.case.as_curl_command()), default=None)


def _failure(case: Case[Any], response: Response, check: str, identity: tuple[str, ...]) -> Failure | None:
    try:
        case.validate_response(response, checks=[CHECKS.get_one(check)])  # type: ignore[list-item]  # none of them is a class
    except FailureGroup as group:
        failures = (failure for failure in group.exceptions if failure_identity(failure, check) == identity)
        return next(failures, None)
    return None
