"""A fault: the requests that it applies to, and its effect on them.

The control API's document says which values are valid, and `faults.reading` validates by it; these are the
values. An application adds selectors and effects of its own by subclasses, see `extension.Extension`.
"""

from contextlib import AbstractContextManager, nullcontext
from http import HTTPMethod, HTTPStatus
from importlib.util import find_spec
from math import log
from random import Random
from typing import Literal, Protocol

import msgspec

from contract_first.contract.contract import is_named

from .journal.matching import matches
from .state.clock import skewed

MOST_MILLISECONDS = 600_000


class FaultError(ValueError):
    """A value is not a valid fault.

    Args:
        where: JSON pointer to the wrong part; empty for the whole value.
    """

    def __init__(self, where: str, rule: str, detail: str) -> None:
        super().__init__(f"{where or 'the whole'}: {detail}")
        self.where = where
        self.rule = rule
        self.detail = detail


class FaultFileError(ValueError):
    """A file holds no valid faults; the message names the file, the entry and the part."""


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


class MatchableRequest(Protocol):
    """A request to the API or to S3, with the attributes that faults match."""

    @property
    def method(self) -> str:
        """The HTTP method, upper case."""

    @property
    def path(self) -> str:
        """The path, decoded; of S3 ``/BUCKET/KEY``, or ``/BUCKET`` for a form."""

    @property
    def operation(self) -> str:
        """The operationId, or the name of S3's operation; empty if there is none."""

    @property
    def key(self) -> str:
        """The key of the object in S3; empty if there is none."""

    @property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""

    def mentions(self, text: str) -> bool:
        """Return whether a text is a segment of path or key, or in the query or the beginning of the body."""


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The requests that a fault applies to: all selectors must match; an empty one matches everything.

    Attributes:
        operation: an operationId, or the end of one behind a ``_``; for S3, the name of S3's operation.
        path: pattern (``*``, ``?``) of the path.
        key: pattern of the key of the object in S3.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    key: str = ""

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether all selectors match a request."""
        return (
            self.method.upper() in ("", request.method)
            and (not self.path or matches(request.path, self.path))
            and (not self.operation or is_named(request.operation, self.operation))
            and (not self.key or matches(request.key, self.key))
        )

    @property
    def reads_body(self) -> bool:
        """Whether the beginning of an API request's body decides."""
        return False

    @property
    def reads_form(self) -> bool:
        """Whether the fields of a form to S3 decide: its key is one of them."""
        return bool(self.key)


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The effect of a fault on a request.

    Attributes:
        latency_ms: delay of the response: milliseconds, or a distribution of them.
        status: of the response; None for the status that it would have had.
        drop: whether the connection is closed without a response, and nothing else happens.
        drop_response: whether it is closed where the response would go out: what was asked for is done.
        bytes_per_second: rate of the API's response, or of an upload to S3; None for no limit.
        retry_after_seconds: value of all headers that say when to retry.
        clock_skew_seconds: how much later the clock shows it to be, for this request.
    """

    latency_ms: float | Latency = 0
    status: int | None = None
    error_code: str = ""
    s3_code: str = ""
    drop: bool = False
    drop_response: bool = False
    bytes_per_second: int | None = None
    retry_after_seconds: int | None = None
    clock_skew_seconds: float = 0

    def applied(self) -> AbstractContextManager[None]:
        """Return the context in which a request is served."""
        return skewed(self.clock_skew_seconds) if self.clock_skew_seconds else nullcontext()

    def seconds(self, random: Random) -> float:
        """Return the delay in seconds, between none and ten minutes."""
        latency = self.latency_ms
        drawn = latency if isinstance(latency, (int, float)) else latency.draw(random)
        return min(max(drawn, 0), MOST_MILLISECONDS) / 1000

    @property
    def refuses(self) -> bool:
        """Whether S3 responds with an error."""
        return self.status is not None or bool(self.s3_code)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated failure: what happens, to which requests, and how often.

    Attributes:
        on: the server whose requests it applies to.
        scope: value of their ``X-Mock-Scope``; empty for all.
        skip: number of matching requests that pass first.
        times: number of requests that it applies to then; None for all.
        probability: of applying to a request, between 0 and 1.
        struck: number of requests that were, counted by the mock.
    """

    id: str = ""
    name: str = ""
    on: Literal["api", "s3"] = "api"
    match: Match = Match()
    scope: str = ""
    skip: int = 0
    times: int | None = None
    probability: float = 1
    effect: Effect
    struck: int = 0

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether the fault applies to a request."""
        return self.scope in ("", request.scope) and self.match.matches(request)

    def check(self, at: str = "/effect") -> None:
        """Raise FaultError for parts that are valid one by one and contradict each other.

        Args:
            at: JSON pointer to the effect.
        """
        effect, other = self.effect, "s3" if self.on == "api" else "api"
        only_other = {"error_code": effect.error_code} if self.on == "s3" else {"s3_code": effect.s3_code}
        for name, value in only_other.items():
            if value:
                raise FaultError(f"{at}/{name}", "on", f"applies to faults on {other} only")
        if self.on == "api" and self.match.key:
            raise FaultError("/match/key", "on", "applies to faults on s3 only; try match.session")
        if self.match.method and self.match.method.upper() not in HTTPMethod.__members__:
            raise FaultError("/match/method", "method", f"is none of {', '.join(HTTPMethod)}")
        latency = effect.latency_ms
        if isinstance(latency, Uniform) and latency.lower > latency.upper:
            raise FaultError(f"{at}/latency_ms/lower", "upper", "is above the upper bound")
        _check_drops(effect, at)
        if self.on == "s3":
            _check_s3(effect, at)
        if effect.error_code and effect.status is None:
            raise FaultError(f"{at}/error_code", "status", "needs a status beside it")


def _check_drops(effect: Effect, at: str) -> None:
    if effect.drop and effect.drop_response:
        raise FaultError(f"{at}/drop_response", "drop", "drop closes the connection before; choose one")
    for name in ("drop", "drop_response"):
        if getattr(effect, name) and (effect.status or effect.error_code or effect.s3_code):
            raise FaultError(f"{at}/{name}", name, "leaves no response, so there is no status or code of one")


def _check_s3(effect: Effect, at: str) -> None:
    if effect.status is not None and effect.status < HTTPStatus.BAD_REQUEST:
        raise FaultError(
            f"{at}/status", "minimum", "must be at least 400 on s3, which only refuses by faults"
        )
    # where it is not installed there is no S3, and the registry refuses what is on it
    if effect.s3_code and effect.status is None and find_spec("strict_s3"):
        from strict_s3.messages.errors import REFUSALS  # noqa: PLC0415 -- of an extra

        if effect.s3_code not in REFUSALS:
            codes = ", ".join(REFUSALS)
            raise FaultError(
                f"{at}/s3_code", "status", f"needs a status beside it, unless it is one of {codes}"
            )
    if effect.retry_after_seconds is not None and not effect.refuses:
        raise FaultError(f"{at}/retry_after_seconds", "status", "needs a status or s3_code beside it on s3")
