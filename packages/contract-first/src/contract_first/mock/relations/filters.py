"""What the query of a request says of the items in a generated response."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, meanings_of
from contract_first.vocabulary.words import plain

from .shaping import Place, several

SELECTING: Final = frozenset(
    {
        *(Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET, Meaning.CURSOR, Meaning.AFTER, Meaning.BEFORE),
        *(Meaning.SORT, Meaning.DIRECTION, Meaning.FIELDS, Meaning.EXPAND),
    }
)
TYPES: Final = "type"
LANGUAGE: Final = re.compile(r"[:=<>~*]")
"""What makes a query, or a word of it, one of an API's own language, which is not searched for."""
LONGEST_TERM, DEEPEST_LIST = 60, 2
LEAST_REPEATED = 6
"""Characters of a value that does not stand in another one by chance."""
Change = Callable[[Any, Any], Any]


class Filters:
    """The query parameters that select items, and members of them, in one response.

    Args:
        places: of the operation's parameters.
        value: of the response.
        record: what in the value is an item, or a list of them.
        members: schemas of an item's members.

    Attributes:
        places: of the parameters that make a difference.
    """

    def __init__(self, places: list[Place], value: Any, record: Any, members: Mapping[str, Schema]) -> None:
        names = {plain(name): (place, name) for place, name in places if place == "query"}
        by_name = {plain(name): name for name in members}
        self._members = members
        self._changes: dict[Place, tuple[bool, Change]] = {}
        for name, place in names.items():
            if not SELECTING.isdisjoint(meanings_of(name)):
                continue
            singular = name.removesuffix("s")
            ids = by_name.get(singular, by_name.get("id", "") if name.endswith("ids") else "")
            if name in Meaning.SEARCH:
                self._changes[place] = False, _searched
            elif name == TYPES and isinstance(value, dict) and len(_containers(value)) > 1:
                self._changes[place] = False, _of_types
            elif name in by_name:
                self._changes[place] = True, partial(self._echoed, by_name[name])
            elif name != singular and ids in Meaning.IDENTIFIER and isinstance(record, list):
                self._changes[place] = True, partial(self._of_ids, ids)
        self.places = list(self._changes)

    def steps(self, arguments: Mapping[Place, Any]) -> Iterator[tuple[bool, Callable[[Any], Any]]]:
        """Yield what a request changes: whether it is a change of the record, and the change."""
        for place, (is_of_record, change) in self._changes.items():
            if arguments.get(place) not in (None, "", []):
                yield is_of_record, partial(change, arguments[place])

    def _echoed(self, name: str, argument: Any, record: Any) -> Any:
        """Return items that have what is asked for."""
        choices = several(argument)
        conforms = self._members[name].conforms

        def echoed(item: Any, index: int) -> Any:
            choice = choices[index % len(choices)]
            fitting = next(filter(conforms, (choice, str(choice))), None)
            is_there = isinstance(item, dict) and name in item and not isinstance(item[name], dict | list)
            return with_members({name: fitting}, item) if is_there and fitting is not None else item

        if isinstance(record, list):
            return [echoed(item, index) for index, item in enumerate(record)]
        return echoed(record, 0)

    def _of_ids(self, name: str, argument: Any, record: list[Any]) -> Any:
        """Return an item for each identifier that is asked for."""
        choices = several(argument)
        items = [record[index % len(record)] for index in range(len(choices))] if record else []
        return self._echoed(name, choices, items)


def with_members(members: Mapping[str, Any], value: Any) -> Any:
    """Return objects with other members; what another member repeats of one, such as an id, it repeats."""
    if isinstance(value, list):
        return [with_members(members, item) if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    changed = {**value, **members}
    for name, new in members.items():
        old = value.get(name)
        if isinstance(old, str) and isinstance(new, str) and len(old) >= LEAST_REPEATED:
            repeating = {
                other: text for other, text in changed.items() if isinstance(text, str) and old in text
            }
            changed |= {
                other: text.replace(old, new) for other, text in repeating.items() if other not in members
            }
    return changed


def _containers(value: Mapping[str, Any]) -> set[str]:
    return {name for name, member in value.items() if isinstance(member, dict | list)}


def _of_types(argument: Any, value: dict[str, Any]) -> Any:
    """Return an object with the lists of the types that are asked for: a search for artists has artists."""
    asked = {plain(str(name)).removesuffix("s") for name in several(argument)}
    chosen = {name for name in _containers(value) if plain(name).removesuffix("s") in asked}
    if not chosen:
        return value
    return {
        name: member for name, member in value.items() if name in chosen or name not in _containers(value)
    }


def _searched(argument: Any, value: Any) -> Any:
    """Return a value whose lists have items that a search for a text could find: by their names."""
    words = [word for word in str(argument).split() if not LANGUAGE.search(word)]
    term = re.sub(r"[^\w .'-]", "", " ".join(words))[:LONGEST_TERM].strip()
    return _named(term, value, 0) if term else value


def _named(term: str, value: Any, depth: int) -> Any:
    """Return a value whose items, at most two levels in, have a text in their names, the first alone."""
    if isinstance(value, list):
        return [_labelled(term, item, is_first=index == 0) for index, item in enumerate(value)]
    if not isinstance(value, dict) or depth > DEEPEST_LIST:
        return value
    return {name: _named(term, member, depth + 1) for name, member in value.items()}


def _labelled(term: str, item: Any, *, is_first: bool) -> Any:
    texts = item.items() if isinstance(item, dict) else ()
    by_name = {plain(name): name for name, text in texts if isinstance(text, str)}
    name = next((by_name[label] for label in Meaning.LABEL.names if label in by_name), None)
    if name is None or term.lower() in item[name].lower():
        return item
    return {**item, name: term if is_first else f"{term} {item[name]}"}
