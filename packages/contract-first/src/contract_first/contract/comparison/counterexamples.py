"""Finds values that show how a condition changed: accepted before and refused now, or the other way round."""

import json
from collections.abc import Callable, Iterator
from itertools import chain, islice, product
from typing import Any

import jsonschema_rs

from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.document.json_types import EVERY_TYPE, declared_types, type_of
from contract_first.contract.schemas.expansion import list_of
from contract_first.contract.schemas.parts import Conjunction
from contract_first.contract.schemas.schema import MISSING, Schemas
from contract_first.contract.schemas.shapes import Shape, mapping_of
from contract_first.contract.schemas.violations import holds_more

from .effort import Effort

MOST_SEARCHES = 100
OF_A_LARGE_ONE = 10
"""Searches that it counts for to find out that a schema is large."""
LARGEST_SCHEMA = 200
"""Values, those of components among them."""
MOST_VALUES = 500
MOST_PARTS = 1_000
OF_A_MEMBER = 6
LONGEST = 100
"""Characters of a text, items of an array."""
DEEPEST = 4
INNER = ("not", "if", "then", "else", "contains", *ALTERNATIVES)
ONE_OF_EACH: tuple[Any, ...] = ({}, [], "", 0, True, None)
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
ANCHORS = str.maketrans("", "", "^$")

Accepts = Callable[[Any], bool]


class Counterexamples:
    """Tries values near the bounds of two schemas, where both are small."""

    def __init__(self, old: Schemas, new: Schemas, effort: Effort) -> None:
        self._old, self._new = old, new
        self._effort = effort
        self._searches = 0
        self._nodes: list[Any] = []  # what is compiled is known by its identity

    def of(
        self, old: tuple[Conjunction, Shape], new: tuple[Conjunction, Shape], keywords: tuple[str, ...]
    ) -> tuple[Any, Any]:
        """Return a value that the keywords refuse now, and one that they refused before; MISSING for none."""
        self._searches += 1
        if self._searches > MOST_SEARCHES:
            return MISSING, MISSING
        try:
            before, refused_before = self._accepting(self._old, *old, keywords)
            now, refused_now = self._accepting(self._new, *new, keywords)
        except (LookupError, ValueError, jsonschema_rs.ReferencingError):
            return MISSING, MISSING
        values = list(islice(self._candidates(old[0], new[0]), MOST_VALUES))
        self._effort.spend(len(values))
        narrowed = (value for value in values if before(value) and not now(value) and refused_now(value))
        widened = (value for value in values if now(value) and not before(value) and refused_before(value))
        return next(narrowed, MISSING), next(widened, MISSING)

    def _accepting(
        self, schemas: Schemas, conjunction: Conjunction, shape: Shape, keywords: tuple[str, ...]
    ) -> tuple[Accepts, Accepts]:
        """Return what tells whether schemas accept a value, and whether their keywords refuse it.

        Raises:
            ValueError: they are large.
        """
        conditions = [{key: part.node[key] for key in keywords if key in part.node} for part in shape.parts]
        nodes = [part.node for part in conjunction]
        self._nodes += [*conditions, *nodes]
        if holds_more([schemas.bundler.bundle(node) for node in nodes], LARGEST_SCHEMA):
            self._searches += OF_A_LARGE_ONE
            raise ValueError
        whole = [schemas.compiled(node).is_valid for node in nodes]
        parts = [schemas.compiled(node).is_valid for node in conditions if node]
        return (
            lambda value: all(is_valid(value) for is_valid in whole),
            lambda value: not all(is_valid(value) for is_valid in parts),
        )

    def _candidates(self, old: Conjunction, new: Conjunction) -> Iterator[Any]:
        nodes = [(schemas, p.node) for schemas, c in ((self._old, old), (self._new, new)) for p in c]
        return _distinct(_Values().of(nodes, 0))


