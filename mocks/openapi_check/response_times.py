"""How response times are distributed, in memory that does not grow with their number; and their plot."""

from collections.abc import Iterable, Iterator
from math import floor, log10

import msgspec

PER_DECADE = 10
LOWEST, HIGHEST = -PER_DECADE, 5 * PER_DECADE
"""Buckets of 0.1 ms and of 100 s; what is beyond is counted in them."""
WIDTH, HEIGHT = 640, 84
TOP, AXIS = 14, 64
MARKS = {"p50": 0.5, "p95": 0.95}
MIDDLE = WIDTH * 0.7
"""Right of it, what a mark says stands to its left."""


class ResponseTimes(msgspec.Struct):
    """Counts by buckets that are ten to a decade, so a quantile is known to within a quarter.

    Attributes:
        counts: by number of the bucket, which is the floor of ten times the logarithm of the milliseconds.
    """

    counts: dict[int, int] = {}

    def add(self, milliseconds: float) -> None:
        """Count a response time."""
        bucket = bucket_of(milliseconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """Return the milliseconds that a share of all did not exceed, 0 if there are none."""
        left = share * self.total
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return edge_of(bucket + 1)
        return 0.0


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


def decades(distributions: Iterable[ResponseTimes]) -> tuple[int, int]:
    """Return the decades between which all response times are, so that their plots can be compared."""
    buckets = [bucket for each in distributions for bucket in each.counts] or [0]
    return floor(min(buckets) / PER_DECADE), floor(max(buckets) / PER_DECADE) + 1


def plot(times: ResponseTimes, between: tuple[int, int]) -> str:
    """Return the SVG of a distribution on a logarithmic axis of milliseconds."""
    said = f"Response times: {', '.join(_said(times, name) for name in MARKS)}"
    parts = "".join((*_axis(between), *_bars(times, between), *_marks(times, between)))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{parts}</svg>'


def _bars(times: ResponseTimes, between: tuple[int, int]) -> Iterator[str]:
    most = max(times.counts.values(), default=1)
    width = _x(1, between) - _x(0, between) - 1
    for bucket, count in sorted(times.counts.items()):
        height = max(1.0, (AXIS - TOP) * count / most)
        title = f"{milliseconds(edge_of(bucket))} to {milliseconds(edge_of(bucket + 1))}: {count:,}"
        place = f'x="{_x(bucket, between):.1f}" y="{AXIS - height:.1f}"'
        yield f'<rect {place} width="{width:.1f}" height="{height:.1f}"><title>{title}</title></rect>'


def _axis(between: tuple[int, int]) -> Iterator[str]:
    yield f'<line x1="0" x2="{WIDTH}" y1="{AXIS}" y2="{AXIS}"/>'
    for decade in range(between[0], between[1] + 1):
        x = _x(decade * PER_DECADE, between)
        anchor = {between[0]: "start", between[1]: "end"}.get(decade, "middle")
        text = milliseconds(edge_of(decade * PER_DECADE))
        yield f'<text x="{x:.1f}" y="{AXIS + 15}" text-anchor="{anchor}">{text}</text>'


def _marks(times: ResponseTimes, between: tuple[int, int]) -> Iterator[str]:
    for row, name in enumerate(MARKS):
        x = _x(PER_DECADE * log10(times.quantile(MARKS[name])), between)
        anchor, aside = ("end", -4) if x > MIDDLE else ("start", 4)
        yield f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{AXIS}"/>'
        place = f'x="{x + aside:.1f}" y="{10 + 12 * row}" text-anchor="{anchor}"'
        yield f"<text {place}>{_said(times, name)}</text>"


def _said(times: ResponseTimes, name: str) -> str:
    return f"{name} {milliseconds(times.quantile(MARKS[name]))}"


def _x(bucket: float, between: tuple[int, int]) -> float:
    first, last = between[0] * PER_DECADE, between[1] * PER_DECADE
    return WIDTH * (bucket - first) / (last - first)
