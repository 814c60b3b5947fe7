"""What a generated response takes over from its request: path parameters, members of the body, a page.

What a request creates has another identifier each time.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from openapi_contract import Operation
from openapi_contract.schemas import MISSING, Schema
from openapi_service.randomness import RandomBytes
from openapi_service.responses import Rendered

from .envelopes import OFFSETS, PAGES, SIZES, Page, enclosed
from .generation import Generator
from .identifiers import IDS, identifier
from .names import plain
from .rendering import with_value

CREATED = 201
NUMBER_BYTES = 4
MOST_REMEMBERED, LONGEST_REMEMBERED = 64, 4096
BODY = ("body", "")


class Relation:
    """Relates one generated response to requests.

    A step that would make the body violate its schema is left out. What is made for a request is remembered.

    Args:
        rendered: the response as it is without a request.
        value: its body's JSON value.

    Attributes:
        is_possible: whether any request can make a difference.
    """

    def __init__(
        self,
        rendered: Rendered,
        value: Any,
        media_type: str,
        schema: Schema,
        operation: Operation,
        generator: Generator,
    ) -> None:
        self._rendered = rendered
        self._value = value
        self._media_type = media_type
        self._schema = schema
        places = [(each["in"], each["name"]) for each in operation.parameters]
        self._name, self._generator = operation.operation_id, generator
        self._paging = [
            [each for each in places if each[0] == "query" and plain(each[1]) in names]
            for names in (SIZES, PAGES, OFFSETS)
        ]
        self._first_page = first_page(operation, schema)
        is_listing = operation.method == "get" and any(self._paging)
        self._list = _list_in(value) if is_listing else None
        self._whole = value
        if self._list is not None:
            self._value = value = self._changed(value, partial(self._described, [None, None, None]))
            self._rendered = self._rendered_with(value)
        shown = value[0] if isinstance(value, list) and value else value
        self._members = _properties(schema.items if isinstance(value, list) else schema, shown)
        self._in_path = _members_of_path(operation.path, places, self._members, only_named=shown is not value)
        self._echoes = operation.request_body is not None and isinstance(value, dict)
        creates = operation.method == "post" and (rendered.status == CREATED or "{" not in operation.path)
        ids = [name for name in self._members if creates and isinstance(value, dict) and plain(name) in IDS]
        self._ids = [name for name in ids if name in value]
        self.is_possible = bool(any(self._paging) or self._in_path or self._echoes or self._ids)
        self._made: dict[bytes, tuple[Any, Rendered]] = {}

    def rendered(self, sent: Mapping[tuple[str, str], Any], draw: RandomBytes) -> Rendered:
        """Return the response to a request.

        Args:
            sent: what it holds, by place and name; its body goes by ``BODY``.
            draw: draws the identifier of what is created.
        """
        value, rendered = self._related(sent)
        body = sent.get(BODY)
        if not self._ids or (isinstance(body, dict) and not body.keys().isdisjoint(self._ids)):
            return rendered
        number = int.from_bytes(draw(NUMBER_BYTES)) >> 1
        for name in self._ids:
            schema, shown = self._members[name], self._value[name]
            made = identifier(schema, shown, number, self._name, self._generator)
            value = value if made is MISSING else self._changed(value, partial(_with, {name: made}))
        return self._rendered_with(value)

    def _rendered_with(self, value: Any) -> Rendered:
        return with_value(self._rendered, value, self._media_type, self._schema)

    def _related(self, sent: Mapping[tuple[str, str], Any]) -> tuple[Any, Rendered]:
        """Return the value for a request, and the response that has it."""
        body = sent.get(BODY) if self._echoes else None
        path = {member: sent.get(place) for place, member in self._in_path}
        paging = [next(filter(_counts, map(sent.get, places)), None) for places in self._paging]
        try:
            key = msgspec.json.encode((body if isinstance(body, dict) else None, path, paging))
        except (TypeError, ValueError, RecursionError):  # files, or what is too deep
            return self._value, self._rendered
        made = self._made.get(key)
        if made is None:
            value = self._make(*msgspec.json.decode(key))
            is_same = value is self._value
            made = value, self._rendered if is_same else self._rendered_with(value)
            if len(key) <= LONGEST_REMEMBERED:
                self._made[key] = made
                while len(self._made) > MOST_REMEMBERED:
                    del self._made[next(iter(self._made))]
        return made

    def _make(self, body: dict[str, Any] | None, path: dict[str, Any], paging: list[Any]) -> Any:
        value = self._value
        if any(each is not None for each in paging):
            value = self._changed(value, partial(_page, self._first_page, *paging))
            if self._list is not None:
                value = self._changed(value, partial(self._described, paging))
        if body:
            value = self._changed(value, partial(_echoed, body, self._members))
        for member, sent in path.items():
            schema = self._members[member]
            fitting = next((each for each in (sent, str(sent)) if schema.conforms(each)), None)
            if sent is not None and fitting is not None:
                value = self._changed(value, partial(_with, {member: fitting}))
        return value

    def _described(self, paging: list[Any], value: dict[str, Any]) -> Any:
        """Return an object around a list with what it says of the page that is shown."""
        name, size = str(self._list), paging[0]
        items, total = value[name], len(self._whole[name])
        first, length = _first(self._first_page, *paging, total=total), total if size is None else size
        number = self._first_page + first // max(length, 1)
        after, url = ("", "") if first + len(items) >= total else (None, None)
        page = Page(items, min(first, total), length, total, number, after, "", url)
        return enclosed({**self._whole, name: items}, self._schema, page, name)

    def _changed(self, value: Any, change: Callable[[Any], Any]) -> Any:
        """Return a value with a change in it, or without if it would violate the schema."""
        try:
            other = change(value)
            return other if other != value and self._schema.conforms(other) else value
        except RecursionError:
            return value


def _list_in(value: Any) -> str | None:
    """Return the name of an object's only list."""
    lists = (
        [name for name, each in value.items() if isinstance(each, list)] if isinstance(value, dict) else []
    )
    return lists[0] if len(lists) == 1 else None


