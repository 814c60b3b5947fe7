"""Compares schemas, and all that is below them, each pair once, however many refer to it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from openapi_contract.anatomy import REFERENCES
from openapi_contract.contract import Contract
from openapi_contract.schemas import Schemas

from .alternatives import merge_lists, overlapping, pair
from .differences import at, below, conditions, differences, xml_differences
from .effort import Effort
from .expansion import Expansion
from .findings import Conjunction, Finding, Located, component, finding
from .rules import Side
from .shapes import ANY_TYPE, COMPONENT, Shape, mapping_of, shape_of, type_words
from .subtypes import Subtypes

Key = tuple[str, tuple[int, ...], tuple[int, ...]]
OTHER_SIDE = {"request": "readOnly", "response": "writeOnly"}
"""The keyword of properties that are for the other side only."""
NOWHERE = Located({}, "", "")
OF_A_SHAPE = 10
"""Steps that an alternative of a schema is, with two more for each of its properties."""
CHARACTERS = 100
"""Of a schema's JSON that are one step of a comparison."""


@dataclass(slots=True)
class _Pair:
    """Two schemas that were compared.

    Attributes:
        conditions: further pairs below them, each with what there is to tell if they differ.
    """

    findings: list[Finding] = field(default_factory=list)
    below: list[Key] = field(default_factory=list)
    conditions: dict[Key, Finding] = field(default_factory=dict)


