"""Pairs the alternatives of two schemas."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations, product
from typing import Any, NamedTuple

from contract_first.contract.document.bounds import NUMBERS, OBJECTS
from contract_first.contract.document.json_types import type_of
from contract_first.contract.schemas.expansion import Expansion
from contract_first.contract.schemas.parts import Part
from contract_first.contract.schemas.shapes import ANY_TYPE, Shape, canonical, listed, shape_of, steps_of

from .effort import Effort


class Pairing(NamedTuple):
    """Pairs of alternatives, and those of one schema only."""

    pairs: list[tuple[Shape, Shape]]
    removed: list[Shape]
    added: list[Shape]


def pair(old: Sequence[Shape], new: Sequence[Shape]) -> Pairing:
    """Pair alternatives by name, by equality, by similarity, and then the last two."""
    if len(old) == len(new) == 1:
        return Pairing([(old[0], new[0])], [], [])
    pairing = Pairing([], list(old), list(new))
    _take(pairing, lambda old, new: int(old.name == new.name and old.name != ()))
    _take(pairing, lambda old, new: int([p.node for p in old.parts] == [p.node for p in new.parts]))
    _split(pairing)
    _take(pairing, _likeness)
    if len(pairing.removed) == len(pairing.added) == 1:
        pairing.pairs.append((pairing.removed.pop(), pairing.added.pop()))
    return pairing


def merge_lists(shapes: list[Shape]) -> list[Shape]:
    """Merge the alternatives that are mere lists of values."""
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
        effort.spend(sum(steps_of(alternative) for branch in branches for alternative in branch))
        shapes = [[shape_of(alternative, group) for alternative in branch] for branch in branches]
        values = {id(shape): _required_values(shape) for branch in shapes for shape in branch}
        effort.spend(
            2 * sum(len(constants) for properties in values.values() for constants in properties.values())
        )
        pairs = chain.from_iterable(product(*branches) for branches in combinations(shapes, 2))
        for first, other in pairs:
            effort.spend(1)
            if _overlap(first, other, values):
                return group
    return None


def _required_values(shape: Shape) -> dict[str, dict[str, Any]]:
    """Return the listed values of required properties."""
    values = {name: listed(shape.properties.get(name, ())) for name in shape.required}
    return {name: constants for name, constants in values.items() if constants is not None}


def _overlap(first: Shape, other: Shape, values: dict[int, dict[str, dict[str, Any]]]) -> bool:
    """Tell whether a value may conform to both, by types, values and properties."""
    if first.takes_null and other.takes_null:
        return True
    if not first.types & other.types or _differ(first.enum, other.enum):
        return False
    if first.types & other.types != OBJECTS:
        return True
    constants, others = values[id(first)], values[id(other)]
    if any(
        name in others and listed_values.keys().isdisjoint(others[name])
        for name, listed_values in constants.items()
    ):
        return False
    return all(
        more.additional is not None or less.required <= more.properties.keys()
        for less, more in ((first, other), (other, first))
    )


def _differ(first: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    return first is not None and other is not None and first.keys().isdisjoint(other)


def _is_list(shape: Shape) -> bool:
    return shape.enum is not None and not (shape.limits or shape.properties or shape.conditions)


def _take(pairing: Pairing, likeness: Callable[[Shape, Shape], int]) -> None:
    """Move similar alternatives to the pairs, the most similar first."""
    alike = [(likeness(first, other), first, other) for first in pairing.removed for other in pairing.added]
    for degree, first, other in sorted(alike, key=lambda pair: -pair[0]):
        if degree > 0 and _has(pairing.removed, first) and _has(pairing.added, other):
            pairing.pairs.append((first, other))
            pairing.removed[:] = [shape for shape in pairing.removed if shape is not first]
            pairing.added[:] = [shape for shape in pairing.added if shape is not other]


def _has(shapes: list[Shape], shape: Shape) -> bool:
    return any(member is shape for member in shapes)


def _split(pairing: Pairing) -> None:
    """Split an alternative of several types into one for each."""
    for side in (pairing.removed, pairing.added):
        side[:] = [single for shape in side for single in _by_type(shape)]


def _by_type(shape: Shape) -> Iterator[Shape]:
    if shape.types == ANY_TYPE or shape.types <= NUMBERS:
        yield shape
        return
    for types in (shape.types & NUMBERS, *(frozenset({name}) for name in sorted(shape.types - NUMBERS))):
        if types:
            enum = shape.enum and {key: value for key, value in shape.enum.items() if type_of(value) in types}
            yield replace(shape, types=types, enum=enum)


def _likeness(first: Shape, other: Shape) -> int:
    """Return the similarity of two alternatives by types and properties, 0 for none."""
    if first.types != other.types:
        return 0
    features, others = _features(first), _features(other)
    if not features and not others:
        return 1
    return len(features & others) * 2 if features and others else int(not (features or others))


def _features(shape: Shape) -> frozenset[str]:
    """Return the property names, and the values of constant properties."""
    constants = {
        f"{name}={canonical(part.node['const'])}"
        for name, conjunction in shape.properties.items()
        for part in conjunction
        if isinstance(part.node, dict) and "const" in part.node
    }
    return frozenset(constants | shape.properties.keys())
