"""Values that conform to schemas: down these, and down an example, whose good parts stay.

In each place, the schemas that hold together there are merged (`contract_first.contract.schemas.merging`),
and of what they say an object, an array, a string or a number is made.
"""

import math
from dataclasses import dataclass
from itertools import chain
from typing import Any

from contract_first.contract.document.json_types import type_of
from contract_first.contract.schemas.merging import Branch, Merged, NoValueError
from contract_first.contract.schemas.schema import MISSING
from contract_first.vocabulary.subjects import Subject

from .alternatives import identified, of_one_alternative
from .arrays import array
from .attempt import DEEP, GenerationAttempt, Level
from .examples import is_placeholder, spellings
from .identifiers import prefix_of
from .numbers import named_number, number
from .objects import OBJECT, Properties
from .strings import text

TRIES = 4
"""At a part that is checked."""
MOST_VALUES = 20_000
"""In one response; a schema that asks for more has none."""
DEEPEST = 60
LISTED_AS_ONE = 100
"""Values of an enum that take as long to look through as one to make."""


@dataclass(slots=True)
class ValueAttempt(GenerationAttempt):
    """One attempt at a value of any type."""

    def value(self, schemas: list[Any], level: Level, example: Any = MISSING) -> Any:
        """Return a value that most likely conforms to all of these schemas; see `Attempt.value`."""
        self.value_count += 1
        if self.value_count > MOST_VALUES or level.depth > DEEPEST:
            raise NoValueError("it asks for too large a value")
        if not self.strategy.checks_parts:
            return self._unchecked(schemas, level, example)
        for _ in range(TRIES):
            value = self._unchecked(schemas, level, example)
            for candidate in (value, *of_one_alternative(value, schemas, self.merger)):
                if self.conforms(schemas, candidate):
                    return candidate
        raise NoValueError("no part conforms to its schema")

    def _unchecked(self, schemas: list[Any], level: Level, example: Any) -> Any:
        merged, level = self._merged(schemas, level, example)
        examples = self._examples(merged, level, example)
        if (kept := self._kept(schemas, examples)) is not MISSING:
            return kept
        if merged.values is not None:
            return self._listed(merged, level)
        level = level._replace(within=level.within | merged.targets)
        for candidate in filter(None, examples) if self.strategy.repairs else ():
            if isinstance(candidate, dict) and "object" in merged.types:
                return Properties(self, merged, level, candidate).all()
            if isinstance(candidate, list) and "array" in merged.types:
                return array(self, merged, level, candidate)
        return self._of_type(merged, level)

    def _merged(self, schemas: list[Any], level: Level, example: Any) -> tuple[Merged, Level]:
        """Return what the schemas say together, and the place: of an identifier where that may stand."""
        alternatives: list[Branch] = []

        def ordered(branches: list[Branch]) -> list[Branch]:
            alternatives.extend(branches)
            return self._ordered(branches, level, example)

        merged = self.merger.merge(schemas, ordered)
        is_scalar = alternatives and "object" not in merged.types
        return merged, self._of_reference(alternatives, level) if is_scalar else level

    def _kept(self, schemas: list[Any], examples: list[Any]) -> Any:
        """Return the first example that can stay as it is, at worst but for its format; else MISSING."""
        for spelling in chain.from_iterable(map(spellings, examples)):
            if self._can_stay(schemas, spelling):
                return spelling
        for candidate in examples if self.strategy.keeps_formats else ():
            if not is_placeholder(candidate) and self._can_stay(schemas, candidate, formats=False):
                self.violates_formats = True
                return candidate
        return MISSING

    def _of_reference(self, alternatives: list[Branch], level: Level) -> Level:
        """Return the place of the identifier of an object that could stand there in full."""
        objects = [schema for branch in alternatives for schema in map(self.merger.of, branch)]
        referred = identified(objects)
        if referred is None or not level.name:
            return level
        kind = referred.members.get(OBJECT)
        subject = Subject(self.random, prefix=prefix_of(kind.values) if kind is not None else "")
        return level._replace(name="id", subject=subject)

    def _ordered(self, branches: list[Branch], level: Level, example: Any) -> list[Branch]:
        """Return alternatives in the order in which they are tried."""
        if example is not MISSING:
            return sorted(branches, key=lambda branch: self.merger.distance(branch, example))
        if level.depth > DEEP:
            return sorted(branches, key=self.merger.minimum_depth)
        if not self.strategy.takes_first:
            branches = self.random.sample(branches, len(branches))
        else:
            branches = [b for b in branches if self.merger.minimum_depth(b) < math.inf] or branches
            types = [[self.merger.of(schema).types for schema in branch] for branch in branches]
            if level.variation and types and all({"object"} in branch for branch in types):
                first = level.variation.index % len(branches)  # items are of each alternative in turn
                branches = [*branches[first:], *branches[:first]]
        if not isinstance(level.request, dict):
            return branches
        return sorted(branches, key=lambda branch: self.merger.mismatches(branch, level.request))

    def _examples(self, merged: Merged, level: Level, example: Any) -> list[Any]:
        """Return the value to repair, else the examples of the schemas; of an item, variants first."""
        if example is not MISSING:
            examples = [example]
        else:
            examples = (
                [example for example in merged.examples if example is not MISSING] if self.examples else []
            )
        return examples if level.variation is None else level.variation.varied(examples, level.name)

    def _can_stay(self, schemas: list[Any], example: Any, *, formats: bool = True) -> bool:
        """Tell whether an example can be taken as it is; parts of it may be write-only."""
        holds_parts = isinstance(example, dict | list) and self.merger.omits_write_only
        is_valid = self.merger.is_valid if formats else self.merger.is_valid_but_for_formats
        return all(is_valid(schema, example) for schema in schemas) and not (example and holds_parts)

    def _listed(self, merged: Merged, level: Level) -> Any:
        """Return one of the values that an enum lists: for items in turn, else any."""
        values = merged.values or []
        self.value_count += len(values) // LISTED_AS_ONE
        fitting = [value for value in values if type_of(value) in merged.types]
        if not fitting:
            raise NoValueError("no listed value has the type")
        if not self.strategy.takes_first:
            return self.random.choice(fitting)
        return fitting[(level.variation.index if level.variation else 0) % len(fitting)]

    def _of_type(self, merged: Merged, level: Level) -> Any:
        kinds = merged.kinds()
        kind = self.random.choice(kinds) if self.strategy.any_type else kinds[0]
        if kind == "object":
            return Properties(self, merged, level).all()
        if kind == "array":
            return array(self, merged, level)
        if kind in {"boolean", "null"}:
            return self.coin() if kind == "boolean" else None
        name = level.name if self.strategy.heeds_names else ""
        subject = level.subject or Subject(self.random, draw_person=self.strings.person)
        if kind == "string":
            return text(merged, subject, name, self.strings)
        value = named_number(merged, subject, name, kind)
        if value is not None:
            return value
        return number(merged, self.random, kind, prefers_whole=self.strategy.whole_numbers)
