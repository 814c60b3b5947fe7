"""Expands a schema into alternatives without ``$ref``, ``allOf``, ``anyOf`` and ``oneOf``."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from contract_first.contract.document.anatomy import ALTERNATIVES, REFERENCES

from .parts import Conjunction, Part, component
from .schema import Schemas

MOST_ALTERNATIVES = 64
MOST_STEPS = 2_000
MOST_NESTED = 100
STRUCTURE = frozenset({"allOf", *ALTERNATIVES})

Alternative = tuple[Part, ...]
"""Flat schema objects of JSON Schema 2020-12, all of which apply."""


class Expansion:
    """The alternatives of schemas that all apply, with a bound on the work, since they multiply.

    Where there would be too many, the rest of ``anyOf`` and ``oneOf`` stays as it stands in the schema.

    Attributes:
        alternatives: a value has to conform to at least one of them.
        exclusive: each ``oneOf``, and the alternatives of its branches.
    """

    def __init__(self, schemas: Schemas, conjunction: Conjunction) -> None:
        self.exclusive: list[tuple[Part, list[list[Alternative]]]] = []
        self._schemas = schemas
        self._steps = 0
        self.alternatives = self._expand(conjunction, frozenset(), 0)

    def _expand(self, conjunction: Conjunction, seen: frozenset[int], depth: int) -> list[Alternative]:
        flat, groups, seen = self._flatten(conjunction, seen)
        alternatives: list[Alternative] = [tuple(flat)]
        for group in groups:
            branches = list(chain.from_iterable(self._branches(group, seen, depth)))
            if branches and len(alternatives) * len(branches) <= MOST_ALTERNATIVES:
                alternatives = [alternative + branch for alternative in alternatives for branch in branches]
            else:
                alternatives = [(*alternative, group) for alternative in alternatives]
        return alternatives

    def _branches(self, group: Part, seen: frozenset[int], depth: int) -> list[list[Alternative]]:
        """Return the alternatives of each branch of ``anyOf`` or ``oneOf``; none if too many, or too deep."""
        if depth > MOST_NESTED or self._steps > MOST_STEPS:
            return []
        (keyword,) = group.node
        members = [group.below(keyword, index) for index in range(len(group.node[keyword]))]
        branches = [self._expand((member,), seen, depth + 1) for member in members]
        if keyword == "oneOf":
            self.exclusive.append((group, branches))
        return branches

    def _flatten(
        self, conjunction: Conjunction, seen: frozenset[int]
    ) -> tuple[list[Part], list[Part], frozenset[int]]:
        """Follow ``$ref`` and ``allOf``; return the flat schemas, groups of branches, and what was seen."""
        flat: list[Part] = []
        groups: list[Part] = []
        visited = set(seen)
        pending = list(reversed(conjunction))
        while pending:
            part = pending.pop()
            self._steps += 1
            if id(part.node) in visited:
                continue
            if isinstance(part.node, dict):
                visited.add(id(part.node))
            schema = self._schemas.keywords(part.node)
            targets = [
                component(*target, self._schemas.origin) for target in self._schemas.targets(part.node)
            ]
            apart = STRUCTURE.union(REFERENCES) if targets else STRUCTURE
            keywords = {keyword: value for keyword, value in schema.items() if keyword not in apart}
            flat.append(Part(keywords, part.pointer, part.where, part.origin))
            groups += _groups(schema, part)
            members = [part.below("allOf", i) for i in range(len(list_of(schema, "allOf")))]
            pending += [*reversed(members), *targets]
        return flat, groups, frozenset(visited)


def _groups(schema: dict[str, Any], part: Part) -> Iterator[Part]:
    for keyword in ALTERNATIVES:
        if branches := list_of(schema, keyword):
            yield replace(part, node={keyword: branches})


def list_of(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    """Return the array of a keyword, empty if there is none."""
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
