"""Lines of a report: what changed together is one, with the operations that it reaches."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_first.contract.document import pointers

from .changes import Change, Difference
from .rules import Compatibility, Severity, Side

MOST_NAMED = 3
"""Operations that are named; more are counted."""
MOST_MEMBERS = 8
INLINE = re.compile(r"(.*?)(?: ([.\[{].*))?", re.DOTALL)
"""In which message something is that is in no component, and where below that."""
REMEDIES = {
    Side.REQUEST: ("who sends requests", "Accept what was accepted as well, or have them change first"),
    Side.RESPONSE: ("who reads responses", "Send what was sent before, or have them change first"),
    Side.BOTH: ("who calls", "Leave what is called, or announce with x-sunset when it goes"),
}
"""Whom a change concerns, and what to do about it."""


@dataclass(slots=True)
class Line:
    """Changes of one component, or of the same place in messages, by one rule.

    Attributes:
        subject: the component or the place; empty for operations themselves.
        pointer: of the first change.
        members: what changed in it.
        operations: all that it reaches.
    """

    rule: Compatibility
    subject: str
    pointer: str
    members: list[str] = field(default_factory=list)
    operations: dict[str, None] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The subject, and the first of its members."""
        more = len(self.members) - MOST_MEMBERS
        members = [*self.members[:MOST_MEMBERS], *[f"and {more} more"] * (more > 0)]
        return ": ".join(filter(None, (self.subject, ", ".join(members))))

    def reach(self, *, is_whole: bool = False) -> list[str]:
        """Return the operations: the names of few, the number of many.

        Args:
            is_whole: whether all have their names; operations that are broken have.
        """
        is_whole = is_whole or (not self.subject and self.rule.severity is Severity.BREAKING)
        names, count = list(self.operations), len(self.operations)
        return names if is_whole or count <= MOST_NAMED else [f"{count} operations"]


def lines(changes: Iterable[Change]) -> list[Line]:
    """Return the changes, those that are alike or of one component together, in their order."""
    alike: dict[tuple[Compatibility, str, str, bool], Line] = {}
    for change in changes:
        rule, pointer = change.difference.rule, change.difference.pointer
        subject, member, is_component = _parts(change.difference)
        line = alike.setdefault((rule, subject, member, is_component), Line(rule, subject, pointer))
        line.operations.update(dict.fromkeys(change.operations))
    together: dict[Any, Line] = {}
    for (rule, subject, member, is_component), line in alike.items():
        apart = tuple(line.operations) if subject and not is_component else ()
        first = together.setdefault((rule, subject, apart), line)
        first.members += [member] * bool(member)
        first.operations.update(line.operations)
    return list(together.values())


def summary(changes: Sequence[Change]) -> Iterator[str]:
    """Yield how many changes there are of each severity; then what goes wrong, for whom, and what to do."""
    counts = Counter(change.severity for change in changes)
    yield ", ".join(f"{counts[severity]} {severity}" for severity in Severity) if changes else "No changes."
    for severity in (Severity.BREAKING, Severity.RISKY):
        for side, (whom, remedy) in REMEDIES.items():
            concerned = [c for c in changes if (c.severity, c.difference.rule.side) == (severity, side)]
            meanings = Counter(change.difference.rule.meaning for change in concerned).most_common(MOST_NAMED)
            reached = len({operation for change in concerned for operation in change.operations})
            if concerned:
                what = " ".join(meaning for meaning, _ in meanings)
                plural = "s" * (reached != 1)
                yield f"{severity.capitalize()} for {whom}, in {reached} operation{plural}: {what} {remedy}."


def _parts(difference: Difference) -> tuple[str, str, bool]:
    """Return what a difference is in, what of that changed, and whether it is a component."""
    where, detail = difference.where, difference.detail
    names = [n for n in pointers.split(difference.pointer) if re.match(rf"{re.escape(n)}([.\[{{]|$)", where)]
    if names:
        subject, member = names[0], where.removeprefix(names[0]).removeprefix(".")
    else:
        match = INLINE.fullmatch(where)
        subject, member = (match[1], match[2] or "") if match else (where, "")
    return subject, f"{member} ({detail})" if member and detail else member or detail, bool(names)
