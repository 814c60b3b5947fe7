"""One attempt at a value that conforms to schemas: down these, and down an example, whose good parts stay.

In each place, the schemas that hold together there are merged (`openapi_contract.merging`), and of what they
say an object, an array or one of the `.primitives` is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple

from openapi_contract.json_types import type_of
from openapi_contract.merging import Branch, Merged, Merger, NoValueError
from openapi_contract.schemas import MISSING, Schema

from . import primitives
from .agreement import agreeing
from .examples import Variation, canonical, spellings
from .names import Makers, words
from .subjects import Subject

CHECKED, BARE, FIRST_FREE, LAST_EXAMPLES = 1, 2, 4, 5
"""Attempts: each part checked; nothing optional; from here on of any type, or without examples and names."""
TRIES = 4
PART_TRIES, FEW_TRIES = 50, 2
"""For one more item or property that differs from the others: one that must be there, or one that may."""
SHOWN_ITEMS, SHOWN_LEVELS = 3, 2
"""Items of a list, down to this level; of one further in, one item is shown."""
MOST_VALUES = 20_000
"""In one response; a schema that asks for more has none."""
ENOUGH_VALUES = 600
"""Beyond them, only what is required is made."""
DEEP = 4
"""Levels, beyond which only what is required is made, by the shortest way."""
DEEPEST = 60
LISTED_AS_ONE = 100
"""Values of an enum that take as long to look through as one to make."""
MOST_ITEMS = 10_000
"""That a schema can ask for."""
A_STRING = {"type": "string"}
OMITTED: Any = object()
"""A property that is required, and yet not sent."""
UNUSUAL: tuple[Any, ...] = (None, 0, "", [], {})
"""One of them violates nearly every schema of a property."""


class Level(NamedTuple):
    """Where in a value a part stands.

    Attributes:
        within: identities of the schemas that it is a part of, as far as references led to them.
        name: of the property that it is, or that is the array or map it stands in.
        subject: of the object whose property it is.
        variation: what makes others of examples, in an item that is not the first.
    """

    depth: int = 0
    within: frozenset[int] = frozenset()
    name: str = ""
    subject: Subject | None = None
    variation: Variation | None = None

    def below(self, name: str, subject: Subject | None = None) -> Level:
        """Return the level of a part."""
        return Level(self.depth + 1, self.within, name, subject, self.variation)


@dataclass(slots=True)
class Attempt:
    """One attempt at a value.

    The first takes all optional properties and the first of all alternatives; the second checks each part as
    it is made, and takes any alternative; the third takes only what is required; those after them check each
    part, and toss a coin.

    Attributes:
        merger: of the schemas.
        strings: what makes strings by the names of properties.
        number: of the attempt, from 0.
        examples: take the examples that stand in schemas.
        made: how many values were made so far.
    """

    random: Random
    merger: Merger
    strings: Makers
    number: int
    examples: bool
    made: int = 0

    def value(self, schemas: list[Any], level: Level, example: Any = MISSING) -> Any:
        """Return a value that most likely conforms to all of these schemas.

        Args:
            schemas: of the document.
            level: where the value stands.
            example: a value to repair.

        Raises:
            NoValueError: none was found.
        """
        self.made += 1
        if self.made > MOST_VALUES or level.depth > DEEPEST:
            raise NoValueError("it asks for too large a value")
        if not self._checks:
            return self._unchecked(schemas, level, example)
        for _ in range(TRIES):
            value = self._unchecked(schemas, level, example)
            for candidate in (value, *self._of_one_alternative(value, schemas)):
                if self._is_valid(schemas, candidate):
                    return candidate
        raise NoValueError("no part conforms to its schema")

    @property
    def _checks(self) -> bool:
        """Whether each part is checked as it is made: it takes time, and is seldom needed."""
        return self.number not in {0, BARE}

    def _is_valid(self, schemas: list[Any], value: Any) -> bool:
        return all(self.merger.is_valid(each, value) for each in schemas)

    def _unchecked(self, schemas: list[Any], level: Level, example: Any) -> Any:
        merged = self.merger.merge(schemas, lambda branches: self._ordered(branches, level, example))
        examples = merged.examples if self.examples and example is MISSING else [example]
        examples = [each for each in examples if each is not MISSING]
        if level.variation is not None:
            examples = level.variation.before(examples, level.name)
        for each in (spelled for one in examples for spelled in spellings(one)):
            if self._stays(schemas, each):
                return each
        if merged.values is not None:
            self.made += len(merged.values) // LISTED_AS_ONE
            listed = [each for each in merged.values if type_of(each) in merged.types]
            if not listed:
                raise NoValueError("no listed value has the type")
            index = level.variation.index if level.variation else 0
            return self.random.choice(listed) if self.number else listed[index % len(listed)]
        level = level._replace(within=level.within | merged.targets)
        for each in examples if self.number <= FIRST_FREE else ():
            if isinstance(each, dict) and each and "object" in merged.types:
                return _Properties(self, merged, level, each).all()
            if isinstance(each, list) and each and "array" in merged.types:
                return self._array(merged, level, each)
        return self._of_type(merged, level)

    def _stays(self, schemas: list[Any], example: Any) -> bool:
        """Tell whether an example can be taken as it is; parts of it may be write-only."""
        holds_parts = isinstance(example, dict | list) and self.merger.omits_write_only
        return self._is_valid(schemas, example) and not (example and holds_parts)

    def _ordered(self, branches: list[Branch], level: Level, example: Any) -> list[Branch]:
        """Return alternatives in the order in which they are tried."""
        if example is not MISSING:
            return sorted(branches, key=lambda each: self.merger.distance(each, example))
        if level.depth > DEEP:
            return sorted(branches, key=self.merger.minimum_depth)
        if self.number:
            return self.random.sample(branches, len(branches))
        return [each for each in branches if self.merger.minimum_depth(each) < math.inf] or branches

    def _of_type(self, merged: Merged, level: Level) -> Any:
        kinds = merged.kinds()
        kind = self.random.choice(kinds) if self.number >= FIRST_FREE else kinds[0]
        name = level.name if self.number < LAST_EXAMPLES else ""
        if kind == "object":
            return _Properties(self, merged, level).all()
        if kind == "array":
            return self._array(merged, level)
        subject = level.subject or Subject(self.random, draw_person=self.strings.person)
        if kind == "string":
            return primitives.text(merged, subject, name, self.strings)
        if kind in {"integer", "number"}:
            found = primitives.named_number(merged, subject, name, kind)
            return self._number(merged, kind) if found is None else found
        return self.coin() if kind == "boolean" else None

    def _number(self, merged: Merged, kind: str) -> float:
        if kind == "integer":
            return primitives.integer(merged, self.random)
        if self.number % 2 or primitives.names_integer(merged):
            try:
                return primitives.integer(merged, self.random)
            except NoValueError:
                pass
        return primitives.number(merged, self.random)

    def coin(self) -> bool:
        """Toss a coin."""
        return self.random.random() < 0.5  # noqa: PLR2004 -- a fair one

    def has_room(self, level: Level) -> bool:
        """Tell whether there is room for what is optional."""
        return self.number != BARE and level.depth <= DEEP and self.made < ENOUGH_VALUES

    # Arrays -------------------------------------------------------------------------------------------------

    def _array(self, merged: Merged, level: Level, example: Sequence[Any] = ()) -> list[Any]:
        least = int(merged.limits.get("minItems", 0))
        if least > MOST_ITEMS:
            raise NoValueError(f"it asks for {least} items")
        times = min(int(merged.limits.get("minContains", 1)), MOST_ITEMS)
        contained = [each for each in merged.listed.get("contains", ()) for _ in range(times)]
        most = min(merged.limits.get("maxItems", math.inf), MOST_ITEMS)
        optional = len(example) or self._optional_items(merged, level)
        required = max(least, len(contained))
        count = min(max(required, optional), most)
        unique = True in merged.listed.get("uniqueItems", ())
        first = level.variation.index if level.variation else 0
        items: list[Any] = []
        seen, known = set[str](), 0
        while len(items) < count:
            schemas = [*merged.item(len(items)), *contained[len(items) :][:1]]
            try:
                shown = example[len(items)] if len(items) < len(example) else MISSING
                differs = unique or (not example and len(items) >= required)
                tries = PART_TRIES if unique else FEW_TRIES
                if differs:
                    seen.update(map(canonical, items[known:]))
                    known = len(items)
                if items and shown is MISSING:
                    level = level._replace(variation=Variation(self.random, first + len(items)))
                items.append(self._item(schemas, seen if differs else set(), level, shown, tries))
            except NoValueError:
                if len(items) < least:
                    raise
                break
        return items

    def _optional_items(self, merged: Merged, level: Level) -> int:
        """Return how many items are shown where none is required: those of schemas of their own, or a few.

        Of a list of what it is itself in, one is shown near the top.
        """
        if not self.has_room(level) or self.merger.has_no_value(merged.item(0)):
            return 0
        if self.merger.recurs(merged.item(0), level.within):
            return 1 if level.depth <= SHOWN_LEVELS else 0
        return merged.leading or (SHOWN_ITEMS if level.depth <= SHOWN_LEVELS else 1)

    def _item(self, schemas: list[Any], seen: set[str], level: Level, example: Any, tries: int) -> Any:
        """Return an item that differs from those seen; no examples once they have been the same."""
        item = self.value(schemas, level.below(level.name), example)
        for repeat in range(tries):
            if canonical(item) not in seen:
                return item
            number = self.number if repeat < FEW_TRIES else self.number + repeat
            other = replace(self, number=number, examples=False)
            item = other.value(schemas, level.below(level.name))
            self.made = other.made
        if canonical(item) not in seen:
            return item
        raise NoValueError("no more items were found")

    # Alternatives: many contracts say ``oneOf`` and mean ``anyOf`` ------------------------------------------

    def _of_one_alternative(self, value: Any, schemas: list[Any]) -> Iterator[Any]:
        """Yield objects with properties more, which all alternatives of a ``oneOf`` refuse but one."""
        if not isinstance(value, dict):
            return
        for branches in (each for schema in schemas for each in self.merger.of(schema).exclusive):
            valid = [each for each in branches if each.conforms(value)]
            for chosen in valid if len(valid) > 1 else ():
                refused = dict(value)
                for other in valid:
                    if other is not chosen:
                        refused |= next(self._refused(other, refused), {})
                yield refused

    def _refused(self, alternative: Schema, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield properties that an alternative names, with values that it refuses."""
        for name, schema in alternative.properties.items():
            if name not in value:
                yield from ({name: one} for one in UNUSUAL if not schema.conforms(one))


