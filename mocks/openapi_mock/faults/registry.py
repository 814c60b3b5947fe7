"""The faults that are on, and how often each has struck."""

from __future__ import annotations

import threading
from difflib import get_close_matches
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from openapi_contract.contract import is_named

from .errors import FaultError, TooManyFaultsError
from .latency import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from .fault import Asked, Effect, Fault

MOST_FAULTS = 1000


class Strike(NamedTuple):
    """What happens to one request.

    Attributes:
        fault: id of the fault.
        effect: what happens.
        seconds: how long the request is held back.
    """

    fault: str
    effect: Effect
    seconds: float


class Standing:
    """A fault that is on.

    Args:
        fault: with its id.
        seed: of chance; the same seed, the same requests struck.
    """

    def __init__(self, fault: Fault, seed: int) -> None:
        self.fault = fault
        self.struck = 0
        self._met = 0
        drawn_from = msgspec.json.encode(msgspec.structs.replace(fault, id=""))
        self._random = Random(b"%d %s" % (seed, drawn_from))  # noqa: S311 -- repeatable, not secret

    def strike(self, asked: Asked) -> Strike | None:
        """Strike a request if it is its turn, and count it."""
        fault = self.fault
        if (fault.times is not None and self.struck >= fault.times) or not fault.concerns(asked):
            return None
        self._met += 1
        if self._met <= fault.skip or self._random.random() >= fault.probability:
            return None
        self.struck += 1
        return Strike(fault.id, fault.effect, seconds_of(fault.effect.latency_ms, self._random))

    def told(self) -> Fault:
        """Return the fault and how often it struck."""
        return msgspec.structs.replace(self.fault, struck=self.struck)


class Faults:
    """The faults that are on, tried in the order in which they were added; any thread may ask and tell.

    Args:
        seed: of chance.
        follow: is told of S3's faults after each change of them, in order. Whoever changes faults waits for
            it, so that is not for an event loop's own thread.

    Attributes:
        on_api: whether one of them is for the API's requests.
        on_s3: whether one of them is for S3's.
        ended: whether nothing is to be held back any longer.
        operations: the operations that there are, on the API and on S3; None where any may be.
        look_into_bodies: whether one of them has to know what is in a body.
    """

    def __init__(self, seed: int = 0, follow: Callable[[list[Fault]], None] | None = None) -> None:
        self._seed = seed
        self._follow = follow or (lambda _: None)
        self._numbers = count(1)
        self._changing = threading.Lock()
        self._striking = threading.Lock()
        self._standing: tuple[Standing, ...] = ()
        self.on_api = self.on_s3 = False
        self.operations: dict[str, Collection[str]] | None = None
        self.ended = False
        self.look_into_bodies = False

    def check(self, fault: Fault) -> None:
        """Make sure that there is what a fault is for.

        Raises:
            FaultError: there is no such operation, no such server, or nothing to upload to.
        """
        if self.operations is None:
            return
        if fault.on not in self.operations:
            raise FaultError("/on", "on", f"is {fault.on}, which this mock has not")
        if fault.effect.expired_upload and "s3" not in self.operations:
            raise FaultError("/effect/expired_upload", "on", "is for uploads to S3, which this mock has not")
        name, known = fault.match.operation, self.operations[fault.on]
        if name and not any(is_named(each, name) for each in known):
            ends = {each[-len(name) :]: each for each in known}
            close = " or ".join(ends[end] for end in get_close_matches(name, ends, n=2))
            hint = f"; close to it: {close}" if close else ""
            raise FaultError("/match/operation", "operation", f"is no operation of {fault.on}{hint}")

    def add(self, *faults: Fault) -> list[Fault]:
        """Switch faults on, and return them with their ids.

        Raises:
            FaultError: one is for an operation that there is not; none of these is on.
            TooManyFaultsError: a thousand are on; none of these is.
        """
        for fault in faults:
            self.check(fault)
        with self._changing:
            if len(self._standing) + len(faults) > MOST_FAULTS:
                raise TooManyFaultsError(
                    f"{len(self._standing)} faults are on; at most {MOST_FAULTS} can be. Switch some off."
                )
            given = [
                msgspec.structs.replace(fault, id=f"fault-{next(self._numbers)}", struck=0)
                for fault in faults
            ]
            self._switch((*self._standing, *(Standing(fault, self._seed) for fault in given)))
        return given

    def remove(self, fault_id: str) -> bool:
        """Switch a fault off; return whether it was on."""
        with self._changing:
            left = tuple(each for each in self._standing if each.fault.id != fault_id)
            was_on = len(left) < len(self._standing)
            self._switch(left)
        return was_on

    def clear(self, scope: str | None = None) -> None:
        """Switch all faults off, or those of a scope."""
        with self._changing:
            self._switch(tuple(each for each in self._standing if scope and each.fault.scope != scope))

    def switch(self, faults: Iterable[Fault], seed: int) -> None:
        """Have these faults on and no others; the counts of those that were on already go on."""
        with self._changing:
            self._seed = seed
            before = {each.fault: each for each in self._standing}
            self._switch(tuple(before.get(fault) or Standing(fault, self._seed) for fault in faults))

    def standing(self, scope: str | None = None) -> list[Fault]:
        """Return the faults that are on, or those of a scope, and how often each struck."""
        return [each.told() for each in self._standing if not scope or each.fault.scope == scope]

    def strike(self, asked: Asked, considered: Callable[[Fault], bool] = lambda _: True) -> Strike | None:
        """Return what happens to a request, by the first fault whose turn it is; None if nothing does.

        Args:
            asked: the request.
            considered: whether it may be by this fault.
        """
        with self._striking:
            for each in self._standing:
                strike = each.strike(asked) if considered(each.fault) else None
                if strike is not None:
                    return strike
        return None

    def struck(self, fault_id: str) -> None:
        """Count a strike of S3's, which counts by itself and tells."""
        for each in self._standing:
            if each.fault.id == fault_id:
                each.struck += 1

    def end(self) -> None:
        """Hold nothing back any longer."""
        self.ended = True

    def _switch(self, standing: tuple[Standing, ...]) -> None:
        s3_before = [each.fault for each in self._standing if each.fault.on == "s3"]
        self._standing = standing
        on_api = [each.fault for each in standing if each.fault.on == "api"]
        self.on_api = bool(on_api)
        self.look_into_bodies = any(fault.match.session for fault in on_api)
        s3_now = [each.fault for each in standing if each.fault.on == "s3"]
        self.on_s3 = bool(s3_now)
        if s3_now != s3_before:
            self._follow(s3_now)
