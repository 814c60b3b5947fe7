"""The rate-limit headers are on every response, agree with one another, and count down."""

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, ClassVar, Final, NamedTuple

from schemathesis import Case, Response

from contract_first.check.target import Target

from .check import CheckFailure, ResponseCheck

POLICY: Final = "ratelimit-policy"
NUMBERS: Final = (
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
)
CREDENTIALS: Final = ("authorization", "cookie")
SKEW_SECONDS: Final = 30
"""A ``Date`` may be another machine's, a busy server renews it late, and both it and a reset are rounded."""
UNCOUNTED: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""What the caller's address may pay for, rather than its credential."""
MOST_WINDOWS: Final = 10_000


class HeaderReading(NamedTuple):
    """The headers as numbers."""

    limit: int
    remaining: int
    reset: int
    x_limit: int
    x_remaining: int
    x_reset: int


class RateLimitHeaders(ResponseCheck):
    """Checks each response, and each next to those before it in the same window."""

    name = "rate_limit_headers"
    sentence = "The rate-limit headers are on every response, agree with one another, and count down."
    rules: ClassVar[dict[str, str]] = {
        "present": "RateLimit-Policy, -Limit, -Remaining, -Reset and their X- aliases are there, each once",
        "number": "all but the policy are whole numbers",
        "policy": "RateLimit-Policy lists windows as requests;w=seconds, RateLimit-Limit is one's",
        "alias": "X-RateLimit-Limit and -Remaining say the same as RateLimit-Limit and -Remaining",
        "range": "Remaining is at most Limit, and Reset at most as long as the window",
        "unix time": "X-RateLimit-Reset is the Unix time RateLimit-Reset seconds after the Date",
        "growing": "RateLimit-Remaining never grows within a window",
    }
    headers = frozenset({POLICY, *NUMBERS})
    change = "Count and send them on every response."
    source = "draft-ietf-httpapi-ratelimit-headers"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        schemes = target.contract.security_schemes.values()
        names = {scheme["name"].lower() for scheme in schemes if scheme.get("in") == "header"}
        self._credentials = sorted({*CREDENTIALS, *names})
        self._lowest: dict[tuple[Any, ...], tuple[int, float]] = {}

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that the contract has no such headers, if so."""
        responses = target.declared_responses
        names = {name.lower() for response in responses for name in response.get("headers", {})}
        return "" if {POLICY, *NUMBERS} <= names else "the contract has no rate-limit headers"

    def failures(self, response: Response, case: Case[Any]) -> Iterator[CheckFailure]:
        """Yield the failures in the headers of a response."""
        if response.request.method == "OPTIONS":
            return  # a preflight gets its response before anyone is counted
        label, status = case.operation.label, response.status_code
        fields = {name: response.headers.get(name, []) for name in (POLICY, *NUMBERS)}
        if absent := [name for name, values in fields.items() if len(values) != 1]:
            message = f"the {status} has not exactly one of {', '.join(absent)}"
            yield self.failure("present", message, label)
            return
        values = {name: lines[0].strip() for name, lines in fields.items()}
        if strange := [name for name in NUMBERS if not re.fullmatch("[0-9]{1,15}", values[name])]:
            message = ", ".join(f"{name}: {values[name]}" for name in strange)
            yield self.failure("number", f"no whole number in {message}", label)
            return
        standing = HeaderReading(*(int(values[name]) for name in NUMBERS))
        for rule, message in self._contradictions(standing, values[POLICY], response):
            yield self.failure(rule, message, label)

    def _contradictions(
        self, standing: HeaderReading, policy: str, response: Response
    ) -> Iterator[tuple[str, str]]:
        yield from _against_policy(standing, policy)
        if (standing.x_limit, standing.x_remaining) != (standing.limit, standing.remaining):
            aliased = f"{standing.x_remaining} of {standing.x_limit}"
            yield "alias", f"X-RateLimit says {aliased}, RateLimit {standing.remaining} of {standing.limit}"
        if standing.remaining > standing.limit:
            yield "range", f"{standing.remaining} requests are left of {standing.limit}"
        yield from _against_date(standing, response.headers.get("date", []))
        yield from self._growth(standing, response)

    def _growth(self, standing: HeaderReading, response: Response) -> Iterator[tuple[str, str]]:
        """Compare with the headers of the response that the same caller got before this request."""
        if response.status_code in UNCOUNTED or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        window = (self._caller(response), standing.limit, standing.x_reset)
        now = time.monotonic()
        lowest, reported_at = self._lowest.get(window, (standing.remaining, now))
        if standing.remaining > lowest and reported_at <= now - response.elapsed:
            yield "growing", f"{standing.remaining} requests are left, and before it were {lowest}"
        elif standing.remaining <= lowest:
            if len(self._lowest) >= MOST_WINDOWS:
                self._lowest.clear()
            self._lowest[window] = standing.remaining, now

    def _caller(self, response: Response) -> bytes:
        """Return a digest of the credentials, which tells callers apart."""
        credentials = [str(response.request.headers.get(name, "")) for name in self._credentials]
        return sha256("\0".join(credentials).encode()).digest()


def _against_policy(standing: HeaderReading, policy: str) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(r"\d{1,15};w=\d{1,15}(, ?\d{1,15};w=\d{1,15})*", policy, re.ASCII):
        yield "policy", f"RateLimit-Policy: {policy} is no list of requests;w=seconds"
        return
    windows = [window.strip().split(";w=") for window in policy.split(",")]
    seconds = [int(length) for requests, length in windows if int(requests) == standing.limit]
    if not seconds:
        yield "policy", f"RateLimit-Limit {standing.limit} is no window's of {policy}"
    elif standing.reset > max(seconds):
        yield "range", f"RateLimit-Reset {standing.reset} is longer than a window of {max(seconds)} s"


def _against_date(standing: HeaderReading, dates: list[str]) -> Iterator[tuple[str, str]]:
    try:
        (date,) = dates
        now = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return  # nobody says when the response was
    if abs(standing.x_reset - standing.reset - now) > SKEW_SECONDS:
        message = f"{standing.x_reset} is not {standing.reset} s after the response's Date, {now:.0f}"
        yield "unix time", f"X-RateLimit-Reset {message}"
