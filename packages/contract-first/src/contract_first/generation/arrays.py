"""The items of one array."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any

from contract_first.contract.schemas.merging import Merged, NoValueError
from contract_first.contract.schemas.schema import MISSING

from .attempt import FEW_TRIES, PART_TRIES, GenerationAttempt, Level
from .examples import Variation, canonical
from .strategies import later

USUAL_ITEMS, USUAL_LEVELS = 3, 2
"""Items of a list, down to this level; of one further in, there is one item."""
MOST_ITEMS = 10_000
"""That a schema can ask for."""


def array(attempt: GenerationAttempt, merged: Merged, level: Level, example: Sequence[Any] = ()) -> list[Any]:
    """Return an array, the items of an example before the others; NoValueError if none is found."""
    least = int(merged.limits.get("minItems", 0))
    if least > MOST_ITEMS:
        raise NoValueError(f"it asks for {least} items")
    times = min(int(merged.limits.get("minContains", 1)), MOST_ITEMS)
    contained = [schema for schema in merged.listed.get("contains", ()) for _ in range(times)]
    required = max(least, len(contained))
    length = max(required, len(example) or _optional_items(attempt, merged, level))
    most = min(length, merged.limits.get("maxItems", math.inf), MOST_ITEMS)
    items: list[Any] = []
    try:
        endless = _items(attempt, merged, contained, level, example, required)
        for item in islice(endless, max(0, math.ceil(most))):
            items.append(item)  # noqa: PERF402 -- those before an error stay
    except NoValueError:
        if len(items) < least:
            raise
    return items


def _items(
    attempt: GenerationAttempt,
    merged: Merged,
    contained: list[Any],
    level: Level,
    example: Sequence[Any],
    required: int,
) -> Iterator[Any]:
    """Yield items until none is found: those that need not be there differ from those before them."""
    unique = True in merged.listed.get("uniqueItems", ())
    tries = PART_TRIES if unique else FEW_TRIES
    first = level.variation.index if level.variation else 0
    originals, spellings, unspelled = iter(example), set[str](), list[Any]()
    for index in count():
        original = next(originals, MISSING)
        if unique or (not example and index >= required):
            spellings.update(map(canonical, unspelled))
            unspelled.clear()
        if index and original is MISSING:
            level = level._replace(variation=Variation(attempt.random, first + index))
        schemas = [*merged.item(index), *contained[index:][:1]]
        item = _item(attempt, schemas, spellings, level, original, tries)
        unspelled.append(item)
        yield item


def _optional_items(attempt: GenerationAttempt, merged: Merged, level: Level) -> int:
    """Return how many items there are where none is required: those of schemas of their own, or a few.

    A list of what it is itself in has one near the top.
    """
    if not attempt.has_room(level) or attempt.merger.has_no_value(merged.item(0)):
        return 0
    if attempt.merger.recurs(merged.item(0), level.within):
        return 1 if level.depth <= USUAL_LEVELS else 0
    usual = USUAL_ITEMS if level.items is None else level.items
    return merged.leading or (usual if level.depth <= USUAL_LEVELS else 1)


def _item(
    attempt: GenerationAttempt,
    schemas: list[Any],
    spellings: set[str],
    level: Level,
    example: Any,
    tries: int,
) -> Any:
    """Return an item whose spelling is a new one; without examples once they have been the same."""
    item = attempt.value(schemas, level.below(level.name), example)
    for repeat in range(tries):
        if canonical(item) not in spellings:
            return item
        strategy = attempt.strategy if repeat < FEW_TRIES else later(attempt.strategy, repeat)
        other = replace(attempt, strategy=strategy, examples=False)
        item = other.value(schemas, level.below(level.name))
        attempt.value_count = other.value_count
    if canonical(item) not in spellings:
        return item
    raise NoValueError("no more items were found")
