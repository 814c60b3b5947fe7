"""Arrays that keep what schemas say of items."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from .merged import NoValueError

if TYPE_CHECKING:
    from .drawing import Drawing, Level
    from .merged import Merged

MOST_ITEMS = 10_000
"""That a schema can ask for."""
TRIES = 50


def array_of(drawing: Drawing, merged: Merged, level: Level) -> list[Any]:
    """Return an array; NoValueError if none is found."""
    least = int(merged.limits.get("minItems", 0))
    if least > MOST_ITEMS:
        raise NoValueError(f"it asks for {least} items")
    contained = _contained(merged)
    wanted = min(max(least, len(contained), _shown(drawing, merged, level)), _most(merged))
    made: list[Any] = []
    while len(made) < wanted:
        schemas = [*merged.item(len(made)), *contained[len(made) :][:1]]
        try:
            made.append(_item(drawing, schemas, made if _is_unique(merged) else [], level))
        except NoValueError:
            if len(made) < least:
                raise
            break
    return made


def _most(merged: Merged) -> float:
    most: float = merged.limits.get("maxItems", math.inf)
    return min(most, MOST_ITEMS)


def _shown(drawing: Drawing, merged: Merged, level: Level) -> int:
    """Return how many items are shown that need not be there: all that have schemas of their own, or one."""
    if not drawing.may_be_full(level) or drawing.generator.recurs(merged.item(0), level.within):
        return 0
    return merged.leading or 1


def _contained(merged: Merged) -> list[Any]:
    """Return a schema for each item that must be there beside those of its place."""
    count = min(int(merged.limits.get("minContains", 1)), MOST_ITEMS)
    return [each for each in merged.listed.get("contains", ()) for _ in range(count)]


def _is_unique(merged: Merged) -> bool:
    return True in merged.listed.get("uniqueItems", ())


def _item(drawing: Drawing, schemas: list[Any], others: list[Any], level: Level) -> Any:
    """Return an item that is none of the others."""
    seen = {_canonical(each) for each in others}
    item = drawing.value(schemas, level.below)
    for attempt in range(TRIES):
        if _canonical(item) not in seen:
            return item
        item = _again(drawing, attempt).value(schemas, level.below)
    raise NoValueError("no more items were found")


def _again(drawing: Drawing, attempt: int) -> Drawing:
    """Return what draws an item anew: without examples, which are the same each time."""
    again = type(drawing)(drawing.random, drawing.generator, drawing.attempt + 2 + attempt, examples=False)
    again.made = drawing.made
    return again


def _canonical(value: Any) -> str:
    """Return JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True)
