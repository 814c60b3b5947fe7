"""Flaws, as validators find them in a document, and defects, as they are reported."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Action = Literal["repaired", "left out", "accepted", "operation disabled"]
ACTIONS: tuple[Action, ...] = ("repaired", "left out", "accepted", "operation disabled")


class Flaw(NamedTuple):
    """A place where a document violates OpenAPI.

    Attributes:
        reason: what is wrong, and what was expected.
        rule: the keyword of OpenAPI's schema that is violated; empty for a rule of its prose.
        subject: what the rule is about: the member that is missing, the one type that is expected, or the
            reference that leads nowhere.
        fix: repairs the document, and returns what it did; None where leaving the place out is the repair.
    """

    pointer: str
    reason: str
    rule: str = ""
    subject: str = ""
    fix: Callable[[], Action] | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong at a place in a file.

    Attributes:
        line: in the file, from 1; 0 where it is not known.
    """

    source: str
    line: int
    pointer: str
    reason: str

    @property
    def place(self) -> str:
        """File, line and pointer."""
        line = f":{self.line}" if self.line else ""
        return f"{self.source}{line}#{self.pointer}"


@dataclass(frozen=True, slots=True)
class Defect(Diagnostic):
    """A flaw of a document that is read nevertheless.

    Attributes:
        action: what was done: ``repaired``, ``left out``, ``accepted``, or ``operation disabled`` (it
            responds with 501).
    """

    action: Action

    def __str__(self) -> str:
        """Return file, line, pointer, reason and action in a line."""
        return f"{self.place}: {self.reason.removesuffix('.')} ({self.action})."


def summary(defects: Iterable[Defect]) -> str:
    """Return the number of defects, in total and by action; empty for none."""
    actions = [defect.action for defect in defects]
    if not actions:
        return ""
    counts = ", ".join(f"{actions.count(action)} {action}" for action in ACTIONS if action in actions)
    return f"{len(actions)} defect{'s' * (len(actions) > 1)}: {counts}"
