"""The pipeline of captures under control: how long each state lasts, what is held, and what fails."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from contract_first.bounded import BoundedDict
from scanner_api.scanning.scans.captures import FINAL, Capture, CaptureStatus

from .magic_values import FAILURE, VALUES, magic_status

MOST_WAITS: Final = 10_000
"""Times that are remembered, of captures in a state; of more the oldest are forgotten."""
Enqueue = Callable[[str, str], Awaitable[None]]
"""Has a capture of an organization processed."""


class PipelineRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Captures that are held, fail, or go on: all selectors must match; an empty one matches all.

    Of the rules that match a capture, the first applies.

    Attributes:
        status: that they are in.
        capture: id of one.
        session: id of theirs.
        fail: why they fail; empty to hold them.
        release: have them go on; no later rule counts.
    """

    status: str = ""
    capture: str = ""
    session: str = ""
    fail: str = ""
    release: bool = False

    def matches(self, capture: Capture) -> bool:
        return (
            self.status in ("", capture.status)
            and self.capture in ("", capture.id)
            and self.session in ("", capture.session_id)
        )


class Held(NamedTuple):
    """A capture that stays in its state for now."""

    status: str
    organization_id: str


class Pipeline:
    """Decides about the next steps of captures; used in the event loop's thread.

    Args:
        delay_seconds: how long a capture stays in each state.
        enqueue: has one go on.
    """

    def __init__(self, delay_seconds: float, enqueue: Enqueue) -> None:
        self._initial_seconds = self.delay_seconds = delay_seconds
        self._enqueue = enqueue
        self.rules: Sequence[PipelineRule] = ()
        self._held: dict[str, Held] = {}
        self._due: BoundedDict[tuple[str, str], float] = BoundedDict(MOST_WAITS)
        self._tasks: set[asyncio.Task[None]] = set()

    def described(self) -> dict[str, Any]:
        """Return what is set, the captures that are held, and the raw values that end in each state."""
        held = [{"capture": id_, "status": held.status} for id_, held in self._held.items()]
        return {
            "delay_seconds": self.delay_seconds,
            "rules": msgspec.to_builtins(self.rules),
            "held": held,
            "raw_values": dict(VALUES),
        }

    def change(self, delay_seconds: float, rules: Sequence[PipelineRule]) -> None:
        """Set delay and rules; captures that are no longer held go on."""
        self.delay_seconds, self.rules = delay_seconds, rules
        self._due.clear()
        for id_ in [*self._held]:
            self._go_on(id_)

    def clear(self) -> None:
        """Hold nothing, and have the initial delay again; state that is reset has no held captures."""
        self.delay_seconds, self.rules = self._initial_seconds, ()
        self._held.clear()
        self._due.clear()

    def holds(self, capture: Capture, organization_id: str) -> bool:
        """Return whether a capture stays in its state for now."""
        if capture.status in FINAL:
            return False
        rule = self._rule_for(capture)
        is_held = rule is not None and not (rule.fail or rule.release)
        if not is_held and not self._waits(capture):
            self._held.pop(capture.id, None)
            return False
        self._held[capture.id] = Held(capture.status, organization_id)
        return True

    def failure(self, capture: Capture) -> str:
        """Return why a capture fails; empty where it does not."""
        rule = self._rule_for(capture)
        return "" if rule is None else rule.fail

    def _rule_for(self, capture: Capture) -> PipelineRule | None:
        rules = (*self.rules, *_magic_rules(capture))
        return next((rule for rule in rules if rule.matches(capture)), None)

    def _waits(self, capture: Capture) -> bool:
        """Return whether the time in its state is not over yet; if so, it goes on then."""
        if not self.delay_seconds:
            return False
        loop, key = asyncio.get_running_loop(), (capture.id, str(capture.status))
        if key not in self._due:
            self._due[key] = loop.time() + self.delay_seconds
            loop.call_at(self._due[key], self._go_on, capture.id)
        return loop.time() < self._due[key]

    def _go_on(self, capture_id: str) -> None:
        held = self._held.pop(capture_id, None)
        if held is not None:
            task = asyncio.ensure_future(self._enqueue(capture_id, held.organization_id))
            self._tasks.add(task)  # the loop has only a weak reference
            task.add_done_callback(self._tasks.discard)


def _magic_rules(capture: Capture) -> Iterator[PipelineRule]:
    """Yield the rule that the raw value of a capture is, if it is one."""
    status = magic_status(capture.raw_value)
    if status is CaptureStatus.FAILED:
        yield PipelineRule(fail=FAILURE)
    elif status is not None:
        yield PipelineRule(status=status)
