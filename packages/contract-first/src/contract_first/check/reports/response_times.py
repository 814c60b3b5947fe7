"""How long responses took, in memory that does not grow with their number."""

from math import floor, log10

import msgspec

PER_DECADE = 10
LOWEST, HIGHEST = -PER_DECADE, 5 * PER_DECADE
"""Buckets of 0.1 ms and of 100 s; what is beyond is counted in them."""


class ResponseTimes(msgspec.Struct):
    """Counts by buckets that are ten to a decade, so a quantile is known to within a quarter.

    Attributes:
        counts: by number of the bucket, which is the floor of ten times the logarithm of the milliseconds.
    """

    counts: dict[int, int] = {}

    def add(self, milliseconds: float) -> None:
        bucket = bucket_of(milliseconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """Return the milliseconds that a share of all did not exceed, 0 if there are none."""
        left = share * self.total
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return edge_of(bucket + 1)
        return 0.0

    def quantiles(self, *shares: float) -> list[str]:
        """Return the quantiles at these shares as text with units; empty without response times."""
        return [milliseconds(self.quantile(share)) if self.counts else "" for share in shares]


def bucket_of(milliseconds: float) -> int:
    """Return the bucket of a response time."""
    if milliseconds <= edge_of(LOWEST):
        return LOWEST
    return min(HIGHEST, floor(PER_DECADE * log10(milliseconds)))


def edge_of(bucket: int) -> float:
    """Return the milliseconds at which a bucket begins."""
    return float(10 ** (bucket / PER_DECADE))


def milliseconds(value: float) -> str:
    """Return a response time as people write it."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"  # noqa: PLR2004 -- two digits are enough
