"""How deep the smallest value of a schema is: what tells the way out of a schema that recurs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .merged import NoValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .merging import Merger

MOST_ROUNDS = 100


class Heights:
    """The heights of a document's schemas: 0 for a value with nothing in it, infinite for one without end."""

    def __init__(self, merger: Merger) -> None:
        self._merger = merger
        self._known: dict[int, float] = {}

    def of(self, schema: Any) -> float:
        """Return the height of the smallest value that keeps a schema."""
        if not isinstance(schema, dict):
            return math.inf if schema is False else 0
        if id(schema) not in self._known:
            self._measure(schema)
        return self._known[id(schema)]

    def _measure(self, schema: dict[str, Any]) -> None:
        reached = self._reached(schema)
        self._known.update(dict.fromkeys(reached, math.inf))
        for _ in range(MOST_ROUNDS):
            changed = False
            for identity, each in reached.items():
                height = self._height(each)
                changed |= height < self._known[identity]
                self._known[identity] = min(height, self._known[identity])
            if not changed:
                return

    def _reached(self, schema: dict[str, Any]) -> dict[int, dict[str, Any]]:
        reached: dict[int, dict[str, Any]] = {}
        pending = [schema]
        while pending:
            each = pending.pop()
            if isinstance(each, dict) and id(each) not in reached and id(each) not in self._known:
                reached[id(each)] = each
                pending += self._parts(each)
        return reached

    def _parts(self, schema: dict[str, Any]) -> Iterator[Any]:
        yield self._merger.target(schema)
        told = self._keywords(schema)
        for keyword in ("allOf", "anyOf", "oneOf"):
            yield from told.get(keyword, ())
        yield from self._inside(told)

    def _inside(self, told: dict[str, Any]) -> Iterator[Any]:
        """Yield the schemas of what a value must have in it."""
        properties = told.get("properties", {})
        yield from (properties[name] for name in told.get("required", ()) if name in properties)
        if told.get("minItems", 0):
            yield from told.get("prefixItems", ())[: told["minItems"]] or [told.get("items", True)]

    def _keywords(self, schema: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._merger.keywords(schema)
        except NoValueError:
            return {}

    def _height(self, schema: dict[str, Any]) -> float:
        told, target = self._keywords(schema), self._merger.target(schema)
        inside = [1 + self._look_up(each) for each in self._inside(told)]
        beside = [self._look_up(each) for each in (target, *told.get("allOf", ())) if each is not None]
        either = [
            min(map(self._look_up, told[keyword])) for keyword in ("anyOf", "oneOf") if told.get(keyword)
        ]
        return max([0, *inside, *beside, *either])

    def _look_up(self, schema: Any) -> float:
        if isinstance(schema, dict):
            return self._known.get(id(schema), 0)
        return math.inf if schema is False else 0
