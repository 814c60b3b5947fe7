"""What query parameters say of items: stored ones are selected by them, generated ones made to fit."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.recognition.ways import within
from contract_first.vocabulary.members import PAGING, Meaning, meanings_of
from contract_first.vocabulary.times import spellings
from contract_first.vocabulary.words import plain

from .bounds import BOUNDS, Compare, bound_of, is_formatted_time, is_within
from .changes import LANGUAGE, Change, of_ids, of_types, searched, with_argument
from .envelopes import key_in
from .pages import Pages
from .selectors import Selects, selects

LABELS, FIELDS, TYPES = "labelselector", "fieldselector", "type"
SELECTING: Final = frozenset(
    {
        *(*PAGING, Meaning.AFTER, Meaning.BEFORE, Meaning.SORT, Meaning.DIRECTION),
        *(Meaning.FIELDS, Meaning.EXPAND),
    }
)
"""What query parameters mean that choose a part of a list, unless they filter."""
ORDERS: Final = ("asc", "desc")
EVERYTHING: Final = frozenset({"all", "any", "*", ""})
FILTER = re.compile(r"filters?\[(.+)\]")
"""How JSON:API names a filter by a member."""
ATTRIBUTES: Final = "attributes"
"""Where JSON:API has the members of an item."""
FIELD = re.compile(r"[+-]?(\w+)(?:[:\s.,]+(asc|desc))?", re.IGNORECASE)
Member = tuple[str, ...]
Holds = Callable[[Mapping[str, Any]], bool]


class Queries:
    """The query parameters of an operation.

    Args:
        schema: of the contract, any.
        members: of an item.
        key: the way to its key, which ``id`` stands for.
        asked: the members of a body that asks for a list, which are taken for query parameters.
        key_of: as of `Pages`.

    Attributes:
        pages: of the lists that the operation shows.
    """

    def __init__(
        self,
        operation: Operation,
        schema: Schema,
        members: Mapping[str, Schema],
        key: Member = (),
        asked: Mapping[str, Schema] | None = None,
        key_of: Callable[[Any], Any] = key_in,
    ) -> None:
        self._level = key[:-1]
        attributes = members[ATTRIBUTES].members if ATTRIBUTES in members else {}
        paths: dict[Member, Schema] = {(ATTRIBUTES, name): member for name, member in attributes.items()}
        paths |= {(name,): member for name, member in members.items()}
        self._schemas = by_name = {plain(path[-1]): member for path, member in paths.items()}
        self._members: dict[str, Member] = {"id": key, **{plain(path[-1]): path for path in paths}}
        queries = dict(asked or {}) | {
            parameter["name"]: schema.of(parameter.get("schema", True))
            for parameter in operation.parameters
            if parameter["in"] == "query"
        }
        parameters: dict[str, Schema] = {}
        for name, query in queries.items():  # of an object its members, as page[number] is one
            parameters |= {f"{name}[{part}]": member for part, member in query.members.items()} or {
                name: query
            }
        names = {
            plain(name): name
            for name, query in parameters.items()
            if not (_selects(name) and _is_filter(name, query, by_name.get(plain(name))))
        }
        self._selecting = frozenset(filter(_selects, names))
        parts = {name: dict(query.members) or None for name, query in queries.items()}
        self._bounds = {name: bound_of(name, by_name) for name, _ in _named(parts)}
        self._defaults = {name: query.default for name, query in queries.items()}
        self.pages = Pages(operation, schema, names, key_of)

    def reads_all(self, query: Mapping[str, Any]) -> bool:
        """Tell whether query parameters filter or sort, for which all items are read."""
        is_sorted = any(
            self.pages.asked(query, meaning) is not None for meaning in (Meaning.SORT, Meaning.DIRECTION)
        )
        return is_sorted or any(True for _ in self.conditions(query))

    def order(self, query: Mapping[str, Any]) -> tuple[Member | None, bool]:
        """Return the member by which items are sorted, if any, and whether it descends."""
        sort = self.pages.asked(query, Meaning.SORT)
        match = FIELD.match(str(sort[0] if isinstance(sort, list) and sort else sort or ""))
        words = [str(self.pages.asked(query, Meaning.DIRECTION)), *([match[2] or ""] if match else [])]
        descends = any(word.lower().startswith("desc") for word in words)
        if match is None:
            return None, descends
        names = spellings(plain(match[1]))
        member = next((self._members[name] for name in names if name in self._members), None)
        descends = descends or match[0].startswith("-")
        return member, descends and (member is not None or match[1].lower() in ORDERS)

    def conditions(self, query: Mapping[str, Any], *, all_hold: bool = False) -> Iterator[Holds]:
        """Yield the predicates of a query: of parameters named like a member, and of searches.

        Args:
            all_hold: one that nothing holds of is among them where any parameter is no filter.
        """
        for name, value in _named(query):
            plain_name = plain(name)
            is_no_filter = plain_name in self._selecting or str(value).strip().lower() in EVERYTHING
            if value is None or (is_no_filter and not all_hold):
                continue
            holds = self._condition(name, value)
            if holds is not None:
                yield holds
            elif all_hold and value != self._defaults.get(name):
                yield lambda _: False

    def _condition(self, name: str, value: Any) -> Holds | None:
        """Return the predicate of one parameter, None if it is no filter."""
        plain_name, bound = plain(name), self._bounds.get(name)
        if bound is not None and not isinstance(value, dict):
            return partial(_is_within, self._members[bound.member], bound.compare, value)
        member, singular = self._members.get(plain_name), self._members.get(plain_name.removesuffix("s"))
        if member is None and singular is not None and isinstance(value, str):
            value = value.split(",")  # ids=1,2
        if member := member or singular:
            return partial(_has_at, member, value, value == self._defaults.get(name))
        if plain_name in Meaning.SEARCH and not LANGUAGE.search(str(value)):
            return partial(_mentions, str(value).lower())
        if plain_name in {LABELS, FIELDS}:
            return partial(self._is_selected, selects(str(value)), plain_name == LABELS)
        return None

    def changes(self, query: Mapping[str, Any], other: Any = None) -> Iterator[tuple[bool, Change]]:
        """Yield what makes generated items fit a query: whether it changes these alone, and the change.

        Args:
            other: the item of an identifier that the list does not have, if there is any.
        """
        for name, argument in query.items():
            plain_name = plain(name)
            if argument in (None, "", []) or plain_name in self._selecting:
                continue
            singular = plain_name.removesuffix("s")
            identifier = singular if singular in self._schemas or not plain_name.endswith("ids") else "id"
            if plain_name in Meaning.SEARCH:
                yield False, partial(searched, argument)
            elif plain_name in self._schemas:
                yield True, partial(with_argument, *self._member(plain_name), argument)
            elif plain_name == TYPES:
                yield False, partial(of_types, argument)
            elif plain_name != singular and identifier in Meaning.IDENTIFIER and identifier in self._schemas:
                yield True, partial(of_ids, *self._member(identifier), other, argument)

    def _member(self, plain_name: str) -> tuple[str, Schema]:
        return self._members[plain_name][-1], self._schemas[plain_name]

    def _is_selected(self, selected: Selects, by_label: bool, item: Mapping[str, Any]) -> bool:  # noqa: FBT001 -- partial
        """Tell whether a selector selects an item by its labels, or by paths of members."""
        labels = within(item, (*self._level, "labels"))
        values = labels if isinstance(labels, dict) else {}
        return selected(values.get if by_label else lambda path: within(item, tuple(path.split("."))))


def _selects(name: str) -> bool:
    """Tell whether a query parameter may choose a part of a list."""
    return not SELECTING.isdisjoint(meanings_of(name))


def _is_filter(name: str, query: Schema, member: Schema | None) -> bool:
    """Tell whether a parameter that may page or sort filters: by a day, or a text that items have.

    ``position=goalkeeper``, ``size=M`` and ``direction=inbound`` do; ``size=20`` and ``order=desc`` do not.
    """
    allowed = [str(value).lower() for part in query.parts for value in part.get("enum", ())]
    is_sort = name in Meaning.SORT or name in Meaning.DIRECTION
    may_sort = is_sort and (not allowed or any(map(allowed.__contains__, ORDERS)))
    is_text = member is not None and "string" in member.types and "integer" not in query.types
    return is_formatted_time(query) or (is_text and not may_sort)


def _named(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the members that query parameters name, and their values, also in ``filter[name]``.

    Of a body, those in ``{"query": {"filter": {}}}``.
    """
    for name, value in query.items():
        match = FILTER.fullmatch(name)
        if isinstance(value, dict) and (plain(name).removesuffix("s") == "filter" or name in Meaning.SEARCH):
            yield from _named(value)
        else:
            yield (match[1] if match else name), value


