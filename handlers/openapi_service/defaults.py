"""Defaults that a body's schema declares, put where the body leaves a property out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from openapi_contract.schemas import MISSING

if TYPE_CHECKING:
    from openapi_contract.schemas import Schema


class Defaults:
    """The defaults of one schema and of what is in it; ``bool()`` tells whether there are any at all."""

    __slots__ = ("_items", "_properties")

    def __init__(self) -> None:
        self._properties: dict[str, tuple[Any, Defaults]] = {}
        self._items: Defaults | None = None

    def __bool__(self) -> bool:
        return any(True for _ in self._declared(set()))

    def _declared(self, seen: set[int]) -> Any:
        if id(self) in seen:
            return
        seen.add(id(self))
        for default, inner in self._properties.values():
            if default is not MISSING:
                yield default
            yield from inner._declared(seen)  # noqa: SLF001 -- its own kind
        if self._items is not None:
            yield from self._items._declared(seen)  # noqa: SLF001 -- its own kind

    def fill(self, value: Any) -> None:
        """Put the defaults into a JSON value, in place."""
        if isinstance(value, dict):
            for name, (default, inner) in self._properties.items():
                if name in value:
                    inner.fill(value[name])
                elif default is not MISSING:
                    value[name] = copy.deepcopy(default)
        elif isinstance(value, list) and self._items is not None:
            for item in value:
                self._items.fill(item)

    @classmethod
    def of(cls, schema: Schema, made: dict[Schema, Defaults] | None = None) -> Defaults:
        """Work the defaults out of a schema, through ``$ref`` and ``allOf``; alternatives declare none."""
        made = {} if made is None else made
        if schema not in made:
            defaults = made[schema] = cls()
            for name, inner in schema.properties.items():
                defaults._properties[name] = inner.default, cls.of(inner, made)
            defaults._items = None if schema.items.node is True else cls.of(schema.items, made)
        return made[schema]
