"""Which members a query wants in a response: ``fields`` of items, objects to ``expand`` from their ids."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation import Generator
from contract_first.generation.alternatives import identified
from contract_first.vocabulary.members import Meaning

Place = tuple[str, str]
"""Where a parameter is, and its name."""
BODY: Final = ("body", "")
QUERY: Final = ("target", "")
"""The place of the query as it was sent."""
CALLER: Final = ("caller", "")
"""The place of the `User` that a request is by."""
Find = Callable[[Schema, Any], Any]
MOST_EXPANDED, DEEPEST, MOST_ATTEMPTS = 8, 4, 4
"""Paths of members, names in each (as Stripe has it), and attempts at an object."""
MOST_ITEMS: Final = 100
"""Of a list, in which members are expanded."""


def several(argument: Any) -> list[Any]:
    """Return the values of a parameter, which may be a text with commas."""
    if isinstance(argument, list):
        return argument
    return [part.strip() for part in argument.split(",")] if isinstance(argument, str) else [argument]


def in_place(place: str, arguments: Mapping[Place, Any]) -> dict[str, Any]:
    """Return the values of the parameters in a place, such as the query, by name."""
    return {name: value for (location, name), value in arguments.items() if location == place}


class Fields:
    """The members of a response, as query parameters select them.

    Args:
        places: of the operation's parameters.
        name: another name, other values of expanded members.
        find: returns the object of a schema that has a key; None, and one is generated.

    Attributes:
        places: of the parameters.
    """

    def __init__(
        self, places: list[Place], generator: Generator, name: str, find: Find = lambda *_: None
    ) -> None:
        queries = [place for place in places if place[0] == "query"]
        self._fields = [place for place in queries if place[1] in Meaning.FIELDS]
        self._expand = [place for place in queries if place[1] in Meaning.EXPAND]
        self.places = [*self._fields, *self._expand]
        self._generator, self._name, self._find = generator, name, find

    def selected(self, schema: Schema, arguments: Mapping[Place, Any], record: Any) -> Any:
        """Return an item, or a list of items, with the members that a request wants, and the required ones.

        Args:
            schema: of an item.
        """
        names = {name for name, *_ in _paths(arguments, self._fields)}
        return _with_fields(names, schema, record) if names else record

    def expanded(self, schema: Schema, arguments: Mapping[Place, Any], value: Any) -> Any:
        """Return a response's value with the objects that a request wants instead of their identifiers."""
        for path in _paths(arguments, self._expand)[:MOST_EXPANDED]:
            value = self._expanded(schema, path, value)
        return value

    def _expanded(self, schema: Schema, path: list[str], value: Any) -> Any:
        """Return a value in which the member at a path is the object that it identifies."""
        if isinstance(value, list):
            first, others = value[:MOST_ITEMS], value[MOST_ITEMS:]
            return [*(self._expanded(schema.items, path, item) for item in first), *others]
        name, *rest = path
        members = schema.members_of(value) if isinstance(value, dict) else {}
        if name not in members:
            return value
        member, part = members[name], value.get(name)
        if not isinstance(part, dict):
            part = self._objects(member, part, name)
        if rest and isinstance(part, dict | list):
            part = self._expanded(member, rest, part)
        return value if part is None else {**value, name: part}

    def _objects(self, schema: Schema, key: Any, name: str) -> Any:
        """Return the object of a key, or a list of those of several; the key where it is of none."""
        if isinstance(key, list):
            first, others = key[:MOST_ITEMS], key[MOST_ITEMS:]
            return [*(self._objects(schema.items, item, name) for item in first), *others]
        target = identified(schema.alternatives)
        if isinstance(key, dict) or target is None:
            return key
        value = self._find(target, key) if key is not None else None
        if value is not None:
            return value
        label = f"{self._name}/{name}/{key}"
        values = islice(self._generator.values(target.node, label, kind=name), MOST_ATTEMPTS)
        item = next(filter(target.conforms, values), MISSING)
        return key if item is MISSING else _with_key(item, key, target)


def _with_key(value: dict[str, Any], key: Any, schema: Schema) -> dict[str, Any]:
    """Return an object with another identifier, where its schema allows that."""
    names = (name for name in value if name in Meaning.IDENTIFIER)
    changed = ({**value, name: key} for name in names if schema.members[name].conforms(key))
    return value if key is None else next(changed, value)


def _paths(arguments: Mapping[Place, Any], places: Iterable[Place]) -> list[list[str]]:
    """Return the paths of members that parameters name."""
    texts = (text for place in places for text in several(arguments.get(place)))
    return [str(text).split(".")[:DEEPEST] for text in texts if text not in (None, "")]


def _with_fields(names: set[str], schema: Schema, record: Any) -> Any:
    """Return items with members of these names; as they are, where none is one of theirs."""
    if isinstance(record, list):
        return [_with_fields(names, schema, item) for item in record]
    if not isinstance(record, dict) or names.isdisjoint(record):
        return record
    required = {name for part in schema.applying(record) for name in part.get("required", ())}
    return {name: member for name, member in record.items() if name in names or name in required}
