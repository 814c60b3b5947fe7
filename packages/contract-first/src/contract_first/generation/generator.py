"""Values generated from schemas: most likely valid, the same for the same seed, small where one recurs."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from random import Random
from typing import Any, NamedTuple, TypedDict, Unpack

from contract_first.contract.schemas.merging import Merger, NoValueError
from contract_first.contract.schemas.schema import MISSING, Schema, Schemas

from .arrays import USUAL_ITEMS
from .attempt import Level
from .locales import strings_of
from .strategies import strategies
from .values import MOST_VALUES, ValueAttempt

MOST_ATTEMPTS, MOST_REPAIRS = 40, 6
MOST_MADE = 2 * MOST_VALUES
"""In all attempts at one value."""


class GeneratedValue(NamedTuple):
    """A generated value, and whether an author's example in it may violate a format."""

    value: Any
    violates_formats: bool = False


class Place(TypedDict, total=False):
    """Where values stand.

    Attributes:
        examples: take the examples that stand in the schema; they are by default.
        example: a value to repair: only members that violate the schema are replaced.
        member: what the value is called there, which says what it may look like.
        kind: what the value is one of, or a list of, such as the last segment of its path.
        lists: whether it is a list, or an object around one, with as many items as the generator makes.
        request: an object whose members choose among alternatives.
    """

    examples: bool
    example: Any
    member: str
    kind: str
    lists: bool
    request: Any


class Generator:
    """Generates values for the schemas of one document.

    Args:
        schemas: of the document, for the direction of the messages that the values are in.
        seed: another seed, other values.
        locale: of strings that are made by the names of properties; see `.locales`.
        items: how many a list has.

    Attributes:
        is_valid: tells whether a part of a value conforms to its schema.
    """

    def __init__(self, schemas: Schemas, *, seed: str, locale: str = "", items: int = USUAL_ITEMS) -> None:
        self._items = items
        self._merger = Merger(schemas)
        self.is_valid = self._merger.is_valid
        self._seed = seed
        self._strings = strings_of(locale)

    def values(self, schema: Any, name: str, **place: Unpack[Place]) -> Iterator[Any]:
        """Yield values, the best first, of which the first that a validator accepts is to be taken."""
        return (candidate.value for candidate in self.candidates(schema, name, **place))

    def candidates(self, schema: Any, name: str, **place: Unpack[Place]) -> Iterator[GeneratedValue]:
        """Yield values as `values` does, with what is to be known of each.

        Args:
            schema: of the document.
            name: another name, other values.
        """
        member, request = place.get("member", ""), place.get("request")
        items = self._items if place.get("lists") else None
        level = Level(name=member, request=request, kind=place.get("kind") or member, items=items)
        example = place.get("example", MISSING)
        value_count = 0
        for number, strategy in enumerate(islice(strategies(), MOST_ATTEMPTS)):
            random = Random(f"{self._seed}/{name}/{number}")  # noqa: S311 -- the same each time is the point
            takes_examples = place.get("examples", True) and strategy.heeds_names
            attempt = ValueAttempt(random, self._merger, self._strings, strategy, takes_examples)
            with suppress(NoValueError):
                value = attempt.value([schema], level, example)
                yield GeneratedValue(value, attempt.violates_formats)
            value_count += attempt.value_count
            if value_count > MOST_MADE:
                return

    def repaired(self, schema: Schema, value: Any, name: str) -> Any:
        """Return a value whose members that violate its schema are replaced; MISSING if none is found."""
        repaired = islice(self.values(schema.node, name, example=value), MOST_REPAIRS)
        alike = (candidate for candidate in repaired if type(candidate) is type(value))
        return next(filter(schema.conforms, alike), MISSING)
