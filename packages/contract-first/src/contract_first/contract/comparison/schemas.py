"""Compares schemas and everything below them, each pair once."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from contract_first.contract.contract import Contract
from contract_first.contract.document.anatomy import REFERENCES
from contract_first.contract.schemas.expansion import Expansion
from contract_first.contract.schemas.parts import Conjunction, Part, component
from contract_first.contract.schemas.schema import MISSING, Schemas
from contract_first.contract.schemas.shapes import ANY_TYPE, COMPONENT, Shape, shape_of, steps_of, type_words

from .alternatives import Pairing, merge_lists, overlapping, pair
from .changes import Difference
from .conditions import condition_changes, group_of, text_of
from .counterexamples import Counterexamples
from .differences import at, below, conditions, differences, xml_differences
from .effort import Effort
from .rules import RULES, Side
from .subtypes import Subtypes
from .unions import Unions

Whole = tuple[Conjunction, Shape]
"""Schemas that all apply, and one of their alternatives."""
SHOWN = ("conformed, and does not any more", "conforms now, and did not before")
Versions = tuple[Conjunction, Conjunction]
"""The old and the new schemas of one place."""
Key = tuple[Side, tuple[int, ...], tuple[int, ...]]
OTHER_SIDE = {"request": "readOnly", "response": "writeOnly"}
"""The keyword of properties of the other side only."""
EXCLUSIVE = RULES["request-alternatives-became-exclusive"]
NOWHERE = Part({}, "", "")
BITS = 100
"""Bits of a set of differences that are listed in one step."""
CHARACTERS = 500
"""Characters of a schema's JSON that are compared in one step."""


