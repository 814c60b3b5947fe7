"""The keywords that bound numbers, lengths and counts, and which of two bounds is the stricter one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

NUMBERS: Final = frozenset({"integer", "number"})
STRINGS: Final = frozenset({"string"})
ARRAYS: Final = frozenset({"array"})
OBJECTS: Final = frozenset({"object"})
RANGES: Final = (
    ("minimum", "maximum", NUMBERS),
    ("minLength", "maxLength", STRINGS),
    ("minItems", "maxItems", ARRAYS),
    ("minProperties", "maxProperties", OBJECTS),
)
"""Lower and upper bound, and the types that they are about."""
EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
STRICTER: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **dict.fromkeys((*(least for least, _, _ in RANGES), "exclusiveMinimum", "minContains"), max),
    **dict.fromkeys((*(most for _, most, _ in RANGES), "exclusiveMaximum", "maxContains"), min),
}
"""Returns the bound that applies if two do."""
