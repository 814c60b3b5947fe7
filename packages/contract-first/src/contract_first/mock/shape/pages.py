"""The page of a list that a request asks for, and what is said about it."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from itertools import accumulate
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.recognition.ways import placed, within
from contract_first.service.messages.problems import BadRequest
from contract_first.vocabulary.members import PAGING, Meaning, meanings_of
from contract_first.vocabulary.words import plain

from .envelopes import FACTS, ListPage, enclosed, key_in
from .links import are_links

DESCRIBING: Final = frozenset({*FACTS, Meaning.NEXT_URL, Meaning.NEXT_CURSOR})
"""Meanings of members that say something of the page beside them."""
SELECTING: Final = (*PAGING, Meaning.AFTER, Meaning.BEFORE)
"""Meanings of parameters that select a page."""
SIZE: Final = 100
MOST_ON_PAGE: Final = 1000
"""Items, where a contract has no parameter for how many."""
MOST_PAGE_BYTES: Final = 8 * 1024 * 1024
"""Of the items on one page, as they are stored; each of them fits."""
OFFSET: Final = "__offset"
"""The query parameter of the mock for a list whose contract has none that selects a page."""
DIGITS = re.compile(r"[0-9]{1,15}")
Path = tuple[str, ...]


class Items(Protocol):
    """Items in an order.

    Attributes:
        largest: bytes that no item has more of.
    """

    largest: int

    def __len__(self) -> int:
        """Return how many items there are."""

    def __getitem__(self, index: slice, /) -> list[Any]:
        """Return the items of a slice."""

    def sizes(self, first: int, last: int) -> list[int]:
        """Return the bytes of each item of a slice."""

    def position(self, key: str) -> int | None:
        """Return how many items are before the one with a key; None if there is none."""


class ListedValues(list[Any]):
    """The items of a list in a response."""

    largest = 0

    def sizes(self, first: int, last: int) -> list[int]:
        return [0] * (last - first)

    def position(self, key: str) -> int | None:
        return next((number for number, item in enumerate(self) if str(key_in(item)) == key), None)


class Pages:
    """The pages of an operation's lists.

    Args:
        schema: of the contract, any.
        names: of query parameters, by their plain names.
        key_of: returns the key of an item, by which a request may ask for what is after it.

    Attributes:
        selecting: the names of those that select a page, also by a member.
        usual: how many items a page has where no size is asked for.
    """

    def __init__(
        self,
        operation: Operation,
        schema: Schema,
        names: Mapping[str, str],
        key_of: Callable[[Any], Any] = key_in,
    ) -> None:
        self._first_page = first_page(operation, schema)
        self._names, self._key_of = names, key_of
        self._declared = {parameter["name"] for parameter in operation.parameters}
        selecting = map(self.name, SELECTING)
        self.selecting = {name.partition("[")[0] for name in selecting}
        self.usual = SIZE if self.name(Meaning.SIZE) else MOST_ON_PAGE

    def name(self, meaning: Meaning) -> str:
        """Return the query parameter of a meaning; empty if there is none."""
        return next((self._names[name] for name in meaning.names if name in self._names), "")

    def asked(self, query: Mapping[str, Any], meaning: Meaning) -> Any:
        """Return the value of the query parameter with a meaning; None without one."""
        values = (_argument(query, self._names[name]) for name in meaning.names if name in self._names)
        return next((value for value in values if value is not None and value != ""), None)

    def page(self, items: Items, query: Mapping[str, Any], url: str) -> ListPage:
        """Return a page of items; no others are read.

        Args:
            query: the values of query parameters by name, defaults filled in.
            url: of the request, with its query; well-known parameters that the contract lacks count, too.

        Raises:
            BadRequest: the offset of a page that the mock has made is no number.
        """
        if undeclared := dict(self._undeclared(url)):
            pages = copy(self)
            pages._names = {**self._names, **{plain(name): name for name in undeclared}}  # noqa: SLF001 -- its own
            return pages.page(items, {**query, **undeclared}, url)
        size, total = _count(self.asked(query, Meaning.SIZE), self.usual), len(items)
        starts = self._starts(items, size)
        first, last = self._span(items, query, url, size, starts)
        behind = bisect_right(starts, first) - 1 if first < total else first // max(size, 1)
        number, on_page = self._first_page + behind, items[first:last]
        page = ListPage(on_page, first, size, total, number, "", url, "", len(starts))
        if not on_page or last >= total:
            return page
        key = self._key_of(on_page[-1])
        after = None if key is None else str(key)
        has_pages = any(map(self.name, (Meaning.PAGE, Meaning.OFFSET, Meaning.AFTER)))
        following = self._following(url, after or "", number + 1, last)
        return page._replace(after=after, next_url=following, is_cut=last - first < size or not has_pages)

    def _undeclared(self, url: str) -> Iterator[tuple[str, Any]]:
        """Yield what a URL asks for by parameters for which the contract has none."""
        for name, value in parse_qsl(url.partition("?")[2]):
            is_free = (
                name not in self._declared
                and name != OFFSET
                and any(name in meaning and not self.name(meaning) for meaning in SELECTING)
            )
            if is_free:
                yield name, int(value) if DIGITS.fullmatch(value) else value

    def _starts(self, items: Items, size: int) -> Sequence[int]:
        """Return how many items are before each page, if pages have numbers."""
        total, size = len(items), max(size, 1)
        if not self.name(Meaning.PAGE) or min(total, size) * items.largest <= MOST_PAGE_BYTES:
            return range(0, total, size)
        starts, sizes = [0], items.sizes(0, total)
        while (start := starts[-1] + _most(sizes[starts[-1] : starts[-1] + size])) < total:
            starts.append(start)
        return starts

    def _span(
        self, items: Items, query: Mapping[str, Any], url: str, size: int, starts: Sequence[int]
    ) -> tuple[int, int]:
        """Return how many items are before the page that is asked for, and before what follows it."""
        after = _position(items, self.asked(query, Meaning.AFTER))
        before = None if after is not None else _position(items, self.asked(query, Meaning.BEFORE))
        if before is not None:
            return before - _fitting(items, max(0, before - size), before, -1), before
        number = max(0, _count(self.asked(query, Meaning.PAGE), self._first_page) - self._first_page)
        first = starts[number] if number < len(starts) else number * size
        first = _count(self.asked(query, Meaning.OFFSET), _offset(url, first))
        first = first if after is None else after + 1
        return first, first + _fitting(items, first, min(first + size, len(items)))

    def _following(self, url: str, after: str, number: int, first: int) -> str:
        """Return the URL of the page that follows, as a client could have made it."""
        address, _, query = url.partition("?")
        choices = ((Meaning.PAGE, str(number)), (Meaning.OFFSET, str(first)), (Meaning.AFTER, after))
        changed = {self.name(meaning): value for meaning, value in choices if self.name(meaning) and value}
        changed = changed or {OFFSET: str(first)}
        others = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in changed]
        return f"{address}?{urlencode([*others, *changed.items()])}"


class PagedValue:
    """The lists in the value of a response, by the objects around them that describe pages.

    Args:
        schema: of the response.
        value: as it is without a request, with all items.

    Attributes:
        has_pages: whether there is a list.
    """

    def __init__(self, pages: Pages, operation: Operation, schema: Schema, value: Any) -> None:
        self._pages = pages
        self._lists = dict(_lists_in(value)) if operation.method == "get" else {}
        self._schemas = {path: schema.members[path[0]] if path else schema for path in self._lists}
        self.has_pages = bool(self._lists) or isinstance(value, list)

    def page(self, value: Any, query: Mapping[str, Any], url: str) -> tuple[Any, dict[bytes, str]]:
        """Return a value with the page of each list and the facts of it around the list, and its fields.

        The arguments are those of `Pages.page`.
        """
        fields: dict[bytes, str] = {}
        if not self._lists and isinstance(value, list):
            page = self._pages.page(ListedValues(value), query, url)
            return page.items, page.fields
        if not self._lists:
            return self._cut(value, query, url), fields
        for path, name in self._lists.items():
            holder = within(value, path)
            items = within(holder, (name,))  # None where it is left out for this request
            if isinstance(items, list):
                page = self._pages.page(ListedValues(items), query, url)
                around = enclosed({**holder, name: page.items}, self._schemas[path], page, name)
                value, fields = placed(value, path, around), page.fields
        return value, fields

    def _cut(self, value: Any, query: Mapping[str, Any], url: str) -> Any:
        """Return a page of a list, or an object with a page of each of its lists."""
        if isinstance(value, list):
            return self._pages.page(ListedValues(value), query, url).items
        members = value.items() if isinstance(value, dict) else ()
        lists = {name: self._cut(member, query, url) for name, member in members if isinstance(member, list)}
        return {**value, **lists} if lists else value


def first_page(operation: Operation, schema: Schema) -> int:
    """Return the number of an operation's first page: 0 where the contract has such a page, else 1.

    Args:
        schema: of the contract, any.
    """
    pages = (parameter for parameter in operation.parameters if parameter["name"] in Meaning.PAGE)
    parts = (part for page in pages for part in schema.of(page.get("schema", True)).parts)
    return 0 if any(0 in {part.get("minimum"), part.get("default")} for part in parts) else 1


def list_in(value: Any) -> str | None:
    """Return the name of an object's only list."""
    members = value.items() if isinstance(value, dict) else ()
    lists = [name for name, member in members if isinstance(member, list) and not are_links(member)]
    return lists[0] if len(lists) == 1 else None


