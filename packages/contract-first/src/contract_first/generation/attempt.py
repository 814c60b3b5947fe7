"""The state that the parts of one attempt at a value share: depth, randomness, and number of values."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from contract_first.contract.schemas.merging import Merger
from contract_first.contract.schemas.schema import MISSING
from contract_first.vocabulary.makers import Makers
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.subjects import Subject

from .examples import Variation
from .strategies import Strategy

PART_TRIES, FEW_TRIES = 50, 2
"""For one more item or property that differs from the others: one that is required, or an optional one."""
ENOUGH_VALUES = 600
"""Beyond them, only what is required is made."""
DEEP = 4
"""Levels, beyond which only what is required is made, by the shortest way."""


class Level(NamedTuple):
    """Where in a value a part stands.

    Attributes:
        within: identities of the schemas that it is a part of, as far as references led to them.
        name: of the property that it is, or that is the array or map it stands in.
        kind: what it is one of: its name, or for what is called ``data`` or the like, that of the whole.
        subject: of the object whose property it is.
        variation: varies examples, in an item that is not the first.
        request: what a request has there, which chooses among alternatives.
        items: how many an array has there; None for as many as usual.
    """

    depth: int = 0
    within: frozenset[int] = frozenset()
    name: str = ""
    subject: Subject | None = None
    variation: Variation | None = None
    request: Any = None
    kind: str = ""
    items: int | None = None

    def below(self, name: str, subject: Subject | None = None) -> "Level":
        request = self.request if isinstance(self.request, dict) else {}
        part = request.get(name, None if self.depth else self.request)
        kind = self.kind if not name or name in Meaning.ENVELOPE else name
        items = None if self.depth else self.items  # of the list, or of that in an object around it
        return Level(self.depth + 1, self.within, name, subject, self.variation, part, kind, items)


@dataclass(slots=True)
class GenerationAttempt(ABC):
    """One attempt at a value.

    Attributes:
        merger: of the schemas.
        strings: makes strings by the names of properties.
        examples: take the examples that stand in schemas.
        value_count: how many values were made so far.
        violates_formats: whether an example was kept although it violates a format.
    """

    random: Random
    merger: Merger
    strings: Makers
    strategy: Strategy
    examples: bool
    value_count: int = 0
    violates_formats: bool = False

    @abstractmethod
    def value(self, schemas: list[Any], level: Level, example: Any = MISSING) -> Any:
        """Return a value that most likely conforms to all of these schemas.

        Args:
            schemas: of the document.
            level: where the value stands.
            example: a value to repair.

        Raises:
            NoValueError: none was found.
        """

    def coin(self) -> bool:
        return self.random.random() < 0.5  # noqa: PLR2004 -- a fair one

    def has_room(self, level: Level) -> bool:
        """Tell whether there is room for optional members."""
        return self.strategy.optional != "none" and level.depth <= DEEP and self.value_count < ENOUGH_VALUES

    def conforms(self, schemas: list[Any], value: Any) -> bool:
        """Tell whether a value conforms to all of these schemas."""
        return all(self.merger.is_valid(schema, value) for schema in schemas)
