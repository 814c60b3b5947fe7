"""One attempt at a value of a schema."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from . import numbers, strings
from .alternatives import told_apart
from .arrays import array_of
from .merged import NoValueError
from .objects import object_of

if TYPE_CHECKING:
    from random import Random

    from .generation import Generator
    from .merged import Merged
    from .merging import Branch

ATTEMPTS = 40
BARE, FIRST_FREE, LAST_EXAMPLES = 1, 3, 4
"""Attempts: nothing that is optional; from here on of any type that is allowed, or without examples."""
TRIES = 4
MOST_VALUES = 20_000
"""In one answer; a schema that asks for more is not answered."""
ENOUGH_VALUES = 600
"""Beyond them, only what must be there is made."""
DEEP = 4
"""Levels, beyond which only what must be there is made, by the shortest way."""
DEEPEST = 60


class Level(NamedTuple):
    """Where in a value a part stands.

    Attributes:
        within: identities of the schemas that it is a part of, as far as references led to them.
    """

    depth: int = 0
    within: frozenset[int] = frozenset()

    @property
    def below(self) -> Level:
        """The level of a part."""
        return Level(self.depth + 1, self.within)


@dataclass(slots=True)
class Drawing:
    """One attempt at a value.

    The first takes all optional properties and the first of all alternatives, the second what must be there
    alone; those after them toss a coin, and check each part as it is made.
    """

    random: Random
    generator: Generator
    attempt: int
    examples: bool
    made: int = field(default=0, init=False)

    @property
    def checks(self) -> bool:
        """Whether each part is checked as it is made: it takes time, and is seldom needed."""
        return self.attempt > BARE

    def coin(self) -> bool:
        """Toss a coin."""
        return self.random.random() < 0.5  # noqa: PLR2004 -- a fair one

    def may_be_full(self, level: Level) -> bool:
        """Tell whether there is room for what need not be there."""
        return self.attempt != BARE and level.depth <= DEEP and self.made < ENOUGH_VALUES

    def value(self, schemas: list[Any], level: Level = Level()) -> Any:  # noqa: B008 -- it cannot be changed
        """Return a value that keeps these schemas, as far as can be told without a validator.

        Raises:
            NoValueError: none was found.
        """
        self.made += 1
        if self.made > MOST_VALUES or level.depth > DEEPEST:
            raise NoValueError("it asks for too large a value")
        if not self.checks:
            return self._drawn(schemas, level)
        for _ in range(TRIES):
            drawn = self._drawn(schemas, level)
            for one in (drawn, *told_apart(drawn, schemas, self.generator)):
                if all(self.generator.is_valid(each, one) for each in schemas):
                    return one
        raise NoValueError("no part keeps its schema")

    def _drawn(self, schemas: list[Any], level: Level) -> Any:
        merged = self.generator.merged(schemas, lambda branches: self._ordered(branches, level))
        if self.examples and merged.examples:
            fitting = (each for each in merged.examples if self._is_fit(schemas, each))
            found = next(fitting, NOTHING)
            if found is not NOTHING:
                return found
        if merged.values is not None:
            return self._listed(merged)
        return self._of_kind(merged, Level(level.depth, level.within | merged.targets))

    def _is_fit(self, schemas: list[Any], example: Any) -> bool:
        return not self.checks or all(self.generator.is_valid(each, example) for each in schemas)

    def _ordered(self, branches: list[Branch], level: Level) -> list[Branch]:
        """Return alternatives in the order in which they are tried."""
        if level.depth > DEEP:
            return sorted(branches, key=self.generator.height)
        if self.attempt:
            return self.random.sample(branches, len(branches))
        return [each for each in branches if self.generator.height(each) < math.inf] or branches

    def _listed(self, merged: Merged) -> Any:
        fitting = [each for each in merged.values or () if type_of(each) in merged.types]
        if not fitting:
            raise NoValueError("no listed value has the type")
        return self.random.choice(fitting) if self.attempt else fitting[0]

    def _of_kind(self, merged: Merged, level: Level) -> Any:
        kinds = merged.kinds()
        kind = self.random.choice(kinds) if self.attempt >= FIRST_FREE else kinds[0]
        if kind == "object":
            return object_of(self, merged, level)
        if kind == "array":
            return array_of(self, merged, level)
        return self._scalar(kind, merged)

    def _scalar(self, kind: str, merged: Merged) -> Any:
        if kind == "string":
            return strings.text(merged, self.random)
        if kind == "integer":
            return numbers.integer(merged, self.random)
        if kind == "number":
            return self._number(merged)
        return self.coin() if kind == "boolean" else None

    def _number(self, merged: Merged) -> float:
        if self.attempt % 2:
            try:
                return numbers.integer(merged, self.random)
            except NoValueError:
                pass
        return numbers.number(merged, self.random)


NOTHING: Any = object()


def type_of(value: Any) -> str:
    """Return the JSON type of a value."""
    kinds = ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object"))
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")
