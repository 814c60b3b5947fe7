"""Keeps a run within a rate, and within the limits that responses state, so that no request gets a 429."""

import threading
import time
from collections.abc import Callable, Mapping
from math import inf

SPARE = 2
"""Requests that are left unused, for those of Schemathesis whose responses nobody else sees."""
LONGEST_SECONDS = 120
"""A window that takes longer to reset is not waited for: it is the day's."""


class QuotaUsedUp(Exception):  # noqa: N818 -- nothing is wrong, the run is only over
    """No requests are left for longer than a run waits; the message says for how long."""


class Stopped(Exception):  # noqa: N818 -- nothing is wrong, somebody has ended the run
    """The run is to end after the request that is under way."""


class Rate:
    """Waits for the next window once one is nearly used up (``RateLimit-Remaining``, ``RateLimit-Reset``).

    Args:
        rate: requests per second, at most; 0 for as many as there are.

    Attributes:
        waited: seconds, in all.
        hurried: once it is set, nothing waits any more.
    """

    def __init__(
        self,
        sleep: Callable[[float], object] | None = None,
        longest: float = LONGEST_SECONDS,
        *,
        rate: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hurried = threading.Event()
        self._sleep = sleep or self.hurried.wait
        self._longest = longest
        self._interval = 1 / rate if rate else 0.0
        self._clock = clock
        self._next = 0.0
        self.waited = 0.0

    def begin(self, left: float = inf) -> None:
        """Wait until the next request may be sent by the rate; for nothing longer than what is left."""
        if not self._interval:
            return
        now = self._clock()
        begin = max(now, self._next)
        self._next = begin + self._interval
        if begin > now:
            seconds = min(begin - now, left)
            self.waited += seconds
            self._sleep(seconds)

    def heed(self, headers: Mapping[str, str], left: float = inf, spared: float = 0.0) -> None:
        """Wait if the response with these headers says that the next request would be one too many.

        Args:
            headers: names in lower case.
            left: seconds after which the run is over anyhow, so that nothing waits longer.
            spared: share of a window that is left unused, for a later check.

        Raises:
            QuotaUsedUp: the wait would be longer than a run waits.
        """
        remaining, reset = _number(headers, "ratelimit-remaining"), _number(headers, "ratelimit-reset")
        if remaining is None or reset is None or remaining > self._unused(headers, reset, spared):
            return
        seconds = min(reset, left)
        if seconds > self._longest:
            raise QuotaUsedUp(f"The quota is used up, and resets only in {reset} s.")
        self.waited += seconds
        self._sleep(seconds)

    def _unused(self, headers: Mapping[str, str], reset: int, spared: float) -> float:
        """Return how many requests of a window are left unused; few of one that is not waited for."""
        limit = _number(headers, "ratelimit-limit") or 0
        return SPARE if reset > self._longest else max(SPARE, spared * limit)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isdecimal() and value.isascii() and len(value) < len(str(2**63)) else None
