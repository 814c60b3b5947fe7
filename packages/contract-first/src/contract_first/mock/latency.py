"""Distributions of the delays of responses, in milliseconds."""

from math import log
from random import Random

import msgspec


class _Distribution(msgspec.Struct, frozen=True, tag_field="distribution", forbid_unknown_fields=True):
    """A distribution of milliseconds."""


class Uniform(_Distribution, frozen=True, tag="uniform"):
    """Anything between two bounds."""

    lower: float
    upper: float

    def draw(self, random: Random) -> float:
        return random.uniform(self.lower, self.upper)


class Normal(_Distribution, frozen=True, tag="normal"):
    """About the mean."""

    mean: float
    standard_deviation: float

    def draw(self, random: Random) -> float:
        return random.normalvariate(self.mean, self.standard_deviation)


class Lognormal(_Distribution, frozen=True, tag="lognormal"):
    """Mostly about the median, with a long tail: what networks do."""

    median: float
    sigma: float

    def draw(self, random: Random) -> float:
        return random.lognormvariate(log(self.median), self.sigma)


class Exponential(_Distribution, frozen=True, tag="exponential"):
    """Mostly short, now and then long."""

    mean: float

    def draw(self, random: Random) -> float:
        return random.expovariate(1 / self.mean)


Latency = Uniform | Normal | Lognormal | Exponential
