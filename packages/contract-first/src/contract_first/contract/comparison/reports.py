"""Reports a comparison as JSON and as Markdown."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from .changes import Change
from .rules import Severity

MOST_NAMED = 3
"""Operations that are named; others are counted."""


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes as one JSON object: counts by severity, and a list."""
    counts = count(changes)
    report = {
        **{severity.value: counts[severity] for severity in Severity},
        "changes": [
            {
                "severity": change.severity.value,
                "rule": change.difference.rule.name,
                "side": change.difference.rule.side.value,
                "meaning": change.difference.rule.meaning,
                "operations": change.operations,
                "where": change.difference.where,
                "pointer": change.difference.pointer,
                "detail": change.difference.detail,
            }
            for change in changes
        ],
    }
    return json.dumps(report, indent=2)


def as_markdown(changes: Sequence[Change]) -> str:
    """Return the changes as Markdown, by operation, for a comment or a page."""
    lines = [f"**{summary(changes)}**"]
    for operations, group in by_operations(changes):
        lines += ["", "### " + ", ".join(named(operations, _code)), ""]
        lines += [
            f"- **{change.severity}** {_code(change.difference.rule.name)} {_described(change)}"
            for change in group
        ]
    return "\n".join(lines)


def _described(change: Change) -> str:
    where, detail = change.difference.where, change.difference.detail
    return ": ".join(_code(text) for text in (where, detail) if text) or change.difference.rule.meaning


def _code(text: str) -> str:
    """Return a code span; a backtick in it would end it."""
    return f"`{text.replace('`', chr(39))}`"


def summary(changes: Iterable[Change]) -> str:
    """Return the number of changes of each severity in words."""
    counts = count(changes)
    if not counts:
        return "No changes."
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity)


def count(changes: Iterable[Change]) -> Counter[Severity]:
    """Return how many changes there are of each severity."""
    return Counter(change.severity for change in changes)


def by_operations(changes: Iterable[Change]) -> list[tuple[tuple[str, ...], list[Change]]]:
    """Group changes by the operations that share them, in the order of the worst of each group."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault(change.operations, []).append(change)
    return list(groups.items())


def named(operations: Sequence[str], spelled: Callable[[str], str] = str) -> list[str]:
    """Return the first names of operations, and the number of the others."""
    names, more = [spelled(operation) for operation in operations[:MOST_NAMED]], len(operations) - MOST_NAMED
    return [*names, f"and {more} more"] if more > 0 else names