def _properties(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's properties, of its alternative's as well, but for write-only ones."""
    if not isinstance(value, dict):
        return {}
    parts = list(schema.applying(value))
    named = {name: schema.of(node) for part in parts for name, node in part.get("properties", {}).items()}
    return {name: each for name, each in named.items() if not each.is_marked("writeOnly")}


def _members_of_path(
    path: str, places: list[tuple[str, str]], members: Mapping[str, Any], *, only_named: bool
) -> list[tuple[tuple[str, str], str]]:
    """Return the member for each path parameter: of its name, or ``id`` where the parameter ends the path."""
    by_name = {plain(name): name for name in members}
    found = []
    for place, name in places:
        if place == "path":
            ends = path.rstrip("/").endswith(f"{{{name}}}") and not only_named
            member = by_name.get(plain(name)) or (by_name.get("id") if ends else None)
            found += [((place, name), member)] if member is not None else []
    return found


def _with(members: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [{**each, **members} if isinstance(each, dict) else each for each in value]
    return {**value, **members}


def first_page(operation: Operation, schema: Schema) -> int:
    """Return the number of an operation's first page: 0 where the contract has such a page, else 1.

    Args:
        schema: of the contract, any.
    """
    pages = (each for each in operation.parameters if plain(each["name"]) in PAGES)
    parts = (part for each in pages for part in schema.of(each.get("schema", True)).parts)
    return 0 if any(0 in {part.get("minimum"), part.get("default")} for part in parts) else 1


def _counts(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _page(first_page: int, size: int | None, number: int | None, offset: int | None, value: Any) -> Any:
    """Return a page of a list, or an object with a page of each of its lists."""
    if isinstance(value, dict):
        page = partial(_page, first_page, size, number, offset)
        return {name: page(each) if isinstance(each, list) else each for name, each in value.items()}
    first = _first(first_page, size, number, offset, total=len(value))
    return value[first : first + (len(value) if size is None else size)]


def _first(first_page: int, size: int | None, number: int | None, offset: int | None, *, total: int) -> int:
    """Return how many of all items are before a page."""
    length = total if size is None else size
    return offset if offset is not None else max(0, (number or first_page) - first_page) * length


def _echoed(sent: dict[str, Any], named: Mapping[str, Schema], shown: dict[str, Any]) -> dict[str, Any]:
    """Return an object with the members that were sent and that it may have."""
    taken = dict(shown)
    for name, each in sent.items():
        if name in named:
            candidate = _taken(each, shown.get(name), named[name])
            if named[name].conforms(candidate):
                taken[name] = candidate
    return taken


def _taken(sent: Any, shown: Any, schema: Schema) -> Any:
    if isinstance(sent, list):
        return [_taken(each, None, schema.items) for each in sent]
    if isinstance(sent, dict) and schema.properties:
        named = {name: each for name, each in schema.properties.items() if not each.is_marked("writeOnly")}
        return _echoed(sent, named, shown if isinstance(shown, dict) else {})
    return sent
