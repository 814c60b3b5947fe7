"""The properties of one object."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from contract_first.contract.schemas.merging import Merged, NoValueError
from contract_first.contract.schemas.schema import MISSING
from contract_first.vocabulary.names import described, text
from contract_first.vocabulary.subjects import WORDS, Subject

from .agreement import agreeing
from .attempt import PART_TRIES, GenerationAttempt, Level
from .identifiers import prefix_of
from .patterns import matching

A_STRING = {"type": "string"}
OBJECT = "object"
"""The member by which an object says what it is."""
FAR, FEW = 3, 5
"""Levels beyond those with room, where an object has so many optional properties instead of none."""
DEPRECATED = re.compile(r"\W*deprecated\b", re.IGNORECASE)
EXCLUDES = re.compile(
    r"mutually exclusive|can(?:no|')t be (?:used|set|specified|combined|provided|present)"
    r"|(?:only|exactly) one of",
    re.IGNORECASE,
)
"""Words of descriptions that name the members beside which one may not be."""
OMITTED: Any = object()
"""A property that is required, and yet left out of a response."""


class Properties:
    """The properties of one object as they are made, those of an example before the others."""

    def __init__(
        self,
        attempt: GenerationAttempt,
        merged: Merged,
        level: Level,
        example: Mapping[str, Any] | None = None,
    ) -> None:
        self._attempt = attempt
        self._merger = attempt.merger
        self._merged = merged
        self._level = level
        self._example = example or {}
        self._members: dict[str, Any] = {}
        self._names = tuple(merged.names())
        self._schemas: dict[str, list[Any]] = {}
        kinds = self._merger.listed(self._schemas_of(OBJECT)) if OBJECT in self._names else ()
        person, prefix = attempt.strings.person, prefix_of(kinds)
        self._subject = Subject(attempt.random, self._names, level.kind, level.subject, person, prefix)

    def all(self) -> dict[str, Any]:
        """Return the object; NoValueError if none is found."""
        self._add_examples()
        self._add_required()
        most = self._merged.limits.get("maxProperties", math.inf)
        for name in () if self._example else sorted(self._names, key=self._choosing):
            if name not in self._members and len(self._members) < most and self._is_taken(name):
                self._add_optional(name)
        self._add_unnamed()
        value = {name: member for name, member in self._members.items() if member is not OMITTED}
        return agreeing(value, self._may_be) if self._attempt.strategy.heeds_names else value

    def _schemas_of(self, name: str) -> list[Any]:
        """Return the schemas of a property."""
        if name not in self._schemas:
            self._schemas[name] = self._merged.property_named(name)
        return self._schemas[name]

    def _may_be(self, name: str, value: Any) -> bool:
        """Tell whether a property may have another value: no author gave it, and its schema allows that."""
        schemas = self._schemas_of(name)
        is_given = name in self._example or self._merger.merge(schemas, list).examples
        return not is_given and self._attempt.conforms(schemas, value)

    def _is_taken(self, name: str) -> bool:
        """Tell whether an optional property is taken: far in, only a few that hold no others are."""
        attempt, schemas = self._attempt, self._schemas_of(name)
        if not attempt.has_room(self._level):
            is_far = not attempt.has_room(self._level._replace(depth=self._level.depth - FAR))
            if is_far or len(self._members) >= FEW or not self._merger.is_scalar(schemas):
                return False
        return attempt.strategy.optional == "all" or attempt.coin()

    @cached_property
    def _chosen(self) -> dict[str, str]:
        """Properties of which there is the one that another's value names: ``card`` for ``type: card``."""
        chosen, names = dict[str, str](), frozenset(self._names)
        for name in self._names:
            values = self._merger.listed(self._schemas_of(name))
            alike = names.intersection(value for value in values if isinstance(value, str))
            chosen |= dict.fromkeys(alike, name) if len(alike) > 1 else {}
        return chosen

    def _choosing(self, name: str) -> bool:
        return name not in self._chosen.values()

    @cached_property
    def _excluded(self) -> dict[str, frozenset[str]]:
        """The words of descriptions that say of which other properties one may not stand beside, by name."""
        named = ((name, self._merger.described(self._schemas_of(name))) for name in self._names)
        excluding = ((name, text) for name, text in named if EXCLUDES.search(text))
        return {name: frozenset(re.findall(r"[\w-]+", text)) - {name} for name, text in excluding}

    def _is_left_out(self, name: str, schemas: list[Any]) -> bool:
        """Tell whether its author says that a property should not be there, or not beside what is."""
        if self._merger.is_deprecated(schemas) or DEPRECATED.match(self._merger.described(schemas)):
            return True
        tag = self._members.get(self._chosen.get(name, ""), name)
        if tag != name:
            return True
        excluded = self._excluded
        is_excluded = any(name in words for other, words in excluded.items() if other in self._members)
        return is_excluded or not self._members.keys().isdisjoint(excluded.get(name, ()))

    def _value(self, name: str) -> Any:
        example = self._example.get(name, MISSING)
        level = self._level.below(name, self._subject)
        return self._attempt.value(self._schemas_of(name), level, example)

    def _add_examples(self) -> None:
        """Add the properties of the example, repaired; those that cannot be repaired are left out."""
        for name in self._example:
            schemas = self._schemas_of(name)
            if not self._merger.is_write_only(schemas):
                with suppress(NoValueError):
                    self._members[name] = self._value(name)

    def _add_required(self) -> None:
        """Add the required properties, and those that they require."""
        names, omits = list(self._merged.required), self._merger.omits_write_only
        while names:
            name = names.pop(0)
            if name not in self._members:
                is_omitted = omits and self._merger.is_write_only(self._schemas_of(name))
                self._members[name] = OMITTED if is_omitted else self._value(name)
                names += self._dependents(name)

    def _add_optional(self, name: str) -> None:
        """Add an optional property with those that it requires; nothing if one of them has no value."""
        schemas = self._schemas_of(name)
        merger = self._merger
        if merger.is_write_only(schemas) or merger.has_no_value(schemas) or self._is_left_out(name, schemas):
            return
        if merger.recurs(schemas, self._level.within):
            return
        names, added = [name], dict[str, Any]()
        try:
            while names:
                name = names.pop()
                if name not in self._members and name not in added:
                    added[name] = self._value(name)
                    names += self._dependents(name)
        except NoValueError:
            return
        self._members |= added

    def _dependents(self, name: str) -> Iterator[str]:
        for schema in self._merged.objects:
            yield from schema.get("dependentRequired", {}).get(name, ())

    def _add_unnamed(self) -> None:
        """Add properties that no schema names: as many as are required, one where a schema describes them."""
        least = self._merged.limits.get("minProperties", 0)
        for _ in range(PART_TRIES):
            if len(self._members) >= (least or self._takes_unnamed()):
                return
            name = self._new_name()
            schemas = self._schemas_of(name)
            recurs = self._merger.recurs(schemas, self._level.within)
            if name not in self._members and False not in schemas and not recurs:
                level = self._level.below(self._level.name)  # a map is called what its values are
                self._members[name] = self._attempt.value(schemas, level)
        if len(self._members) < least:
            raise NoValueError("no more properties were found")

    def _takes_unnamed(self) -> bool:
        is_complete = self._attempt.strategy.optional == "all" and not self._example
        has_room = is_complete and self._attempt.has_room(self._level)
        return has_room and any(map(_describes_unnamed, self._merged.objects))

    def _new_name(self) -> str:
        """Return a name that a pattern, or the schema of names, allows."""
        random = self._attempt.random
        rules = self._merged.listed.get("propertyNames", [])
        if rules:
            return str(self._attempt.value([*rules, A_STRING], self._level.below("")))
        if self._names and self._attempt.coin():
            return random.choice(self._names)
        patterns = [
            pattern for schema in self._merged.objects for pattern in schema.get("patternProperties", ())
        ]
        name = next(matching(random.choice(patterns), random), None) if patterns else None
        key = text(described(self._merged.description), self._subject) or random.choice(WORDS)
        return name or (f"{key}_{random.randrange(1, 100)}" if key in self._members else key)


def _describes_unnamed(schema: dict[str, Any]) -> bool:
    """Tell whether a schema describes properties that it does not name."""
    others = schema.get("additionalProperties")
    return bool(schema.get("patternProperties")) or (isinstance(others, dict) and bool(others))
