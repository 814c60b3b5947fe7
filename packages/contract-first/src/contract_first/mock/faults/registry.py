"""The active faults, and how often each was applied."""

import threading
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from itertools import count
from random import Random
from typing import NamedTuple

import msgspec

from contract_first.contract.contract import is_named
from contract_first.mock.fault import Effect, Fault, FaultError, MatchableRequest
from contract_first.service.messages.problems import Conflict

MOST_FAULTS = 1000


class Injection(NamedTuple):
    """The effect on one request."""

    fault: str
    effect: Effect
    seconds: float


class ActiveFault:
    """A fault that is on.

    Args:
        seed: of chance; the same seed, the same requests affected.
    """

    def __init__(self, fault: Fault, seed: int) -> None:
        self.fault = fault
        self.struck = 0
        self._matched = 0
        drawn_from = msgspec.json.encode(msgspec.structs.replace(fault, id=""))
        self._random = Random(b"%d %s" % (seed, drawn_from))  # noqa: S311 -- repeatable, not secret

    def injection(self, request: MatchableRequest) -> Injection | None:
        """Return the effect on a request, and count it; None if the fault does not apply."""
        fault = self.fault
        if (fault.times is not None and self.struck >= fault.times) or not fault.matches(request):
            return None
        self._matched += 1
        if self._matched <= fault.skip or self._random.random() >= fault.probability:
            return None
        self.struck += 1
        return Injection(fault.id, fault.effect, fault.effect.seconds(self._random))

    def counted(self) -> Fault:
        """Return the fault and how often it was applied."""
        return msgspec.structs.replace(self.fault, struck=self.struck)


class Faults:
    """The active faults, tried in the order in which they were added; any thread may use it.

    Args:
        follow: called with S3's faults after each change of them, in order. A change of faults waits for
            it, so that is not for an event loop's own thread.

    Attributes:
        on_api: whether one of them is on the API.
        on_s3: whether one of them is on S3.
        ended: whether delays are over, since the mock ends.
        operations: the operations of the API and of S3; None where any name may be an operation.
        reads_bodies: whether one of them needs the beginning of an API request's body.
    """

    def __init__(self, seed: int = 0, follow: Callable[[list[Fault]], None] | None = None) -> None:
        self._seed = seed
        self._follow = follow or (lambda _: None)
        self._numbers = count(1)
        self._changing = threading.Lock()
        self._striking = threading.Lock()
        self._active: tuple[ActiveFault, ...] = ()
        self.on_api = self.on_s3 = False
        self.operations: dict[str, Collection[str]] | None = None
        self.ended = False
        self.reads_bodies = False

    def check(self, fault: Fault) -> None:
        """Raise FaultError for a fault on a server or an operation that this mock does not have."""
        if self.operations is None:
            return
        if fault.on not in self.operations:
            raise FaultError("/on", "on", f"is {fault.on}, which this mock does not have")
        name, operations = fault.match.operation, self.operations[fault.on]
        if name and not any(is_named(operation, name) for operation in operations):
            ends = {operation[-len(name) :]: operation for operation in operations}
            close = " or ".join(ends[end] for end in get_close_matches(name, ends, n=2))
            hint = f"; close to it: {close}" if close else ""
            raise FaultError("/match/operation", "operation", f"is not an operation of {fault.on}{hint}")

    def add(self, *faults: Fault) -> list[Fault]:
        """Activate faults, and return them with their ids.

        Raises:
            FaultError: one is on a server or operation that this mock does not have; none was added.
            Conflict: there would be more than a thousand; none was added.
        """
        for fault in faults:
            self.check(fault)
        with self._changing:
            if len(self._active) + len(faults) > MOST_FAULTS:
                raise Conflict(
                    f"{len(self._active)} faults are active; at most {MOST_FAULTS} can be. Remove some."
                )
            added = [
                msgspec.structs.replace(fault, id=f"fault-{next(self._numbers)}", struck=0)
                for fault in faults
            ]
            self._replace((*self._active, *(ActiveFault(fault, self._seed) for fault in added)))
        return added

    def remove(self, fault_id: str) -> bool:
        """Remove a fault; return whether it was active."""
        with self._changing:
            rest = tuple(active for active in self._active if active.fault.id != fault_id)
            was_active = len(rest) < len(self._active)
            self._replace(rest)
        return was_active

    def clear(self, scope: str | None = None) -> None:
        """Remove all faults, or those of a scope."""
        with self._changing:
            self._replace(tuple(a for a in self._active if scope and a.fault.scope != scope))

    def switch(self, faults: Iterable[Fault], seed: int) -> None:
        """Replace all faults by these; the counts of those that were active already go on."""
        with self._changing:
            self._seed = seed
            before = {active.fault: active for active in self._active}
            self._replace(tuple(before.get(fault) or ActiveFault(fault, self._seed) for fault in faults))

    def active(self, scope: str | None = None) -> list[Fault]:
        """Return the active faults, or those of a scope, and how often each was applied."""
        return [a.counted() for a in self._active if not scope or a.fault.scope == scope]

    def injection(
        self, request: MatchableRequest, considered: Callable[[Fault], bool] = lambda _: True
    ) -> Injection | None:
        """Return the effect of the first fault that applies to a request; None if none applies.

        Args:
            considered: whether a fault is tried at all.
        """
        with self._striking:
            for active in self._active:
                injection = active.injection(request) if considered(active.fault) else None
                if injection is not None:
                    return injection
        return None

    def struck(self, fault_id: str) -> None:
        """Count a fault applied by S3, whose process reports it."""
        for active in self._active:
            if active.fault.id == fault_id:
                active.struck += 1

    def end(self) -> None:
        """End all delays."""
        self.ended = True

    def _replace(self, active: tuple[ActiveFault, ...]) -> None:
        s3_before = [a.fault for a in self._active if a.fault.on == "s3"]
        self._active = active
        on_api = [a.fault for a in active if a.fault.on == "api"]
        self.on_api = bool(on_api)
        self.reads_bodies = any(fault.match.reads_body for fault in on_api)
        s3_now = [a.fault for a in active if a.fault.on == "s3"]
        self.on_s3 = bool(s3_now)
        if s3_now != s3_before:
            self._follow(s3_now)
