"""Lists as clients ask for them: filtered by members of the same name, sorted, and one page at a time."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from operator import itemgetter
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from contract_first.bounded import BoundedDict
from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.relations.envelopes import ListPage
from contract_first.mock.relations.filters import LANGUAGE
from contract_first.mock.relations.paging import first_page
from contract_first.mock.stateful.views import Item, Listed, View
from contract_first.recognition import Collection
from contract_first.service.messages.problems import BadRequest
from contract_first.vocabulary.members import Meaning, meanings_of
from contract_first.vocabulary.times import spellings
from contract_first.vocabulary.words import plain

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
LONGEST_RANK: Final = 1000
"""Characters of a text by which items are sorted."""
ORDERS: Final = ("asc", "desc")
EVERYTHING: Final = frozenset({"all", "any", "*", ""})
SIZE: Final = 100
MOST_ON_PAGE: Final = 1000
"""Items, where a contract has no parameter for how many."""
MOST_PAGE_BYTES: Final = 8 * 1024 * 1024
"""Of the items on one page, as they are stored; each of them fits."""
OFFSET: Final = "__offset"
"""The query parameter of the mock for a list whose contract has none that selects a page."""
FILTER = re.compile(r"filters?\[(.+)\]")
"""How JSON:API names a filter by a member."""
ATTRIBUTES: Final = "attributes"
"""Where JSON:API has the members of an item."""
DIGITS = re.compile(r"[0-9]{1,15}")
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
        self._has_pages = any(map(self._name, (Meaning.PAGE, Meaning.OFFSET, Meaning.AFTER)))
        self._orders: BoundedDict[tuple[Any, ...], list[int]] = BoundedDict(MOST_ORDERS)

    def page(self, items: Listed, asked: Mapping[str, Any], url: str) -> tuple[ListPage, Sequence[Item]]:
        """Return a page of items, and these; no others are read of a view, or once they have been ordered.

        Args:
            items: all, in the order of their creation.
            asked: query parameters by name, defaults filled in.

        Raises:
            BadRequest: the offset of a page that the mock has made is no number.
        """
        objects = ((name, value) for name, value in asked.items() if isinstance(value, dict))
        parts = {f"{name}[{part}]": value for name, members in objects for part, value in members.items()}
        chosen = self._ordered(items, asked, {**asked, **parts})
        asked = {**asked, **parts}
        usual = SIZE if self._name(Meaning.SIZE) else MOST_ON_PAGE
        size, total = _count(self._asked(asked, Meaning.SIZE), usual), len(chosen)
        starts = self._starts(chosen, size)
        first, last = self._span(chosen, asked, url, size, starts)
        number = self._base + (bisect_right(starts, first) - 1 if first < total else first // max(size, 1))
        page_items = chosen[first:last]
        is_last = not page_items or last >= total
        after = "" if is_last else str(self._key_of(page_items[-1].value) or "")
        following = "" if is_last else self._following(url, after, number + 1, last)
        is_cut = not is_last and (last - first < size or not self._has_pages)
        values = [item.value for item in page_items]
        page = ListPage(values, first, size, total, number, after, url, following, len(starts), is_cut)
        return page, page_items

    def reads_all(self, asked: Mapping[str, Any]) -> bool:
        """Tell whether query parameters filter or sort, for which all items are read."""
        is_sorted = any(
            self._asked(asked, meaning) is not None for meaning in (Meaning.SORT, Meaning.DIRECTION)
        )
        return is_sorted or any(True for _ in self._conditions(asked, all_hold=False))

    def _starts(self, chosen: Listed, size: int) -> Sequence[int]:
        """Return how many items are before each page, if pages have numbers."""
        total, size = len(chosen), max(size, 1)
        if not self._name(Meaning.PAGE) or min(total, size) * chosen.largest <= MOST_PAGE_BYTES:
            return range(0, total, size)
        starts, sizes = [0], chosen.sizes(0, total)
        while (start := starts[-1] + _most(sizes[starts[-1] : starts[-1] + size])) < total:
            starts.append(start)
        return starts

    def _ordered(self, items: Listed, asked: Mapping[str, Any], parts: Mapping[str, Any]) -> Listed:
        """Return the items that are asked for in the order that is; the places of a view's are remembered.

        Args:
            parts: what is asked for, with the members of objects.
        """
        if not self.reads_all(asked) and not self.reads_all(parts):
            return items
        if not isinstance(items, View):
            return items.ordered(self._places(self.chosen(items, asked), parts))
        paging = {self._name(meaning) for meaning in PAGES}
        choice = sorted((name, repr(value)) for name, value in parts.items() if name not in paging)
        key = (*items.key, *choice)
        if key not in self._orders:
            self._orders[key] = self._places(self.chosen(items, asked), parts)
        return items.ordered(self._orders[key])

    def chosen(
        self, items: Iterable[Item], asked: Mapping[str, Any], *, all_hold: bool = False
    ) -> Iterable[Item]:
        """Return the items that query parameters choose, each when it is asked for.

        Args:
            all_hold: none is chosen where any parameter is no filter.
        """
        conditions = list(self._conditions(asked, all_hold=all_hold))
        return (item for item in items if all(holds(item.value) for holds in conditions))

    def _following(self, url: str, after: str, number: int, first: int) -> str:
        """Return the URL of the page that follows, as a client could have made it."""
        address, _, query = url.partition("?")
        choices = ((Meaning.PAGE, str(number)), (Meaning.OFFSET, str(first)), (Meaning.AFTER, after))
        changed = {self._name(meaning): value for meaning, value in choices if self._name(meaning)}
        changed = changed or {OFFSET: str(first)}
        others = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in changed]
        return f"{address}?{urlencode([*others, *changed.items()])}"

    def _span(
        self, chosen: Listed, asked: Mapping[str, Any], url: str, size: int, starts: Sequence[int]
    ) -> tuple[int, int]:
        """Return how many items are before the page that is asked for, and before what follows it."""
        after = _position(chosen, self._asked(asked, Meaning.AFTER))
        before = None if after is not None else _position(chosen, self._asked(asked, Meaning.BEFORE))
        if before is not None:
            return before - _fitting(chosen, max(0, before - size), before, -1), before
        number = max(0, _count(self._asked(asked, Meaning.PAGE), self._base) - self._base)
        first = starts[number] if number < len(starts) else number * size
        first = _count(self._asked(asked, Meaning.OFFSET), first) if self._has_pages else _offset(url)
        first = first if after is None else after + 1
        return first, first + _fitting(chosen, first, min(first + size, len(chosen)))

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

    def _places(self, items: Iterable[Item], asked: Mapping[str, Any]) -> list[int]:
        """Return the places of items in the order that is asked for; no more is kept of them."""
        sort = self._asked(asked, Meaning.SORT)
        match = FIELD.match(str(sort[0] if isinstance(sort, list) and sort else sort or ""))
        words = [str(self._asked(asked, Meaning.DIRECTION)), *([match[2] or ""] if match else [])]
        descends = any(word.lower().startswith("desc") for word in words)
        member: tuple[str, ...] | None = None
        if match is not None:
            descends |= match[0].startswith("-")
            names = spellings(plain(match[1]))
            member = next((self._members[name] for name in names if name in self._members), None)
        ranks = [(_order(_at(item.value, member)) if member else (), item.place) for item in items]
        places = [place for _, place in sorted(ranks, key=itemgetter(0))]
        return places[::-1] if descends else places


def _position(items: Listed, key: Any) -> int | None:
    """Return how many items are before the one with a key; None if there is none."""
    return None if key is None else items.position(str(key))


def _fitting(chosen: Listed, first: int, last: int, step: int = 1) -> int:
    """Return how many items of a slice fit on a page: the first of them, or the last if the step is -1."""
    if (last - first) * chosen.largest <= MOST_PAGE_BYTES:
        return last - first
    return _most(chosen.sizes(first, last)[::step])


def _most(sizes: Sequence[int]) -> int:
    """Return how many of the first items of these sizes fit on a page."""
    return bisect_right([*accumulate(sizes)], MOST_PAGE_BYTES)


def _offset(url: str) -> int:
    """Return how many items are before the page of a URL that the mock has made; raises BadRequest."""
    text = dict(parse_qsl(urlsplit(url).query)).get(OFFSET, "0")
    if not DIGITS.fullmatch(text):
        raise BadRequest(f"The query asks for {OFFSET}={text[:100]!r}; expected a number of up to 15 digits.")
    return int(text)


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
    return (0, "") if value is None else (2, str(value)[:LONGEST_RANK])
