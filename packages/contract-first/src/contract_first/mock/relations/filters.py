"""What the query of a request says of the items in a generated response."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from contract_first.contract.schemas.schema import Schema
from contract_first.mock.vocabulary.members import Meaning, meanings_of
from contract_first.mock.vocabulary.words import plain

Place = tuple[str, str]
SELECTING: Final = frozenset(
    {
        *(Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET, Meaning.CURSOR, Meaning.AFTER, Meaning.BEFORE),
        *(Meaning.SORT, Meaning.DIRECTION, Meaning.SEARCH),
    }
)
FIELDS: Final = "fields"
TYPES: Final = "type"
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
            if name == FIELDS:
                self._changes[place] = True, _with_fields
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
        choices = _several(argument)
        conforms = self._members[name].conforms

        def echoed(item: Any, index: int) -> Any:
            choice = choices[index % len(choices)]
            fitting = next(filter(conforms, (choice, str(choice))), None)
            is_there = isinstance(item, dict) and name in item and not isinstance(item[name], dict | list)
            return {**item, name: fitting} if is_there and fitting is not None else item

        if isinstance(record, list):
            return [echoed(item, index) for index, item in enumerate(record)]
        return echoed(record, 0)

    def _of_ids(self, name: str, argument: Any, record: list[Any]) -> Any:
        """Return an item for each identifier that is asked for."""
        choices = _several(argument)
        items = [record[index % len(record)] for index in range(len(choices))] if record else []
        return self._echoed(name, choices, items)


def _several(argument: Any) -> list[Any]:
    if isinstance(argument, list):
        return argument
    return [part.strip() for part in argument.split(",")] if isinstance(argument, str) else [argument]


def _with_fields(argument: Any, record: Any) -> Any:
    """Return items with the members that are asked for; as they are, where none is one of theirs."""
    names = {str(name).partition(".")[0] for name in _several(argument)}
    if isinstance(record, list):
        return [_with_fields(argument, item) for item in record]
    if not isinstance(record, dict) or names.isdisjoint(record):
        return record
    return {name: member for name, member in record.items() if name in names}


def _containers(value: Mapping[str, Any]) -> set[str]:
    return {name for name, member in value.items() if isinstance(member, dict | list)}


def _of_types(argument: Any, value: dict[str, Any]) -> Any:
    """Return an object with the lists of the types that are asked for: a search for artists has artists."""
    asked = {plain(str(name)).removesuffix("s") for name in _several(argument)}
    chosen = {name for name in _containers(value) if plain(name).removesuffix("s") in asked}
    if not chosen:
        return value
    return {
        name: member for name, member in value.items() if name in chosen or name not in _containers(value)
    }
