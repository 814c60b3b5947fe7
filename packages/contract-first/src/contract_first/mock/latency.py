"""Distributions of the delays of responses, in milliseconds."""

from math import log
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_MILLISECONDS = 600_000
Milliseconds = Annotated[float, Meta(ge=0.001, le=MOST_MILLISECONDS)]


class _Distribution(msgspec.Struct, frozen=True, tag_field="distribution", forbid_unknown_fields=True):
    """A distribution of milliseconds."""


class Uniform(_Distribution, frozen=True, tag="uniform"):
    """Anything between two bounds."""

    lower: Milliseconds
    upper: Milliseconds

    def draw(self, random: Random) -> float:
        return random.uniform(self.lower, self.upper)


class Normal(_Distribution, frozen=True, tag="normal"):
    """About the mean."""

    mean: Milliseconds
    standard_deviation: Milliseconds

    def draw(self, random: Random) -> float:
        return random.normalvariate(self.mean, self.standard_deviation)


class Lognormal(_Distribution, frozen=True, tag="lognormal"):
    """Mostly about the median, with a long tail: what networks do.

    Attributes:
        sigma: standard deviation of the logarithm; 0.1 is narrow, 1 is wide.
    """

    median: Milliseconds
    sigma: Annotated[float, Meta(ge=0, le=10)]

    def draw(self, random: Random) -> float:
        return random.lognormvariate(log(self.median), self.sigma)


class Exponential(_Distribution, frozen=True, tag="exponential"):
    """Mostly short, now and then long."""

    mean: Milliseconds

    def draw(self, random: Random) -> float:
        return random.expovariate(1 / self.mean)


Latency = Uniform | Normal | Lognormal | Exponential
