"""How long something takes, by chance."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from random import Random

MOST_MILLISECONDS = 600_000


class _Distribution(msgspec.Struct, frozen=True, tag_field="distribution", forbid_unknown_fields=True):
    """A distribution of milliseconds."""


class Uniform(_Distribution, frozen=True, tag="uniform"):
    """Anything between two bounds."""

    lower: float
    upper: float

    def draw(self, random: Random) -> float:
        """Return milliseconds."""
        return random.uniform(self.lower, self.upper)


class Normal(_Distribution, frozen=True, tag="normal"):
    """About the mean."""

    mean: float
    standard_deviation: float

    def draw(self, random: Random) -> float:
        """Return milliseconds."""
        return random.normalvariate(self.mean, self.standard_deviation)


class Lognormal(_Distribution, frozen=True, tag="lognormal"):
    """Mostly about the median, with a long tail: what networks do."""

    median: float
    sigma: float

    def draw(self, random: Random) -> float:
        """Return milliseconds."""
        return random.lognormvariate(log(self.median), self.sigma)


class Exponential(_Distribution, frozen=True, tag="exponential"):
    """Mostly short, now and then long."""

    mean: float

    def draw(self, random: Random) -> float:
        """Return milliseconds."""
        return random.expovariate(1 / self.mean)


Latency = Uniform | Normal | Lognormal | Exponential


def seconds_of(latency_ms: float | Latency, random: Random) -> float:
    """Return seconds, never less than none nor more than ten minutes."""
    drawn = latency_ms if isinstance(latency_ms, (int, float)) else latency_ms.draw(random)
    return min(max(drawn, 0), MOST_MILLISECONDS) / 1000
