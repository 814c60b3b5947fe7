"""The checks that know more than a schema can say: one module a check.

A check is a class with a ``name`` and one or both methods that Schemathesis calls:

- ``after_response(self, ctx, response, case)`` for each response. It may be called again for the same case
  (Hypothesis shrinks and replays), so it must not count on seeing each response once.
- ``after_run(self, ctx)`` once, at the end; it sends requests of its own with ``self.target.client``.

What a `ResponseCheck` holds of responses, it holds of those to our own checks as well.
Both raise a `FailureGroup` of `CheckFailure` for what is wrong. Once made, a check has in its ``notes``
what it left untried, and in ``left_out`` why that is all of it. A request that has to be sent even if a 429
is likely has the extension ``unpaced``.
"""

from schemathesis.core.failures import Severity

from .boundaries import Boundaries
from .challenge import Challenge
from .check import Check
from .delivery import Delivery
from .http_semantics import HttpSemantics
from .organization_isolation import OrganizationIsolation
from .problem_details import ProblemDetails
from .rate_limit_headers import RateLimitHeaders
from .retry_after import RetryAfter
from .security_alternatives import SecurityAlternatives
from .stored import StoredThings

CHECKS: tuple[type[Check], ...] = (
    ProblemDetails,
    RateLimitHeaders,
    Challenge,
    Delivery,
    SecurityAlternatives,
    OrganizationIsolation,
    StoredThings,
    Boundaries,
    HttpSemantics,
    RetryAfter,
)
"""The checks, in the order in which they are made: the last one uses up a window of requests."""

__all__ = ["CHECKS", "Check", "Severity"]