def _lists_in(value: Any) -> Iterator[tuple[Path, str]]:
    """Yield where objects around a list are, and its name: the whole, or members that describe pages.

    What has an identifier is an item with a list of its own.
    """
    is_item = isinstance(value, dict) and any(name in Meaning.IDENTIFIER for name in value)
    name = None if is_item else list_in(value)
    if name is not None:
        yield (), name
    for outer, member in value.items() if isinstance(value, dict) and name is None else ():
        inner = list_in(member)
        if inner is not None and any(not DESCRIBING.isdisjoint(meanings_of(key)) for key in member):
            yield (outer,), inner


def _argument(query: Mapping[str, Any], name: str) -> Any:
    """Return the value of a parameter, or of the member of one, as ``page[number]`` is."""
    outer, _, member = name.partition("[")
    return query.get(name, within(query.get(outer), (member[:-1],)))


def _position(items: Items, key: Any) -> int | None:
    """Return how many items are before the one with a key; None if there is none."""
    return None if key is None else items.position(str(key))


def _fitting(items: Items, first: int, last: int, step: int = 1) -> int:
    """Return how many items of a slice fit on a page: the first of them, or the last if the step is -1."""
    if (last - first) * items.largest <= MOST_PAGE_BYTES:
        return last - first
    return _most(items.sizes(first, last)[::step])


def _most(sizes: Sequence[int]) -> int:
    """Return how many of the first items of these sizes fit on a page."""
    return bisect_right([*accumulate(sizes)], MOST_PAGE_BYTES)


def _offset(url: str, default: int) -> int:
    """Return how many items are before the page of a URL that the mock has made; raises BadRequest."""
    text = dict(parse_qsl(urlsplit(url).query)).get(OFFSET)
    if text is None:
        return default
    if not DIGITS.fullmatch(text):
        raise BadRequest(f"The query asks for {OFFSET}={text[:100]!r}; expected a number of up to 15 digits.")
    return int(text)


def _count(value: Any, default: int) -> int:
    return value if type(value) is int and value >= 0 else default
