"""Every 401 says how to authenticate."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from schemathesis import Case, Response
from schemathesis.core.failures import Severity

from contract_first.check.target import Target

from .check import CheckFailure, ResponseCheck

FIELD = "www-authenticate"


class Challenge(ResponseCheck):
    """Checks each 401."""

    name = "challenge"
    sentence = "Every 401 says how to authenticate."
    rules: ClassVar[dict[str, str]] = {"present": "a 401 has a WWW-Authenticate"}
    change = "Send WWW-Authenticate with each 401."
    severity = Severity.LOW
    headers = frozenset({FIELD})
    source = "RFC 9110, section 15.5.2"

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that no operation is secured, if so."""
        return (
            ""
            if any(operation.security for operation in target.operations)
            else "none of the operations is secured"
        )

    def failures(self, response: Response, case: Case[Any]) -> Iterator[CheckFailure]:
        """Yield that a 401 has no challenge."""
        if response.status_code == HTTPStatus.UNAUTHORIZED and not response.headers.get(FIELD):
            yield self.failure("present", "the 401 has no WWW-Authenticate", case.operation.label)
