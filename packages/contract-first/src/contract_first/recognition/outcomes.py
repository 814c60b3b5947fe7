"""The status that an action leaves an item in: ``POST /orders/{id}/cancel`` one of ``cancelled``."""

import re
from collections.abc import Mapping
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.vocabulary.words import plain, words_of

from .collection import Collection, shape_of

STATUSES: Final = frozenset({"status", "state"})
"""Last words of members that say what has become of an item."""
ENDING = re.compile(r"(?<=\w{3})(e|y|ate)$")
"""What a verb loses before the ending of a participle, or of an adjective: ``activate``, ``active``."""
IRREGULAR: Final = {"pay": "paid", "send": "sent"}


def outcome_of(operation: Operation, collection: Collection) -> Mapping[str, Any]:
    """Return the member of an item that a POST below it sets, and the value: the only one of the verb.

    Empty where there is none, or where several values are of the verb, as ``refunded`` and ``refunding`` are.
    """
    segments, item = shape_of(operation.path).segments, collection.item.segments
    if operation.method != "post" or segments[:-1] != item or collection.is_named:
        return {}
    verb = plain(segments[-1])
    stem = IRREGULAR.get(verb, ENDING.sub("", verb))
    names = (
        name for name in collection.schema.members if words_of(name)[-1:] and words_of(name)[-1] in STATUSES
    )
    for name in sorted(names, key=len):
        values = [
            value for value in collection.schema.members[name].values if plain(str(value)).startswith(stem)
        ]
        if len(values) == 1:
            return {name: values[0]}
    return {}