def _has(value: Any, asked: Any) -> bool:
    """Tell whether a member has the value that is asked for, one of them, or one within bounds."""
    if isinstance(asked, list):
        return not asked or any(_has(value, choice) for choice in asked)
    if isinstance(asked, dict):
        return all(is_within(value, BOUNDS[word], bound) for word, bound in asked.items() if word in BOUNDS)
    if isinstance(value, list):
        return any(_has(item, asked) for item in value)
    if isinstance(value, dict):
        return any(_comparable(member) == _comparable(asked) for member in value.values())
    return _comparable(value) == _comparable(asked)


def _has_at(path: Member, asked: Any, is_default: bool, item: Mapping[str, Any]) -> bool:  # noqa: FBT001 -- partial
    """Tell whether the member of an item at a path has the value that is asked for, or none by default."""
    value = within(item, path)
    return (value is None and (is_default or asked is False)) or _has(value, asked)


def _is_within(path: Member, compare: Compare, asked: Any, item: Mapping[str, Any]) -> bool:
    """Tell whether the member of an item at a path is within a bound."""
    return is_within(within(item, path), compare, asked)


def _mentions(asked: str, item: Mapping[str, Any]) -> bool:
    """Tell whether a text in lower case is in one of an item's texts, in any case."""
    return any(asked in text.lower() for text in item.values() if isinstance(text, str))


def _comparable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