class _Properties:
    """The properties of one object as they are made, those of an example before the others."""

    def __init__(
        self, attempt: Attempt, merged: Merged, level: Level, example: Mapping[str, Any] | None = None
    ) -> None:
        self._attempt = attempt
        self._merger = attempt.merger
        self._merged = merged
        self._level = level
        self._example = example or {}
        self._made: dict[str, Any] = {}
        self._names = tuple(merged.names())
        person = attempt.strings.person
        self._subject = Subject(attempt.random, self._names, level.name, level.subject, person)

    def all(self) -> dict[str, Any]:
        """Return the object; NoValueError if none is found."""
        self._add_shown()
        self._add_required()
        most = self._merged.limits.get("maxProperties", math.inf)
        for name in () if self._example else self._names:
            if name not in self._made and len(self._made) < most and self._is_shown():
                self._add_optional(name)
        self._add_unnamed()
        sent = {name: value for name, value in self._made.items() if value is not OMITTED}
        return agreeing(sent, self._may_be) if self._attempt.number < LAST_EXAMPLES else sent

    def _may_be(self, name: str, value: Any) -> bool:
        """Tell whether a property may have another value: it is no author's, and its schema allows that."""
        schemas = self._merged.property_named(name)
        is_shown = name in self._example or self._merger.merge(schemas, list).examples
        return not is_shown and all(self._merger.is_valid(each, value) for each in schemas)

    def _is_shown(self) -> bool:
        attempt = self._attempt
        return attempt.has_room(self._level) and (attempt.number <= CHECKED or attempt.coin())

    def _value(self, name: str) -> Any:
        example = self._example.get(name, MISSING)
        level = self._level.below(name, self._subject)
        return self._attempt.value(self._merged.property_named(name), level, example)

    def _add_shown(self) -> None:
        """Add what an example has, repaired; what cannot be is left out."""
        for name in self._example:
            schemas = self._merged.property_named(name)
            if not self._merger.is_write_only(schemas):
                with suppress(NoValueError):
                    self._made[name] = self._value(name)

    def _add_required(self) -> None:
        """Add what is required, and what is required with it."""
        names, omits = list(self._merged.required), self._merger.omits_write_only
        while names:
            name = names.pop(0)
            if name not in self._made:
                is_omitted = omits and self._merger.is_write_only(self._merged.property_named(name))
                self._made[name] = OMITTED if is_omitted else self._value(name)
                names += self._dependents(name)

    def _add_optional(self, name: str) -> None:
        """Add what is optional, with what is required with it; nothing if that cannot be."""
        schemas = self._merged.property_named(name)
        merger = self._merger
        if merger.is_write_only(schemas) or merger.has_no_value(schemas):
            return
        if merger.recurs(schemas, self._level.within):
            return
        names, added = [name], dict[str, Any]()
        try:
            while names:
                name = names.pop()
                if name not in self._made and name not in added:
                    added[name] = self._value(name)
                    names += self._dependents(name)
        except NoValueError:
            return
        self._made |= added

    def _dependents(self, name: str) -> Iterator[str]:
        for schema in self._merged.objects:
            yield from schema.get("dependentRequired", {}).get(name, ())

    def _add_unnamed(self) -> None:
        """Add properties that no schema names: as many as are required, one where it says what they are."""
        least = self._merged.limits.get("minProperties", 0)
        for _ in range(PART_TRIES):
            if len(self._made) >= (least or self._shown_unnamed()):
                return
            name = self._new_name()
            schemas = self._merged.property_named(name)
            recurs = self._merger.recurs(schemas, self._level.within)
            if name not in self._made and False not in schemas and not recurs:
                level = self._level.below(self._level.name)  # a map is called what its values are
                self._made[name] = self._attempt.value(schemas, level)
        if len(self._made) < least:
            raise NoValueError("no more properties were found")

    def _shown_unnamed(self) -> bool:
        is_full = self._attempt.number <= CHECKED and not self._example
        shows = is_full and self._attempt.has_room(self._level)
        return shows and any(map(_describes_unnamed, self._merged.objects))

    def _new_name(self) -> str:
        """Return a name that a pattern, or the schema of names, allows."""
        random = self._attempt.random
        rules = self._merged.listed.get("propertyNames", [])
        if rules:
            return str(self._attempt.value([*rules, A_STRING], self._level.below("")))
        if self._names and self._attempt.coin():
            return random.choice(self._names)
        patterns = [each for one in self._merged.objects for each in one.get("patternProperties", ())]
        found = next(primitives.matching(random.choice(patterns), random), None) if patterns else None
        return found or "_".join(words(random).split())


def _describes_unnamed(schema: dict[str, Any]) -> bool:
    """Tell whether a schema describes properties that it does not name."""
    others = schema.get("additionalProperties")
    return bool(schema.get("patternProperties")) or (isinstance(others, dict) and bool(others))
