"""The depth of the smallest value of a schema, by which generation of recursive schemas ends."""

import math
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, NamedTuple

from contract_first.contract.document.anatomy import ALTERNATIVES

MOST_ROUNDS = 100


class _Needs(NamedTuple):
    """The schemas of required members and items, those of the value itself, and its alternatives."""

    inside: list[Any]
    beside: list[Any]
    either: list[list[Any]]


class MinimumDepths:
    """The minimum depths of a document's schemas: 0 for a value without members, infinite for no value.

    Args:
        keywords: returns a schema object as JSON Schema 2020-12 spells it.
        targets: returns the schemas that a schema refers to.
    """

    def __init__(
        self, keywords: Callable[[Any], dict[str, Any]], targets: Callable[[Any], Iterable[Any]]
    ) -> None:
        self._keywords = keywords
        self._targets = targets
        self._depths: dict[int, float] = {}

    def of(self, node: Any) -> float:
        """Return the depth of the smallest value that conforms to a schema."""
        if isinstance(node, dict) and id(node) not in self._depths:
            self._measure(node)
        return self._look_up(node)

    def _measure(self, node: dict[str, Any]) -> None:
        reached: dict[int, _Needs] = {}
        pending = [node]
        while pending:
            schema = pending.pop()
            if isinstance(schema, dict) and id(schema) not in reached and id(schema) not in self._depths:
                needs = reached[id(schema)] = self._needs(schema)
                pending += [*needs.inside, *needs.beside, *chain.from_iterable(needs.either)]
        self._depths.update(dict.fromkeys(reached, math.inf))
        for _ in range(MOST_ROUNDS):
            changed = False
            for identity, needs in reached.items():
                depth = self._depth(needs)
                changed |= depth < self._depths[identity]
                self._depths[identity] = min(depth, self._depths[identity])
            if not changed:
                return

    def _needs(self, node: dict[str, Any]) -> _Needs:
        keywords = self._keywords(node)
        properties, count = keywords.get("properties", {}), keywords.get("minItems", 0)
        inside = [properties[name] for name in keywords.get("required", ()) if name in properties]
        if count:
            inside += keywords.get("prefixItems", ())[:count] or [keywords.get("items", True)]
        beside = [*self._targets(node), *keywords.get("allOf", ())]
        either = [keywords[keyword] for keyword in ALTERNATIVES if keywords.get(keyword)]
        return _Needs(inside, beside, either)

    def _depth(self, needs: _Needs) -> float:
        inside = [1 + self._look_up(schema) for schema in needs.inside]
        either = [min(map(self._look_up, schemas)) for schemas in needs.either]
        return max([0, *inside, *map(self._look_up, needs.beside), *either])

    def _look_up(self, node: Any) -> float:
        if isinstance(node, dict):
            return self._depths.get(id(node), 0)
        return math.inf if node is False else 0
