"""Compares schemas, and all that is below them, each pair once whoever refers to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .alternatives import merge_lists, pair
from .differences import below, differences
from .expansion import Schemas
from .findings import Finding, finding
from .located import Conjunction, Located
from .shapes import ANY_TYPE, Shape, shape_of, type_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_contract.contract import Contract

    from .rules import Side

Key = tuple[str, tuple[int, ...], tuple[int, ...]]
OTHER_SIDE = {"request": "readOnly", "response": "writeOnly"}
"""The keyword of properties that are for the other side only."""
NOWHERE = Located({}, "", "")


@dataclass(slots=True)
class _Pair:
    """Two schemas that were compared: what differs in themselves, and the pairs below them."""

    findings: list[Finding] = field(default_factory=list)
    below: list[Key] = field(default_factory=list)


class SchemaComparison:
    """Compares schemas of two contracts.

    A pair of schemas is a node in a graph whose edges lead to properties and items, so that schemas may recur
    and be as deep as they like.
    """

    def __init__(self, old: Contract, new: Contract) -> None:
        self._old, self._new = Schemas(old), Schemas(new)
        self._pairs: dict[Key, _Pair] = {}

    def findings(self, old: Located | None, new: Located | None, side: Side) -> Iterator[Finding]:
        """Yield what differs between two schemas, and between those below them; None allows anything."""
        first = self._compare((old,) if old else (), (new,) if new else (), side)
        seen, pending = {first}, [first]
        while pending:
            found = self._pairs[pending.pop()]
            yield from found.findings
            fresh = [key for key in found.below if key not in seen]
            seen.update(fresh)
            pending += fresh

    def _compare(self, old: Conjunction, new: Conjunction, side: Side) -> Key:
        """Compare a pair and all below it, unless that is done already; return its key."""
        first = _key(old, new, side)
        pending = [(first, old, new)]
        while pending:
            key, old, new = pending.pop()
            if key not in self._pairs:
                found = self._pairs[key] = _Pair()
                for inner in self._look(old, new, side, found.findings):
                    inner_key = _key(*inner, side)
                    found.below.append(inner_key)
                    pending.append((inner_key, *inner))
        return first

    def _look(
        self, old: Conjunction, new: Conjunction, side: Side, findings: list[Finding]
    ) -> list[tuple[Conjunction, Conjunction]]:
        """Add what differs in two schemas themselves to the findings; return the pairs below."""
        fallback = (*new, *old, NOWHERE)[0]
        before = _shapes(self._old, old, side, fallback)
        now = _shapes(self._new, new, side, fallback)
        findings += _null(before, now, side)
        pairing = pair(_values(before), _values(now))
        for shape in pairing.removed:
            findings.append(finding(f"{side}-alternative-removed", shape.at, type_words(shape.types)))
        for shape in pairing.added:
            findings.append(finding(f"{side}-alternative-added", shape.at, type_words(shape.types)))
        for one, other in pairing.pairs:
            findings += differences(one, other, side)
        return [inner for shapes in pairing.pairs for inner in below(*shapes)]


def _key(old: Conjunction, new: Conjunction, side: Side) -> Key:
    return side, tuple(id(each.node) for each in old), tuple(id(each.node) for each in new)


def _shapes(schemas: Schemas, conjunction: Conjunction, side: Side, fallback: Located) -> list[Shape]:
    """Return the alternatives of a schema as one side sees them."""
    shapes = [shape_of(each, fallback) for each in schemas.alternatives(conjunction)]
    for shape in shapes:
        foreign = [n for n, each in shape.properties.items() if schemas.is_marked(each, OTHER_SIDE[side])]
        for name in foreign:
            del shape.properties[name]
        shape.required -= set(foreign)
    return shapes


def _values(shapes: list[Shape]) -> list[Shape]:
    """Return the alternatives without those that allow nothing or null alone, but at least one."""
    return merge_lists([shape for shape in shapes if shape.types] or shapes[:1])


def _null(old: list[Shape], new: list[Shape], side: Side) -> Iterator[Finding]:
    """Compare whether null is allowed, unless the type tells that: a schema without one allows it."""
    before, now = (any(shape.takes_null for shape in shapes) for shapes in (old, new))
    if before != now and not any(shape.types == ANY_TYPE for shape in (*old, *new)):
        yield finding(f"{side}-nullable-{'added' if now else 'removed'}", new[0].at)
