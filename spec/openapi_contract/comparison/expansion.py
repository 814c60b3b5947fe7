"""Takes a schema apart into alternatives without ``$ref``, ``allOf``, ``anyOf`` and ``oneOf``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_contract import pointers
from openapi_contract.dialect30 import to_2020_12

from .located import Conjunction, Located, component

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openapi_contract.contract import Contract

MOST_ALTERNATIVES = 64
MOST_STEPS = 2_000
MOST_NESTED = 100
GROUPS = ("anyOf", "oneOf")
STRUCTURE = frozenset({"$ref", "allOf", *GROUPS})

Alternative = tuple[Located, ...]
"""Flat schema objects of JSON Schema 2020-12, all of which hold."""


class Schemas:
    """The schemas of a contract, in whichever dialect they are written."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._is_30 = contract.openapi.startswith("3.0.")

    def alternatives(self, conjunction: Conjunction) -> list[Alternative]:
        """Return the alternatives of which a value has to keep at least one.

        Where there would be too many, the rest of ``anyOf`` and ``oneOf`` stays as it stands in the schema.
        """
        return _Expansion(self).expand(conjunction, frozenset(), 0)

    def keywords(self, located: Located) -> dict[str, Any]:
        """Return a schema object as JSON Schema 2020-12 spells it, the booleans too."""
        node = located.node
        if isinstance(node, dict):
            return to_2020_12(node) if self._is_30 else node
        return {} if node is True else {"enum": []}

    def target(self, schema: dict[str, Any]) -> Located | None:
        """Return what a ``$ref`` to a place in the document leads to; anchors and URIs are not followed."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith(("#/", "#%")):
            return None
        pointer = pointers.from_fragment(reference[1:])
        try:
            return component(pointers.lookup(self._document, pointer), pointer)
        except KeyError:  # relative to an $id, which validation leaves to JSON Schema
            return None

    def marked_properties(self, schema: Located, keywords: Iterable[str]) -> set[str]:
        """Return the names of the properties that say ``keyword: true`` for one of the keywords."""
        parts = [part for alternative in self.alternatives((schema,)) for part in alternative]
        named = [(name, inner) for part in parts for name, inner in part.node.get("properties", {}).items()]
        return {
            name
            for name, inner in named
            if any(self.is_marked((Located(inner, "", ""),), each) for each in keywords)
        }

    def is_marked(self, conjunction: Conjunction, keyword: str) -> bool:
        """Whether any of the schemas, or what it refers to, says ``keyword: true``."""
        for located in conjunction:
            seen = set()
            at: Located | None = located
            while at is not None and id(at.node) not in seen:
                seen.add(id(at.node))
                schema = self.keywords(at)
                if schema.get(keyword) is True:
                    return True
                at = self.target(schema)
        return False


class _Expansion:
    """One expansion, with a bound on its work: alternatives of alternatives multiply."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._steps = 0

    def expand(self, conjunction: Conjunction, seen: frozenset[int], depth: int) -> list[Alternative]:
        flat, groups, seen = self._flatten(conjunction, seen)
        found: list[Alternative] = [tuple(flat)]
        for group in groups:
            branches = self._branches(group, seen, depth)
            if branches and len(found) * len(branches) <= MOST_ALTERNATIVES:
                found = [one + branch for one in found for branch in branches]
            else:
                found = [(*one, group) for one in found]
        return found

    def _branches(self, group: Located, seen: frozenset[int], depth: int) -> list[Alternative]:
        """Return the alternatives of ``anyOf`` or ``oneOf``; none if they are too many, or too deep."""
        if depth > MOST_NESTED or self._steps > MOST_STEPS:
            return []
        (keyword,) = group.node
        return [
            alternative
            for index in range(len(group.node[keyword]))
            for alternative in self.expand((group.below(keyword, index),), seen, depth + 1)
        ]

    def _flatten(
        self, conjunction: Conjunction, seen: frozenset[int]
    ) -> tuple[list[Located], list[Located], frozenset[int]]:
        """Follow ``$ref`` and ``allOf``; return the flat schemas, groups of branches, and what was seen."""
        flat: list[Located] = []
        groups: list[Located] = []
        visited = set(seen)
        pending = list(reversed(conjunction))
        while pending:
            located = pending.pop()
            self._steps += 1
            if id(located.node) in visited:
                continue
            if isinstance(located.node, dict):
                visited.add(id(located.node))
            schema = self._schemas.keywords(located)
            target = self._schemas.target(schema)
            apart = STRUCTURE if target or "$ref" not in schema else STRUCTURE - {"$ref"}
            own = {keyword: value for keyword, value in schema.items() if keyword not in apart}
            flat.append(Located(own, located.pointer, located.where))
            groups += _groups(schema, located)
            members = [located.below("allOf", i) for i in range(len(_list(schema, "allOf")))]
            pending += [*reversed(members), *([target] if target else [])]
        return flat, groups, frozenset(visited)


def _groups(schema: dict[str, Any], located: Located) -> Iterator[Located]:
    for keyword in GROUPS:
        if branches := _list(schema, keyword):
            yield Located({keyword: branches}, located.pointer, located.where)


def _list(schema: dict[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
