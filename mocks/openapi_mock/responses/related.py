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
from .rendering import with_value
from .subjects import plain

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
        is_possible: whether any request can make a difference, or the page that a list is says another thing.
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
        self._list = _list_in(value) if operation.method == "get" else None
        self._whole = value
        if self._list is not None:
            self._value = value = self._changed(value, partial(self._described, [None, None, None]))
            self._rendered = self._rendered_with(value)
        self._members = _members_of(schema, value)
        in_path = partial(_members_of_path, operation.path, places)
        found = in_path(self._members, is_list=isinstance(value, list))
        self._in_path = [(place, "", member) for place, member in found]
        holder = _holder_of(value)
        self._holder = holder if holder in self._members else ""
        record = value[self._holder] if self._holder else value
        self._record = _members_of(self._members[self._holder], record) if self._holder else self._members
        if self._holder and not self._in_path:
            found = in_path(self._record, is_list=isinstance(record, list))
            self._in_path = [(place, self._holder, member) for place, member in found]
        self._echoes = operation.request_body is not None and isinstance(value, dict)
        creates = operation.method == "post" and (rendered.status == CREATED or "{" not in operation.path)
        ids = [name for name in self._record if creates and isinstance(record, dict) and plain(name) in IDS]
        self._ids = {name: record[name] for name in ids if name in record}
        is_described = self._value is not self._whole
        self.is_possible = bool(
            any(self._paging) or is_described or self._in_path or self._echoes or self._ids
        )
        self._made: dict[bytes, tuple[Any, Rendered]] = {}

    def rendered(self, sent: Mapping[tuple[str, str], Any], draw: RandomBytes) -> Rendered:
        """Return the response to a request.

        Args:
            sent: what it holds, by place and name; its body goes by ``BODY``.
            draw: draws the identifier of what is created.
        """
        value, rendered = self._related(sent)
        body = sent.get(BODY)
        created = body.get(self._holder, body) if isinstance(body, dict) else {}
        if not self._ids or (isinstance(created, dict) and not created.keys().isdisjoint(self._ids)):
            return rendered
        number = int.from_bytes(draw(NUMBER_BYTES)) >> 1
        for name, shown in self._ids.items():
            made = identifier(self._record[name], shown, number, self._name, self._generator)
            value = value if made is MISSING else self._with(self._holder, {name: made}, value)
        return self._rendered_with(value)

    def _rendered_with(self, value: Any) -> Rendered:
        return with_value(self._rendered, value, self._media_type, self._schema)

    def _related(self, sent: Mapping[tuple[str, str], Any]) -> tuple[Any, Rendered]:
        """Return the value for a request, and the response that has it."""
        body = sent.get(BODY) if self._echoes else None
        path = [sent.get(each[0]) for each in self._in_path]
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

    def _make(self, body: dict[str, Any] | None, path: list[Any], paging: list[Any]) -> Any:
        value = self._value
        if any(each is not None for each in paging):
            value = self._changed(value, partial(_page, self._first_page, *paging))
            if self._list is not None:
                value = self._changed(value, partial(self._described, paging))
        if body:
            value = self._changed(value, partial(_echoed, body, self._members))
        for (_, holder, member), sent in zip(self._in_path, path, strict=True):
            schema = (self._record if holder else self._members)[member]
            fitting = next((each for each in (sent, str(sent)) if schema.conforms(each)), None)
            if sent is not None and fitting is not None:
                value = self._with(holder, {member: fitting}, value)
        return value

    def _with(self, holder: str, members: dict[str, Any], value: Any) -> Any:
        """Return a value with other members, in it or in what one of its members holds."""
        if not holder:
            return self._changed(value, partial(_with, members))
        return self._changed(value, lambda whole: {**whole, holder: _with(members, whole[holder])})

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


def _holder_of(value: Any) -> str:
    """Return the name of the member that holds what a response is about; empty if it is the value itself."""
    if not isinstance(value, dict) or _identifies(value):
        return ""
    held = [name for name, each in value.items() if isinstance(each, dict) and _identifies(each)]
    is_alone = not any(type(each) in {str, int, float} for each in value.values())
    return _list_in(value) or (held[0] if len(held) == 1 and is_alone else "")


def _identifies(value: dict[str, Any]) -> bool:
    return any(plain(name) in IDS for name in value)


def _members_of(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's properties, or of those of a list's items."""
    if isinstance(value, list):
        return _properties(schema.items, value[0] if value else value)
    return _properties(schema, value)


def _properties(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's properties, of its alternative's as well, but for write-only ones."""
    if not isinstance(value, dict):
        return {}
    parts = list(schema.applying(value))
    named = {name: schema.of(node) for part in parts for name, node in part.get("properties", {}).items()}
    return {name: each for name, each in named.items() if not each.is_marked("writeOnly")}


def _members_of_path(
    path: str, places: list[tuple[str, str]], members: Mapping[str, Any], *, is_list: bool
) -> list[tuple[tuple[str, str], str]]:
    """Return the member for each path parameter: of its name, or ``id`` where the parameter ends the path."""
    by_name = {plain(name): name for name in members}
    found = []
    for place, name in places:
        if place == "path":
            ends = path.rstrip("/").endswith(f"{{{name}}}") and not is_list
            member = by_name.get(plain(name)) or (by_name.get("id") if ends else None)
            if is_list and member is not None and plain(member) in IDS:
                continue  # it identifies what the list belongs to, not each of its items
            found += [((place, name), member)] if member is not None else []
    return found


def _with(members: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_with(members, each) if isinstance(each, dict) else each for each in value]
    return {**value, **members} if isinstance(value, dict) else value


def first_page(operation: Operation, schema: Schema) -> int:
    """Return the number of an operation's first page: 0 where the contract has such a page, else 1.

    Args:
        schema: of the contract, any.
    """
    pages = (each for each in operation.parameters if plain(each["name"]) in PAGES)
    parts = (part for each in pages for part in schema.of(each.get("schema", True)).parts)
    return 0 if any(0 in {part.get("minimum"), part.get("default")} for part in parts) else 1


def _counts(value: Any) -> bool:
    return type(value) is int and value >= 0


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