class SchemaComparison:
    """Compares schemas of two contracts.

    A pair of schemas is a node in a graph whose edges lead to properties and items, so that schemas may recur
    and be as deep as they like.

    Args:
        is_xml: whether how values are written in XML counts, too.
    """

    def __init__(self, old: Contract, new: Contract, effort: Effort, *, is_xml: bool = False) -> None:
        self._is_xml = is_xml
        self._old, self._new = old.schemas, new.schemas
        self._old_subtypes, self._new_subtypes = Subtypes(old), Subtypes(new)
        self._effort = effort
        self._pairs: dict[Key, _Pair] = {}
        self._same: set[Key] = set()
        self._same_texts: set[tuple[str, str]] = set()
        self._found: dict[Key, list[Finding]] = {}

    def findings(self, old: Located | None, new: Located | None, side: Side) -> list[Finding]:
        """Return what differs between two schemas, and between those below them; None allows anything."""
        before, now = self._meant((old,) if old else (), (new,) if new else ())
        key = _key(before, now, side)
        if key not in self._found:
            text = self._common_text(before, now)
            self._found[key] = [] if (side, text) in self._same_texts else self._all_below(before, now, side)
            if text is not None and not self._found[key]:
                self._same_texts.add((side, text))
        return self._found[key]

    def _common_text(self, old: Conjunction, new: Conjunction) -> str | None:
        """Return the JSON of two schemas written alike, which differ in what they refer to, if at all."""
        texts = [json.dumps([each.node for each in conjunction]) for conjunction in (old, new)]
        self._effort.spend(len(texts[0] + texts[1]) // CHARACTERS)
        return texts[0] if texts[0] == texts[1] else None

    def _all_below(self, old: Conjunction, new: Conjunction, side: Side) -> list[Finding]:
        reached = self._reached(self._compare(old, new, side))
        if not any(found.findings or found.conditions for found in reached.values()):
            self._same.update(reached)
        findings: list[Finding] = []
        for found in reached.values():
            findings += found.findings
            for key, condition in found.conditions.items():
                if any(each.findings for each in self._reached(key, through_conditions=True).values()):
                    findings.append(condition)
        return findings

    def _reached(self, first: Key, *, through_conditions: bool = False) -> dict[Key, _Pair]:
        """Return a pair and all below it, but for what is known to be the same."""
        reached: dict[Key, _Pair] = {}
        seen, pending = {first}, [first]
        while pending:
            key = pending.pop()
            if key in self._same:
                continue
            found = reached[key] = self._pairs[key]
            keys = [*found.below, *(found.conditions if through_conditions else ())]
            self._effort.spend(1 + len(keys))
            fresh = [each for each in keys if each not in seen]
            seen.update(fresh)
            pending += fresh
        return reached

    def _compare(self, old: Conjunction, new: Conjunction, side: Side) -> Key:
        """Compare a pair and all below it, unless that is done already; return its key."""
        first = _key(old, new, side)
        pending = [(first, old, new)]
        while pending:
            key, old, new = pending.pop()
            if key not in self._pairs:
                self._pairs[key] = _Pair()
                inner = self._look(old, new, side, self._pairs[key])
                pending += [(_key(*each, side), *each) for each in inner]
        return first

    def _look(
        self, old: Conjunction, new: Conjunction, side: Side, found: _Pair
    ) -> Iterator[tuple[Conjunction, Conjunction]]:
        """Note what differs in two schemas themselves, and yield the pairs below."""
        fallback = (*new, *old, NOWHERE)[0]
        expanded = Expansion(self._old, old), Expansion(self._new, new)
        before = self._shapes(self._old, expanded[0], side, fallback)
        now = self._shapes(self._new, expanded[1], side, fallback)
        found.findings += _null(before, now, side)
        pairing = pair(_values(before), _values(now))
        overlaps = overlapping(expanded[0], self._effort), overlapping(expanded[1], self._effort)
        if not (pairing.removed or pairing.added) and bool(overlaps[0]) != bool(overlaps[1]):
            kind = "exclusive" if overlaps[1] else "inclusive"
            found.findings.append(
                finding(f"{side}-alternatives-became-{kind}", overlaps[1] or overlaps[0] or NOWHERE)
            )
        # one more alternative refuses what conforms to it and to another
        added = "alternatives-became-exclusive" if overlaps[1] and side == "request" else "alternative-added"
        found.findings += [_alternative(shape, side, "alternative-removed") for shape in pairing.removed]
        found.findings += [_alternative(shape, side, added) for shape in pairing.added]
        for one, other in pairing.pairs:
            found.findings += differences(one, other, side)
            found.findings += xml_differences(one, other, side) if self._is_xml else ()
            for inner in (*below(one, other), *self._subtypes(one, other, side, found)):
                meant = self._meant(*inner)
                found.below.append(_key(*meant, side))
                yield meant
            for mine, theirs, label in conditions(one, other):
                meant = self._meant(mine, theirs)
                condition = finding(f"{side}-condition-changed", at(one, other, label), label)
                found.conditions[_key(*meant, side)] = condition
                yield meant

    def _meant(self, old: Conjunction, new: Conjunction) -> tuple[Conjunction, Conjunction]:
        return tuple(_meant(self._old, each) for each in old), tuple(_meant(self._new, each) for each in new)

    def _shapes(self, schemas: Schemas, expansion: Expansion, side: Side, fallback: Located) -> list[Shape]:
        """Return the alternatives of a schema as one side sees them."""
        shapes = []
        for each in expansion.alternatives:
            self._effort.spend(
                OF_A_SHAPE + sum(2 * len(mapping_of(part.node, "properties")) for part in each)
            )
            shapes.append(shape_of(each, fallback))
        for shape in shapes:
            foreign = [
                name
                for name, conjunction in shape.properties.items()
                if any(schemas.of(each.node).is_marked(OTHER_SIDE[side]) for each in conjunction)
            ]
            for name in foreign:
                del shape.properties[name]
            shape.required -= set(foreign)
        return shapes

    def _subtypes(
        self, old: Shape, new: Shape, side: Side, found: _Pair
    ) -> Iterator[tuple[Conjunction, Conjunction]]:
        """Note which subtypes came and went, and yield the pairs of those that stayed."""
        before, now = self._old_subtypes.of(old.parts), self._new_subtypes.of(new.parts)
        for value in before | now:
            if value not in now:
                found.findings.append(finding(f"{side}-alternative-removed", before[value], value))
            elif value not in before:
                found.findings.append(finding(f"{side}-alternative-added", now[value], value))
            else:
                yield (before[value],), (now[value],)


def _meant(schemas: Schemas, located: Located) -> Located:
    """Return a schema, or what it leads to where it says nothing itself: one for all that refer to it."""
    seen = set[int]()
    while isinstance(located.node, dict) and located.node.keys() == {REFERENCES[0]}:
        targets = list(schemas.targets(located.node))
        if len(targets) != 1 or id(located.node) in seen:
            break
        seen.add(id(located.node))
        located = component(*targets[0], schemas.origin)
    return located


def _key(old: Conjunction, new: Conjunction, side: Side) -> Key:
    return side, tuple(id(each.node) for each in old), tuple(id(each.node) for each in new)


def _values(shapes: list[Shape]) -> list[Shape]:
    """Return the alternatives without those that allow nothing or null alone, but at least one."""
    return merge_lists([shape for shape in shapes if shape.types] or shapes[:1])


def _null(old: list[Shape], new: list[Shape], side: Side) -> Iterator[Finding]:
    """Compare whether null is allowed, unless the type tells that: a schema without one allows it."""
    before, now = (next((each for each in shapes if each.takes_null), None) for shapes in (old, new))
    if bool(before) != bool(now) and not any(shape.types == ANY_TYPE for shape in (*old, *new)):
        place = (now or before or new[0]).branch or at(old[0], new[0], "type", "enum", "const")
        yield finding(f"{side}-nullable-{'added' if now else 'removed'}", place)


def _alternative(shape: Shape, side: Side, rule: str) -> Finding:
    """Return that an alternative came or went: it is identified by its component, and by its types."""
    inner = shape.parts[shape.parts.index(shape.branch) :] if shape.branch else ()
    name = [part.where for part in inner if COMPONENT.fullmatch(part.pointer)][:1]
    detail = ", ".join([*name, type_words(shape.types)])
    return finding(f"{side}-{rule}", shape.branch or shape.at, detail)
