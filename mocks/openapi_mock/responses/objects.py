"""Objects that keep what schemas say of properties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from . import strings
from .merged import NoValueError
from .patterns import strings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Drawing, Level
    from .merged import Merged

TRIES = 50
A_STRING = {"type": "string"}
LEFT_OUT: Any = object()
"""Stands for a property that is required, and yet not sent."""


def object_of(drawing: Drawing, merged: Merged, level: Level) -> dict[str, Any]:
    """Return an object; NoValueError if none is found."""
    return _Properties(drawing, merged, level).all()


class _Properties:
    """The properties of one object as they are made."""

    def __init__(self, drawing: Drawing, merged: Merged, level: Level) -> None:
        self._drawing = drawing
        self._merged = merged
        self._level = level
        self._made: dict[str, Any] = {}

    def all(self) -> dict[str, Any]:
        self._put_required()
        most = self._merged.limits.get("maxProperties", math.inf)
        for name in self._merged.names():
            if name not in self._made and len(self._made) < most and self._is_wanted():
                self._put_optional(name)
        self._put_others()
        return {name: value for name, value in self._made.items() if value is not LEFT_OUT}

    def _is_wanted(self) -> bool:
        return self._drawing.may_be_full(self._level) and (not self._drawing.attempt or self._drawing.coin())

    def _value(self, name: str) -> Any:
        return self._drawing.value(self._merged.property_named(name), self._level.below)

    def _put_required(self) -> None:
        """Put what must be there, and what must be there with it."""
        wanted = list(self._merged.required)
        while wanted:
            name = wanted.pop(0)
            if name not in self._made:
                self._made[name] = LEFT_OUT if self._is_left_out(name) else self._value(name)
                wanted += self._dependents(name)

    def _is_left_out(self, name: str) -> bool:
        generator = self._drawing.generator
        return generator.keeps_write_only_out and generator.is_write_only(self._merged.property_named(name))

    def _put_optional(self, name: str) -> None:
        """Put what may be there, with what must be there with it; nothing if that cannot be."""
        generator, schemas = self._drawing.generator, self._merged.property_named(name)
        if generator.is_write_only(schemas) or generator.recurs(schemas, self._level.within):
            return
        wanted, put = [name], {}
        try:
            while wanted:
                each = wanted.pop()
                if each not in self._made and each not in put:
                    put[each] = self._value(each)
                    wanted += self._dependents(each)
        except NoValueError:
            return
        self._made |= put

    def _dependents(self, name: str) -> Iterator[str]:
        for schema in self._merged.objects:
            yield from schema.get("dependentRequired", {}).get(name, ())

    def _put_others(self) -> None:
        """Put properties that no schema names: as many as must be there, one where it says what they are."""
        least = self._merged.limits.get("minProperties", 0)
        for _ in range(TRIES):
            if len(self._made) >= (least or self._shown()):
                return
            name = self._new_name()
            schemas = self._merged.property_named(name)
            recurs = self._drawing.generator.recurs(schemas, self._level.within)
            if name not in self._made and False not in schemas and not recurs:
                self._made[name] = self._value(name)
        if len(self._made) < least:
            raise NoValueError("no more properties were found")

    def _shown(self) -> int:
        shows = not self._drawing.attempt and self._drawing.may_be_full(self._level)
        return int(shows and any(map(_says_of_others, self._merged.objects)))

    def _new_name(self) -> str:
        """Return a name that a pattern, or the schema of names, allows."""
        random = self._drawing.random
        rules = self._merged.listed.get("propertyNames", [])
        if rules:
            return str(self._drawing.value([*rules, A_STRING], self._level.below))
        named = [*self._merged.names()]
        if named and self._drawing.coin():
            return random.choice(named)
        patterns = [each for one in self._merged.objects for each in one.get("patternProperties", ())]
        found = next(strings_of(random.choice(patterns), random), None) if patterns else None
        return found or "_".join(strings.words(random).split())


def _says_of_others(schema: dict[str, Any]) -> bool:
    """Tell whether a schema describes properties that it does not name."""
    others = schema.get("additionalProperties")
    return bool(schema.get("patternProperties")) or (isinstance(others, dict) and bool(others))
