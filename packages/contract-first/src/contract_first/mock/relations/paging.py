"""The page that a request selects of the lists in a generated response, and what is said about it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import PAGING, Meaning, meanings_of

from .envelopes import FACTS, LINKS, ListPage, enclosed

DESCRIBING: Final = frozenset({*FACTS, Meaning.NEXT_URL, Meaning.NEXT_CURSOR})
"""Meanings of members that say something of the page beside them."""
Path = tuple[str, ...]


class Paging:
    """The pages of the lists in one response.

    Args:
        schema: of the response.
        value: as it is without a request, with all items.

    Attributes:
        places: of the parameters that select a page: its size, its number, how many items are before it.
        is_described: whether there is an object around a list.
        has_urls: whether that has the URL of a page.
    """

    def __init__(self, operation: Operation, schema: Schema, value: Any) -> None:
        names = [parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"]
        self.places = [[("query", name) for name in names if name in meaning] for meaning in PAGING]
        self._first_page = first_page(operation, schema)
        self._lists = dict(_lists_in(value)) if operation.method == "get" else {}
        self._schemas = {path: _schema_at(schema, path) for path in self._lists}
        self.is_described = bool(self._lists)
        around = (name for path in self._lists for name in _at(value, path))
        self.has_urls = any(name in meaning for name in around for meaning in LINKS)

    def page(self, value: Any, arguments: Mapping[tuple[str, str], Any], url: str) -> Any:
        """Return a value with the page of each list, and the facts of it around the list.

        Args:
            url: of the request, without its query.
        """
        paging = [next(filter(_counts, map(arguments.get, places)), None) for places in self.places]
        whole = value
        if () in self._lists or not self._lists:
            value = self._cut(value, paging)
        for path, name in self._lists.items():
            if any(outer not in value for outer in path):
                continue  # it is left out for this request
            before = _at(whole, path)
            holder = self._cut(before, paging) if path else value
            schema = self._schemas[path]
            described = self._described(len(before[name]), holder, name, paging, arguments, url, schema)
            value = _placed(value, path, described)
        return value

    def _cut(self, value: Any, paging: list[Any]) -> Any:
        """Return a page of a list, or an object with a page of each of its lists."""
        if all(number is None for number in paging):
            return value
        if isinstance(value, dict):
            lists = {name: member for name, member in value.items() if isinstance(member, list)}
            return {**value, **{name: self._cut(member, paging) for name, member in lists.items()}}
        if not isinstance(value, list):
            return value
        first = self._first(*paging, total=len(value))
        return value[first : first + (len(value) if paging[0] is None else paging[0])]

    def _first(self, size: int | None, number: int | None, offset: int | None, *, total: int) -> int:
        """Return how many of all items are before a page."""
        length = total if size is None else size
        pages = max(0, (number or self._first_page) - self._first_page)
        return offset if offset is not None else pages * length

    def _described(
        self,
        total: int,
        holder: dict[str, Any],
        name: str,
        paging: list[Any],
        arguments: Mapping[tuple[str, str], Any],
        url: str,
        schema: Schema,
    ) -> Any:
        """Return the object around a list with the facts of the page."""
        items = holder[name]
        first, length = self._first(*paging, total=total), total if paging[0] is None else paging[0]
        number = self._first_page + first // max(length, 1)
        is_last = first + len(items) >= total
        query = {key: text for (place, key), text in arguments.items() if place == "query"}
        after, following = (
            ("", "") if is_last else (None, self._following(url, query, number + 1, first + length))
        )
        page = ListPage(items, min(first, total), length, total, number, after, _url(url, query), following)
        return enclosed(holder, schema, page, name)

    def _following(self, url: str, query: dict[str, Any], number: int, first: int) -> str | None:
        """Return the URL of the page that follows; None where no parameter selects it."""
        _, numbers, offsets = self.places
        for places, value in ((offsets, first), (numbers, number)):
            if places:
                return _url(url, {**query, places[0][1]: value})
        return None


def _url(url: str, query: Mapping[str, Any]) -> str:
    texts = {name: _spelled(value) for name, value in query.items() if value is not None}
    return f"{url}?{urlencode(texts)}" if texts else url


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_spelled, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


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
    lists = [name for name, member in members if isinstance(member, list)]
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


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def _placed(value: Any, path: Path, part: Any) -> Any:
    """Return a value with another part at a path of at most one name."""
    return {**value, path[0]: part} if path else part


def _schema_at(schema: Schema, path: Path) -> Schema:
    for name in path:
        schema = schema.members.get(name, schema)
    return schema


def _counts(value: Any) -> bool:
    return type(value) is int and value >= 0
