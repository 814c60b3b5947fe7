"""Lists as clients ask for them: filtered by members of the same name, sorted, and one page at a time."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from contract_first.bounded import BoundedDict
from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.relations.envelopes import ListPage
from contract_first.mock.relations.filters import LANGUAGE
from contract_first.mock.relations.paging import first_page
from contract_first.mock.stateful.recognition import Collection
from contract_first.mock.stateful.views import Item, Listed, View
from contract_first.mock.vocabulary.members import Meaning, meanings_of
from contract_first.mock.vocabulary.times import spellings
from contract_first.mock.vocabulary.words import plain

from .bounds import BOUNDS, Compare, bound_of, is_formatted_time, is_within
from .selectors import Selects, selects

LABELS, FIELDS = "labelselector", "fieldselector"
SELECTING: Final = (
    *(Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET, Meaning.AFTER, Meaning.BEFORE, Meaning.SORT),
    Meaning.DIRECTION,
)
"""What query parameters mean that choose a part of a list, unless they filter."""
PAGES: Final = (Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET, Meaning.AFTER, Meaning.BEFORE)
MOST_ORDERS: Final = 4
"""That are remembered of one list, until an item is changed."""
ORDERS: Final = ("asc", "desc")
EVERYTHING: Final = frozenset({"all", "any", "*", ""})
SIZE: Final = 100
FILTER = re.compile(r"filters?\[(.+)\]")
"""How JSON:API names a filter by a member."""
ATTRIBUTES: Final = "attributes"
"""Where JSON:API has the members of an item."""
FIELD = re.compile(r"[+-]?(\w+)(?:[:\s.,]+(asc|desc))?", re.IGNORECASE)


class Listing:
    """Lists one collection as an operation does.

    Args:
        schema: of an item, as the operation shows it; it is filtered by members that this does not show, too.
        asked: the members of a body that asks for the list, which are taken for query parameters.
    """

    def __init__(
        self, schema: Schema, collection: Collection, operation: Operation, asked: Mapping[str, Schema]
    ) -> None:
        self._key_of, self._level = collection.key_of, collection.level
        stored = collection.schema.members.items()
        scalars = {name: member for name, member in stored if not member.types & {"object", "array"}}
        members = {**scalars, **schema.members}
        attributes = members[ATTRIBUTES].members if ATTRIBUTES in members else {}
        self._members: dict[str, tuple[str, ...]] = {plain(name): (ATTRIBUTES, name) for name in attributes}
        self._members |= {plain(name): (name,) for name in members}
        self._members.setdefault("id", tuple(filter(None, (collection.holder, collection.key))))
        by_name = {plain(name): member for name, member in (*attributes.items(), *members.items())}
        queries = dict(asked) | {
            parameter["name"]: schema.of(parameter.get("schema", True))
            for parameter in operation.parameters
            if parameter["in"] == "query"
        }
        parameters: dict[str, Schema] = {}
        for name, query in queries.items():  # of an object its members, as page[number] is one
            parameters |= {f"{name}[{key}]": member for key, member in query.members.items()} or {name: query}
        self._names = {
            plain(name): name
            for name, query in parameters.items()
            if not (_selects(name) and _is_filter(name, query, by_name.get(plain(name))))
        }
        self._selecting = frozenset(filter(_selects, self._names))
        parts = {name: dict(query.members) or None for name, query in queries.items()}
        self._bounds = {name: bound_of(name, by_name) for name, _ in _named(parts)}
        self._defaults = {name: query.default for name, query in queries.items()}
        self._base = first_page(operation, schema)
        self._orders: BoundedDict[tuple[Any, ...], list[int]] = BoundedDict(MOST_ORDERS)

    def page(
        self, items: Sequence[Item], asked: Mapping[str, Any], url: str
    ) -> tuple[ListPage, Sequence[Item]]:
        """Return a page of items, and these; no others are read of a view, or once they have been ordered.

        Args:
            items: all, in the order of their creation.
            asked: query parameters by name, defaults filled in.
        """
        objects = ((name, value) for name, value in asked.items() if isinstance(value, dict))
        parts = {f"{name}[{part}]": value for name, members in objects for part, value in members.items()}
        chosen = self._ordered(items, asked, {**asked, **parts})
        asked = {**asked, **parts}
        usual = SIZE if self._name(Meaning.SIZE) else max(SIZE, len(chosen))
        size = _count(self._asked(asked, Meaning.SIZE), usual)
        first = self._first(chosen, asked, size)
        number = self._base + first // max(size, 1)
        page_items = chosen[first : first + size]
        is_last = not page_items or first + size >= len(chosen)
        after = "" if is_last else str(self._key_of(page_items[-1].value) or "")
        following = "" if is_last else self._following(url, after, number + 1, first + size)
        values = [item.value for item in page_items]
        return ListPage(values, first, size, len(chosen), number, after, url, following), page_items

    def reads_all(self, asked: Mapping[str, Any]) -> bool:
        """Tell whether query parameters filter or sort, for which all items are read."""
        is_sorted = any(
            self._asked(asked, meaning) is not None for meaning in (Meaning.SORT, Meaning.DIRECTION)
        )
        return is_sorted or any(True for _ in self._conditions(asked, all_hold=False))

    def _ordered(
        self, items: Sequence[Item], asked: Mapping[str, Any], parts: Mapping[str, Any]
    ) -> Sequence[Item]:
        """Return the items that are asked for in the order that is; the places of a view's are remembered.

        Args:
            parts: what is asked for, with the members of objects.
        """
        if not self.reads_all(asked) and not self.reads_all(parts):
            return items
        if not isinstance(items, View):
            return self._sorted(self.chosen(items, asked), parts)
        paging = {self._name(meaning) for meaning in PAGES}
        choice = sorted((name, repr(value)) for name, value in parts.items() if name not in paging)
        key = (*items.key, *choice)
        if key not in self._orders:
            ordered = self._sorted(self.chosen(items, asked), parts)
            self._orders[key] = [item.place for item in ordered]
        return items.ordered(self._orders[key])

    def chosen(
        self, items: Sequence[Item], asked: Mapping[str, Any], *, all_hold: bool = False
    ) -> Sequence[Item]:
        """Return the items that query parameters choose.

        Args:
            all_hold: none is chosen where any parameter is no filter.
        """
        conditions = list(self._conditions(asked, all_hold=all_hold))
        if not conditions:
            return items
        return [item for item in items if all(holds(item.value) for holds in conditions)]

    def _following(self, url: str, after: str, number: int, first: int) -> str:
        """Return the URL of the page that follows, as a client could have made it."""
        address, _, query = url.partition("?")
        choices = ((Meaning.PAGE, str(number)), (Meaning.OFFSET, str(first)), (Meaning.AFTER, after))
        changed = {self._name(meaning): value for meaning, value in choices if self._name(meaning)}
        others = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in changed]
        return f"{address}?{urlencode([*others, *changed.items()])}" if changed else ""

    def _first(self, chosen: Sequence[Item], asked: Mapping[str, Any], size: int) -> int:
        """Return how many items are before the page that is asked for."""
        after = _position(chosen, self._asked(asked, Meaning.AFTER))
        before = None if after is not None else _position(chosen, self._asked(asked, Meaning.BEFORE))
        if after is not None:
            return after + 1
        if before is not None:
            return max(0, before - size)
        number = _count(self._asked(asked, Meaning.PAGE), self._base)
        return _count(self._asked(asked, Meaning.OFFSET), max(0, number - self._base) * size)

    def _name(self, meaning: Meaning) -> str:
        """Return the query parameter of a meaning; empty if there is none."""
        return next((self._names[name] for name in meaning.names if name in self._names), "")

    def _asked(self, asked: Mapping[str, Any], meaning: Meaning) -> Any:
        """Return the value of the query parameter with a meaning; None without one."""
        values = (asked.get(self._names[name]) for name in meaning.names if name in self._names)
        return next((value for value in values if value is not None and value != ""), None)

    def _conditions(
        self, asked: Mapping[str, Any], *, all_hold: bool
    ) -> Iterator[Callable[[Mapping[str, Any]], bool]]:
        """Yield the predicates of a query: of parameters named like a member, and of searches."""
        for name, value in _named(asked):
            plain_name = plain(name)
            is_no_filter = plain_name in self._selecting or str(value).strip().lower() in EVERYTHING
            if value is None or (is_no_filter and not all_hold):
                continue
            bound = self._bounds.get(name)
            member = self._members.get(plain_name)
            if member is None:
                member = self._members.get(plain_name.removesuffix("s"))
                is_text = member is not None and isinstance(value, str)
                value = value.split(",") if is_text else value  # noqa: PLW2901 -- ids=1,2
            if bound is not None and not isinstance(value, dict):
                yield partial(_is_within, self._members[bound.member], bound.compare, value)
            elif member is not None:
                yield partial(_has_at, member, value, value == self._defaults.get(name))
            elif plain_name in Meaning.SEARCH and not LANGUAGE.search(str(value)):
                yield partial(_mentions, str(value).lower())
            elif plain_name in {LABELS, FIELDS}:
                yield partial(self._is_selected, selects(str(value)), plain_name == LABELS)
            elif all_hold and value != self._defaults.get(name):
                yield lambda _: False

    def _is_selected(self, selected: Selects, by_label: bool, item: Mapping[str, Any]) -> bool:  # noqa: FBT001 -- partial
        """Tell whether a selector selects an item by its labels, or by paths of members."""
        labels = self._level(item).get("labels")
        values = labels if isinstance(labels, dict) else {}
        return selected(values.get if by_label else lambda path: _at(item, tuple(path.split("."))))

    def _sorted(self, items: Sequence[Item], asked: Mapping[str, Any]) -> Sequence[Item]:
        sort = self._asked(asked, Meaning.SORT)
        match = FIELD.match(str(sort[0] if isinstance(sort, list) and sort else sort or ""))
        words = [str(self._asked(asked, Meaning.DIRECTION)), *([match[2] or ""] if match else [])]
        descends = any(word.lower().startswith("desc") for word in words)
        if match is not None:
            descends |= match[0].startswith("-")
            names = spellings(plain(match[1]))
            member = next((self._members[name] for name in names if name in self._members), None)
            items = (
                items if member is None else sorted(items, key=lambda item: _order(_at(item.value, member)))
            )
        return items[::-1] if descends else items


def _position(items: Sequence[Item], key: Any) -> int | None:
    """Return how many items are before the one with a key; None if there is none."""
    if key is None:
        return None
    if isinstance(items, Listed):
        return items.position(str(key))
    return next((number for number, item in enumerate(items) if item.key == str(key)), None)


def _selects(name: str) -> bool:
    """Tell whether a query parameter may choose a part of a list."""
    return not set(meanings_of(name)).isdisjoint(SELECTING)


def _is_filter(name: str, query: Schema, member: Schema | None) -> bool:
    """Tell whether a parameter that may page or sort filters: by a day, or a text that items have.

    ``position=goalkeeper``, ``size=M`` and ``direction=inbound`` do; ``size=20`` and ``order=desc`` do not.
    """
    allowed = [str(value).lower() for part in query.parts for value in part.get("enum", ())]
    is_sort = name in Meaning.SORT or name in Meaning.DIRECTION
    may_sort = is_sort and (not allowed or any(map(allowed.__contains__, ORDERS)))
    is_text = member is not None and "string" in member.types and "integer" not in query.types
    return is_formatted_time(query) or (is_text and not may_sort)


def _named(asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the members that query parameters name, and their values, also in ``filter[name]``.

    Of a body, those in ``{"query": {"filter": {}}}``.
    """
    for name, value in asked.items():
        match = FILTER.fullmatch(name)
        if isinstance(value, dict) and (plain(name).removesuffix("s") == "filter" or name in Meaning.SEARCH):
            yield from _named(value)
        else:
            yield (match[1] if match else name), value


def _at(item: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the member of an item at a path; None where there is none."""
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _count(value: Any, default: int) -> int:
    return value if type(value) is int and value >= 0 else default


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


def _has_at(path: tuple[str, ...], asked: Any, is_default: bool, item: Mapping[str, Any]) -> bool:  # noqa: FBT001 -- partial
    """Tell whether the member of an item at a path has the value that is asked for, or none by default."""
    value = _at(item, path)
    return (value is None and (is_default or asked is False)) or _has(value, asked)


def _is_within(path: tuple[str, ...], compare: Compare, asked: Any, item: Mapping[str, Any]) -> bool:
    """Tell whether the member of an item at a path is within a bound."""
    return is_within(_at(item, path), compare, asked)


def _mentions(asked: str, item: Mapping[str, Any]) -> bool:
    """Tell whether a text in lower case is in one of an item's texts, in any case."""
    return any(asked in text.lower() for text in item.values() if isinstance(text, str))


def _comparable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _order(value: Any) -> tuple[int, Any]:
    """Return the sort key of values of several types: null, numbers, texts."""
    if isinstance(value, int | float):
        return 1, value
    return (0, "") if value is None else (2, str(value))
