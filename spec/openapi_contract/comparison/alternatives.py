"""Finds out which alternative of one schema is which of another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

from openapi_contract.json_types import type_of
from openapi_contract.parts import Part

from .effort import Effort
from .expansion import Expansion
from .limits import NUMBERS, OBJECTS
from .shapes import ANY_TYPE, Shape, canonical, listed, shape_of, steps_of


class Pairing(NamedTuple):
    """Alternatives that are each other's, and those of one schema only."""

    pairs: list[tuple[Shape, Shape]]
    removed: list[Shape]
    added: list[Shape]


def pair(old: Sequence[Shape], new: Sequence[Shape]) -> Pairing:
    """Pair alternatives: those of one name, those that are the same, then by likeness, then the last two."""
    if len(old) == len(new) == 1:
        return Pairing([(old[0], new[0])], [], [])
    pairing = Pairing([], list(old), list(new))
    _take(pairing, lambda one, other: int(one.name == other.name and one.name != ()))
    _take(pairing, lambda one, other: int([p.node for p in one.parts] == [p.node for p in other.parts]))
    _split(pairing)
    _take(pairing, _likeness)
    if len(pairing.removed) == len(pairing.added) == 1:
        pairing.pairs.append((pairing.removed.pop(), pairing.added.pop()))
    return pairing


def merge_lists(shapes: list[Shape]) -> list[Shape]:
    """Put alternatives that are nothing but lists of values into one."""
    lists = [shape for shape in shapes if _is_list(shape)]
    if len(lists) < 2:  # noqa: PLR2004 -- one is merged as it is
        return shapes
    values = {key: value for shape in lists for key, value in (shape.enum or {}).items()}
    types = frozenset().union(*(shape.types for shape in lists))
    merged = replace(lists[0], enum=values, types=types, name=())
    return [merged, *(shape for shape in shapes if not _is_list(shape))]


def overlapping(expansion: Expansion, effort: Effort) -> Part | None:
    """Return the first ``oneOf`` that a value can violate by conforming to two of its branches."""
    for group, branches in expansion.exclusive:
        effort.spend(sum(steps_of(each) for branch in branches for each in branch))
        shapes = [[shape_of(each, group) for each in branch] for branch in branches]
        values = {id(shape): _required_values(shape) for branch in shapes for shape in branch}
        effort.spend(2 * sum(len(each) for found in values.values() for each in found.values()))
        pairs = ((one, other) for mine, theirs in combinations(shapes, 2) for one in mine for other in theirs)
        for one, other in pairs:
            effort.spend(1)
            if _overlap(one, other, values):
                return group
    return None


def _required_values(shape: Shape) -> dict[str, dict[str, Any]]:
    """Return the values of the properties that must be there, as far as they are listed."""
    values = {name: listed(shape.properties.get(name, ())) for name in shape.required}
    return {name: each for name, each in values.items() if each is not None}


def _overlap(one: Shape, other: Shape, values: dict[int, dict[str, dict[str, Any]]]) -> bool:
    """Tell whether a value may conform to both, as far as types, values and properties tell."""
    if one.takes_null and other.takes_null:
        return True
    if not one.types & other.types or _differ(one.enum, other.enum):
        return False
    if one.types & other.types != OBJECTS:
        return True
    mine, theirs = values[id(one)], values[id(other)]
    if any(name in theirs and each.keys().isdisjoint(theirs[name]) for name, each in mine.items()):
        return False
    return all(
        more.additional is not None or less.required <= more.properties.keys()
        for less, more in ((one, other), (other, one))
    )


def _differ(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    return one is not None and other is not None and one.keys().isdisjoint(other)


def _is_list(shape: Shape) -> bool:
    return shape.enum is not None and not (shape.limits or shape.properties or shape.conditions)


def _take(pairing: Pairing, likeness: Callable[[Shape, Shape], int]) -> None:
    """Move those that are alike to the pairs, the most alike first."""
    alike = [(likeness(one, other), one, other) for one in pairing.removed for other in pairing.added]
    for degree, one, other in sorted(alike, key=lambda each: -each[0]):
        if degree > 0 and _has(pairing.removed, one) and _has(pairing.added, other):
            pairing.pairs.append((one, other))
            pairing.removed[:] = [each for each in pairing.removed if each is not one]
            pairing.added[:] = [each for each in pairing.added if each is not other]


def _has(shapes: list[Shape], shape: Shape) -> bool:
    return any(each is shape for each in shapes)


def _split(pairing: Pairing) -> None:
    """Tell an alternative of several types as one alternative for each."""
    for side in (pairing.removed, pairing.added):
        side[:] = [each for shape in side for each in _by_type(shape)]


def _by_type(shape: Shape) -> Iterator[Shape]:
    if shape.types == ANY_TYPE or shape.types <= NUMBERS:
        yield shape
        return
    for types in (shape.types & NUMBERS, *(frozenset({each}) for each in sorted(shape.types - NUMBERS))):
        if types:
            enum = shape.enum and {key: value for key, value in shape.enum.items() if type_of(value) in types}
            yield replace(shape, types=types, enum=enum)


def _likeness(one: Shape, other: Shape) -> int:
    """Return how much two alternatives are alike, 0 for not at all: by types, then by properties."""
    if one.types != other.types:
        return 0
    mine, theirs = _features(one), _features(other)
    if not mine and not theirs:
        return 1
    return len(mine & theirs) * 2 if mine and theirs else int(not (mine or theirs))


def _features(shape: Shape) -> frozenset[str]:
    """Return the property names, and the values of those that have one value only."""
    constants = {
        f"{name}={canonical(part.node['const'])}"
        for name, conjunction in shape.properties.items()
        for part in conjunction
        if isinstance(part.node, dict) and "const" in part.node
    }
    return frozenset(constants | shape.properties.keys())
