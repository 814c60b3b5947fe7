"""``deepObject``: a value in brackets, ``p[a]=1``, and what clients make of what OpenAPI leaves open.

OpenAPI defines objects of plain values alone (3.1, section 4.8.12). Contracts use the style for arrays too,
and for what is deeper; clients write those ``p[]=1`` or ``p[0]=1``, and ``p[a][0][b]=1``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .coercion import RepeatedError, member_coercion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openapi_contract.schemas import Schema

STEP = re.compile(r"\[([^\[\]]*)\]")
STEPS = re.compile(r"(?:\[[^\[\]]*\]){0,20}")
"""That deep a value may be; what is deeper is none."""


@dataclass(slots=True)
class Node:
    """What was sent for one place of a value: texts, or what is inside by its name."""

    texts: list[str] = field(default_factory=list)
    members: dict[str, Node] = field(default_factory=dict)

    def inside(self, name: str) -> Node:
        """Return the place of this name in here, and another each time where the brackets are empty."""
        return self.members.setdefault(name or str(len(self.members)), Node())


def read_deep(name: str, pairs: Iterable[tuple[str, str]]) -> Node | None:
    """Return what the pairs hold of the parameter of this name, None if nothing."""
    root, found = Node(), False
    for key, text in pairs:
        tail = key.removeprefix(name)
        if key.startswith(name) and STEPS.fullmatch(tail):
            place, found = root, True
            for step in STEP.findall(tail):
                place = place.inside(step)
            place.texts.append(text)
    return root if found else None


class DeepCoercion:
    """Turns what stands in brackets into the JSON value that one of the schemas means."""

    def __init__(self, schemas: list[Schema]) -> None:
        self._schemas = schemas
        self._types = frozenset().union(*(each.types for each in schemas))
        self._inside: dict[tuple[str, ...], DeepCoercion] = {}

    def __call__(self, node: Node) -> Any:
        """Return the value; RepeatedError if it is more than one."""
        takes_array = "array" in self._types
        if node.texts:
            if node.members or not (takes_array or len(node.texts) == 1):
                raise RepeatedError
            return self._of_texts(node.texts)
        if takes_array and all(each.isdecimal() for each in node.members):
            item = self._within("items")
            return [item(node.members[each]) for each in sorted(node.members, key=lambda at: (len(at), at))]
        return {name: self._named(name)(each) for name, each in node.members.items()}

    def _of_texts(self, texts: list[str]) -> Any:
        if len(texts) == 1 and self._types - {"array", "object"}:
            return self._scalar(texts[0])
        item = self._within("items")
        return [item(Node([each])) for each in texts] if "array" in self._types else texts[0]

    @cached_property
    def _scalar(self) -> Callable[[str], Any]:
        return member_coercion((each.node for each in self._schemas), self._schemas[0])

    @cached_property
    def _branches(self) -> list[dict[str, Any]]:
        return [part for each in self._schemas for part in each.branches]

    def _named(self, name: str) -> DeepCoercion:
        is_declared = any(name in each.get("properties", ()) for each in self._branches)
        return self._within("properties", name) if is_declared else self._within("additionalProperties")

    def _within(self, *steps: str) -> DeepCoercion:
        """Return the coercion of what the schemas have there; it is made when it is first asked for."""
        if steps not in self._inside:
            found: list[Any] = self._branches
            for step in steps:
                found = [each[step] for each in found if step in each]
            self._inside[steps] = DeepCoercion([self._schemas[0].of(each) for each in found or [True]])
        return self._inside[steps]