class _Values:
    """Makes values of a bounded number of schema objects: alternatives and members multiply."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def of(self, nodes: list[tuple[Schemas, Any]], depth: int) -> Iterator[Any]:
        """Yield values that schemas list, values at their bounds, and objects and arrays of such values."""
        self._left -= 1
        parts = list(self._parts(nodes, depth)) if self._left > 0 else []
        for _, part in parts:
            yield from chain(list_of(part, "enum"), list_of(part, "examples"))
            yield from (part[keyword] for keyword in ("const", "default", "example") if keyword in part)
            yield from _at_bounds(part)
        types = frozenset.intersection(
            EVERY_TYPE, *(declared_types(schemas.keywords(node)) for schemas, node in nodes)
        )
        yield from sorted(ONE_OF_EACH, key=lambda value: type_of(value) not in types)
        if depth < DEEPEST:
            yield from self._objects(parts, depth)
            yield from self._arrays(parts, depth)
        yield from ("a", 1, -1, 1.5, False)

    def _parts(
        self, nodes: list[tuple[Schemas, Any]], depth: int
    ) -> Iterator[tuple[Schemas, dict[str, Any]]]:
        """Yield schema objects about the same value, also those of conditions and alternatives."""
        for schemas, node in nodes:
            for part in schemas.parts(node):
                self._left -= 1
                if self._left < 0:
                    return
                yield schemas, part
                inner = [part[keyword] for keyword in INNER if keyword in part and keyword != "contains"]
                inner = [branch for held in inner for branch in (held if isinstance(held, list) else [held])]
                inner += mapping_of(part, "dependentSchemas").values()
                if depth < DEEPEST:
                    yield from self._parts([(schemas, branch) for branch in inner], depth + 1)

    def _objects(self, parts: list[tuple[Schemas, dict[str, Any]]], depth: int) -> Iterator[Any]:
        """Yield objects with and without each member that the schemas name."""
        members: dict[str, list[tuple[Schemas, Any]]] = {}
        for schemas, part in parts:
            for name, node in mapping_of(part, "properties").items():
                members.setdefault(name, []).append((schemas, node))
            for name, node in mapping_of(part, "patternProperties").items():
                members.setdefault(name.translate(ANCHORS), []).append((schemas, node))
            dependent = mapping_of(part, "dependentRequired")
            for name in (*list_of(part, "required"), *dependent, *chain(*dependent.values())):
                members.setdefault(name, [])
            if isinstance(names := part.get("propertyNames"), dict):
                for name in islice(self.of([(schemas, names)], DEEPEST), OF_A_MEMBER):
                    members.setdefault(str(name), [])
        width = max(1, min(OF_A_MEMBER, int(MOST_VALUES ** (1 / max(1, len(members)))) - 1))
        choices: list[list[Any]] = [
            [(), *((name, value) for value in islice(_distinct(self.of(nodes, depth + 1)), width))]
            for name, nodes in members.items()
        ]
        for chosen in product(*choices):
            yield dict(pair for pair in chosen if pair)

    def _arrays(self, parts: list[tuple[Schemas, dict[str, Any]]], depth: int) -> Iterator[Any]:
        nodes = [(s, part[key]) for s, part in parts for key in ("items", "contains") if key in part]
        nodes += [(schemas, node) for schemas, part in parts for node in list_of(part, "prefixItems")]
        counts = {
            part[keyword] + more
            for _, part in parts
            for keyword in ("minContains", "maxContains", "minItems", "maxItems")
            for more in (0, 1)
            if isinstance(part.get(keyword), int)
        }
        items = list(islice(_distinct(self.of(nodes, depth + 1)), 2 * OF_A_MEMBER)) if nodes else []
        for size in sorted({1, 2} | {count for count in counts if count <= LONGEST}):
            yield from ([item] * size for item in items)
        yield from (list(pair) for pair in product(items, items))


def _at_bounds(part: dict[str, Any]) -> Iterator[Any]:
    for number in (part[keyword] for keyword in BOUNDS if isinstance(part.get(keyword), int | float)):
        yield from (number, number - 1, number + 1)
    for length in (part.get("minLength"), part.get("maxLength")):
        if isinstance(length, int):
            yield from ("a" * min(max(length + more, 0), LONGEST) for more in (0, -1, 1))
    if isinstance(part.get("pattern"), str):
        yield part["pattern"].translate(ANCHORS)


def _distinct(values: Iterator[Any]) -> Iterator[Any]:
    texts = set[str]()
    for value in values:
        text = json.dumps(value, sort_keys=True)
        if text not in texts:
            texts.add(text)
            yield value
