"""Makes the request of a finding small: Hypothesis looks for the least one that violates the contract alike.

Schemathesis's own engine does not: it raises a group of exceptions, which Hypothesis takes for no failure of
the test, so what it finds is as large as it was generated.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

import hypothesis
from hypothesis.errors import HypothesisException
from requests import RequestException
from schemathesis import Case, Response
from schemathesis.baseline import failure_identity
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup

from contract_first.check.checks.registration import OF_RESPONSES, OF_STATUSES

BY_RESPONSE = frozenset({*OF_RESPONSES, OF_STATUSES, "negative_data_rejection", "positive_data_acceptance"})
"""The checks that need nothing but a request and its response."""
MOST_REQUESTS = 200
"""For a finding."""
SETTINGS = hypothesis.settings(
    max_examples=MOST_REQUESTS,
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
    case: Case[Any],
    check: str,
    identity: tuple[str, ...],
    send: Callable[[Case[Any]], Response | None],
    first: Case[Any] | None = None,
) -> Reproduction | None:
    """Return the least request that fails a check as a generated one does; None if none was found.

    Args:
        send: sends a request and returns its response; None if no more may be sent.
        first: the least request of another finding, which may be this one's as well.
    """
    if check not in BY_RESPONSE or case.meta is None:
        return None
    least: Reproduction | None = None
    requests = count(1)

    def fails(case: Case[Any]) -> bool:
        nonlocal least
        response = send(case) if next(requests) <= MOST_REQUESTS else None
        if response is None:
            raise _EnoughError
        failure = _failure(case, response, check, identity)
        if failure is not None and (least is None or _length(case) < _length(least.case)):
            least = Reproduction(case, response, failure)
        return failure is not None

    strategy = case.operation.as_strategy(generation_mode=case.meta.generation.mode)
    with suppress(HypothesisException, RequestException, _EnoughError):
        if first is not None and fails(first):
            return least
        hypothesis.find(strategy, fails, settings=SETTINGS)
    return least


def _length(case: Case[Any]) -> int:
    return len(case.as_curl_command())


def _failure(case: Case[Any], response: Response, check: str, identity: tuple[str, ...]) -> Failure | None:
    try:
        case.validate_response(response, checks=[CHECKS.get_one(check)])  # type: ignore[list-item]  # none of them is a class
    except FailureGroup as group:
        failures = (failure for failure in group.exceptions if failure_identity(failure, check) == identity)
        return next(failures, None)
    return None
