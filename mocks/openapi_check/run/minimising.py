"""Makes a finding small: Hypothesis looks for the least request that shows it.

Schemathesis raises what it finds in a way that Hypothesis does not take for a failure of the test (a group of
exceptions that is none itself), so that what its engine finds is as large as it was generated.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import hypothesis
from hypothesis.errors import HypothesisException
from requests import RequestException
from schemathesis import Case, Response
from schemathesis.baseline import failure_identity
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup

from openapi_check.target import Target

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
"""The checks that ask for nothing but a request and its response."""
MOST_EXAMPLES = 200
MOST_REQUESTS = 400


class Shown(NamedTuple):
    """A request that shows a finding, its response, and what is wrong with it."""

    case: Case[Any]
    response: Response
    failure: Failure


class _EnoughError(Exception):
    """No more requests are to be sent."""


class Minimiser:
    """Looks for the least requests that show findings."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: list[Shown] = []

    def least(self, case: Case[Any], check: str, identity: tuple[str, ...]) -> Shown | None:
        """Return the least request with the same violation as this one; None if none was found."""
        if check not in BY_RESPONSE or case.meta is None:
            return None
        shown = [
            Shown(known.case, known.response, failure)
            for known in self._known
            for failure in _failures(known.case, known.response, check, identity)
        ]
        if not shown:
            strategy = case.operation.as_strategy(generation_mode=case.meta.generation.mode)
            with suppress(HypothesisException, RequestException, _EnoughError):
                hypothesis.find(strategy, self._shows(check, identity, shown), settings=_settings())
        least = min(shown, key=_size, default=None)
        self._known += [least] if least else []
        return least

    def _shows(
        self, check: str, identity: tuple[str, ...], shown: list[Shown]
    ) -> Callable[[Case[Any]], bool]:
        sent = 0

        def shows(case: Case[Any]) -> bool:
            nonlocal sent
            sent += 1
            if sent > MOST_REQUESTS or not self._target.remaining():
                raise _EnoughError
            response = case.call(headers=self._target.headers)
            failures = _failures(case, response, check, identity)
            shown.extend(Shown(case, response, failure) for failure in failures)
            return bool(failures)

        return shows


def _failures(case: Case[Any], response: Response, check: str, identity: tuple[str, ...]) -> list[Failure]:
    try:
        case.validate_response(response, checks=[CHECKS.get_one(check)])  # type: ignore[list-item]  # none of them is a class
    except FailureGroup as group:
        return [each for each in group.exceptions if failure_identity(each, check) == identity]
    return []


def _settings() -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=MOST_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )


def _size(shown: Shown) -> int:
    return len(shown.case.as_curl_command())