@dataclass(slots=True)
class _Pair:
    """Two schemas that were compared.

    Attributes:
        conditions: further pairs below them, each with what there is to tell if they differ.
    """

    differences: list[Difference] = field(default_factory=list)
    below: list[Key] = field(default_factory=list)
    conditions: dict[Key, Difference] = field(default_factory=dict)


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
        self._is_one_version = self._old.is_30 == self._new.is_30
        self._effort = effort
        self._counterexamples = Counterexamples(self._old, self._new, effort)
        self._pairs: dict[Key, _Pair] = {}
        self._all: list[Difference] = []
        self._numbers: dict[Difference, int] = {}
        self._differing = Unions(self._differs, self._all_below, effort)
        self._differences = Unions(self._numbers_of, self._differing_below, effort)
        self._sets: dict[Key, int] = {}
        self._lists: dict[int, list[Difference]] = {}
        self._same_texts: set[tuple[str, str]] = set()

    def differences(self, old: Part | None, new: Part | None, side: Side) -> list[Difference]:
        """Return the differences of two schemas and of those below them; None allows anything."""
        before, now = self._meant((old,) if old else (), (new,) if new else ())
        key = _key(before, now, side)
        if key not in self._sets:
            text = self._common_text(before, now)
            if (side, text) not in self._same_texts:
                self._compare(key, before, now)
                self._sets[key] = self._differences.of(key)
            if text is not None and not self._sets.setdefault(key, 0):
                self._same_texts.add((side, text))
        return self._listed(self._sets[key])

    def _common_text(self, old: Conjunction, new: Conjunction) -> str | None:
        """Return the JSON of two schemas if it is equal; then only their references can differ."""
        texts = [text_of(old), text_of(new)]
        self._effort.spend(len(texts[0] + texts[1]) // CHARACTERS)
        return texts[0] if texts[0] == texts[1] else None

    def _listed(self, numbers: int) -> list[Difference]:
        """Return the differences with the numbers of a set, in the order in which they were found."""
        if numbers not in self._lists:
            # what is right below a pair has numbers that are close together
            first = max((numbers & -numbers).bit_length() - 1, 0)
            bits = f"{numbers >> first:b}"
            self._effort.spend(len(bits) // BITS)
            self._lists[numbers] = [self._all[first + m.start()] for m in re.finditer("1", bits[::-1])]
        return self._lists[numbers]

    def _differs(self, key: Key) -> int:
        return int(bool(self._pairs[key].differences))

    def _all_below(self, key: Key) -> list[Key]:
        return [*self._pairs[key].below, *self._pairs[key].conditions]

    def _numbers_of(self, key: Key) -> int:
        """Return the numbers of a pair's differences, with those of conditions that differ."""
        compared = self._pairs[key]
        differing = (
            condition for inner, condition in compared.conditions.items() if self._differing.of(inner)
        )
        return reduce(
            or_, (1 << self._numbers[difference] for difference in (*compared.differences, *differing)), 0
        )

    def _differing_below(self, key: Key) -> list[Key]:
        return [inner for inner in self._pairs[key].below if self._differing.of(inner)]

    def _compare(self, first: Key, old: Conjunction, new: Conjunction) -> None:
        """Compare a pair and all pairs below it that were not compared yet."""
        seen, pending = {first}, [(first, old, new)]
        while pending:
            key, old, new = pending.pop()
            if key in self._pairs:
                continue
            compared = self._pairs[key] = _Pair()
            inner = [
                (_key(*conjunctions, key[0]), *conjunctions)
                for conjunctions in self._look(old, new, key[0], compared)
            ]
            for difference in (*compared.differences, *compared.conditions.values()):
                if self._numbers.setdefault(difference, len(self._all)) == len(self._all):
                    self._all.append(difference)
            pending += [entry for entry in inner if entry[0] not in seen]
            seen.update(entry[0] for entry in inner)

    def _look(self, old: Conjunction, new: Conjunction, side: Side, compared: _Pair) -> Iterator[Versions]:
        """Note the differences of two schemas themselves, and yield the pairs below."""
        fallback = (*new, *old, NOWHERE)[0]
        expanded = Expansion(self._old, old), Expansion(self._new, new)
        before = self._shapes(self._old, expanded[0], side, fallback)
        now = self._shapes(self._new, expanded[1], side, fallback)
        compared.differences += _null(before, now, side)
        pairing = pair(_values(before), _values(now))
        overlaps = overlapping(expanded[0], self._effort), overlapping(expanded[1], self._effort)
        alternatives = list(_of_alternatives(pairing, overlaps, side))
        if len(before) == 1 and overlaps[1]:
            alternatives = self._excluded(alternatives, (old, before[0]), (new, now[0]), overlaps[1])
        compared.differences += alternatives
        for shapes in pairing.pairs:
            compared.differences += differences(*shapes, side)
            compared.differences += xml_differences(*shapes, side) if self._is_xml else ()
            yield from self._look_below(*shapes, side, compared)
            yield from self._look_at_conditions((old, shapes[0]), (new, shapes[1]), side, compared)

    def _look_below(self, old: Shape, new: Shape, side: Side, compared: _Pair) -> Iterator[Versions]:
        """Yield the pairs of members, items and subtypes that can differ."""
        for inner in (*below(old, new), *self._subtypes(old, new, side, compared)):
            schemas = self._meant(*inner)
            if not (self._is_one_version and _is_same_scalar(*schemas)):
                compared.below.append(_key(*schemas, side))
                yield schemas

    def _look_at_conditions(self, old: Whole, new: Whole, side: Side, compared: _Pair) -> Iterator[Versions]:
        """Note the differences of conditions, and yield the pairs of those that may differ below."""
        for label, kind in condition_changes(old[1], new[1]):
            compared.differences += self._condition(label, kind, old, new, side)
        for old_below, new_below, label in conditions(old[1], new[1]):
            kind = "" if text_of(old_below) == text_of(new_below) else "changed"
            condition, *others = self._condition(label, kind, old, new, side)
            if others or not condition.rule.name.endswith("changed"):
                compared.differences += [condition, *others]
            else:  # no value shows it: it differs if the pair does
                schemas = self._meant(old_below, new_below)
                compared.conditions[_key(*schemas, side)] = condition
                yield schemas

    def _excluded(
        self, differences: list[Difference], old: Whole, new: Whole, group: Part
    ) -> list[Difference]:
        """Return differences with a value that was accepted, and conforms to several branches now, if any."""
        if not any(difference.rule is EXCLUSIVE for difference in differences):
            return differences
        exclusive = replace(new[1], parts=(*new[1].parts, group))
        value, _ = self._counterexamples.of(old, (new[0], exclusive), ("oneOf",))
        if value is MISSING:
            return differences
        text = f"oneOf: {json.dumps(value, ensure_ascii=False)} {SHOWN[0]}"
        narrowed = RULES["request-condition-narrowed"]
        return [
            replace(difference, rule=narrowed, detail=text) if difference.rule is EXCLUSIVE else difference
            for difference in differences
        ]

    def _condition(self, label: str, kind: str, old: Whole, new: Whole, side: Side) -> list[Difference]:
        """Return the differences of a condition: its direction, as far as keywords tell, and what shows it.

        Args:
            kind: empty if only a reference may have changed.
        """
        place = at(old[1], new[1], label.partition(" ")[0])
        values = self._counterexamples.of(old, new, group_of(label)) if kind else (MISSING, MISSING)
        directions = [
            (direction, f"{label}: {json.dumps(value, ensure_ascii=False)} {words}")
            for value, direction, words in zip(values, ("narrowed", "widened"), SHOWN, strict=True)
            if value is not MISSING and kind in {direction, "changed"}
        ]
        return [
            Difference.of(f"{side}-condition-{direction}", place, detail)
            for direction, detail in directions or [(kind or "changed", label)]
        ]

    def _meant(self, old: Conjunction, new: Conjunction) -> Versions:
        return tuple(_meant(self._old, part) for part in old), tuple(_meant(self._new, part) for part in new)

    def _shapes(self, schemas: Schemas, expansion: Expansion, side: Side, fallback: Part) -> list[Shape]:
        """Return the alternatives of a schema as one side sees them."""
        shapes = []
        for alternative in expansion.alternatives:
            self._effort.spend(steps_of(alternative))
            shapes.append(shape_of(alternative, fallback))
        for shape in shapes:
            foreign = [
                name
                for name, conjunction in shape.properties.items()
                if any(schemas.of(part.node).is_marked(OTHER_SIDE[side]) for part in conjunction)
            ]
            for name in foreign:
                del shape.properties[name]
            shape.required -= set(foreign)
        return shapes

    def _subtypes(self, old: Shape, new: Shape, side: Side, compared: _Pair) -> Iterator[Versions]:
        """Note added and removed subtypes, and yield the pairs of the others."""
        before, now = self._old_subtypes.of(old.parts), self._new_subtypes.of(new.parts)
        for value in before | now:
            if value not in now:
                compared.differences.append(
                    Difference.of(f"{side}-alternative-removed", before[value], value)
                )
            elif value not in before:
                compared.differences.append(Difference.of(f"{side}-alternative-added", now[value], value))
            else:
                yield (before[value],), (now[value],)


def _meant(schemas: Schemas, part: Part) -> Part:
    """Return the target of a bare reference, the same for all references to it, or the schema itself."""
    node, pointer = schemas.meant(part.node, part.pointer)
    return part if node is part.node else component(node, pointer, schemas.origin)


def _is_same_scalar(old: Conjunction, new: Conjunction) -> bool:
    """Tell whether schemas are equal, without references or schemas below them."""
    return len(old) == len(new) and all(
        _is_scalar(before.node) and _is_scalar(now.node) and repr(before.node) == repr(now.node)
        for before, now in zip(old, new, strict=True)
    )


def _is_scalar(node: Any) -> bool:
    if not isinstance(node, dict):
        return True
    return node.keys().isdisjoint(REFERENCES) and not any(isinstance(v, dict | list) for v in node.values())


def _key(old: Conjunction, new: Conjunction, side: Side) -> Key:
    return side, tuple(id(part.node) for part in old), tuple(id(part.node) for part in new)


def _values(shapes: list[Shape]) -> list[Shape]:
    """Return the alternatives without those that allow nothing or only null, but at least one."""
    return merge_lists([shape for shape in shapes if shape.types] or shapes[:1])


def _null(old: list[Shape], new: list[Shape], side: Side) -> Iterator[Difference]:
    """Compare whether null is allowed, unless a schema has no type, which allows it."""
    before, now = (next((shape for shape in shapes if shape.takes_null), None) for shapes in (old, new))
    if bool(before) != bool(now) and not any(shape.types == ANY_TYPE for shape in (*old, *new)):
        place = (now or before or new[0]).branch or at(old[0], new[0], "type", "enum", "const")
        yield Difference.of(f"{side}-nullable-{'added' if now else 'removed'}", place)


def _of_alternatives(
    pairing: Pairing, overlaps: tuple[Part | None, Part | None], side: Side
) -> Iterator[Difference]:
    """Yield added and removed alternatives, and whether one value may still conform to several of them."""
    if not (pairing.removed or pairing.added) and bool(overlaps[0]) != bool(overlaps[1]):
        kind = "exclusive" if overlaps[1] else "inclusive"
        yield Difference.of(f"{side}-alternatives-became-{kind}", overlaps[1] or overlaps[0] or NOWHERE)
    # one more alternative refuses what conforms to it and to another
    added = "alternatives-became-exclusive" if overlaps[1] and side == "request" else "alternative-added"
    yield from (_alternative(shape, side, "alternative-removed") for shape in pairing.removed)
    yield from (_alternative(shape, side, added) for shape in pairing.added)


def _alternative(shape: Shape, side: Side, rule: str) -> Difference:
    """Return the difference of an added or removed alternative, named by its component and types."""
    inner = shape.parts[shape.parts.index(shape.branch) :] if shape.branch else ()
    name = [part.where for part in inner if COMPONENT.fullmatch(part.pointer)][:1]
    detail = ", ".join([*name, type_words(shape.types)])
    return Difference.of(f"{side}-{rule}", shape.branch or shape.at, detail)
