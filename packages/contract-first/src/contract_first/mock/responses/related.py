"""What a generated response takes over from its request: path parameters, members of the body, a page.

What a request creates has another identifier each time.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.mock.generation import Generator
from contract_first.mock.generation.identifiers import identifier
from contract_first.mock.vocabulary.members import PAGING, Meaning
from contract_first.mock.vocabulary.words import plain
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import RandomBytes

from .envelopes import ListPage, enclosed
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
        places = [(parameter["in"], parameter["name"]) for parameter in operation.parameters]
        self._name, self._generator = operation.operation_id, generator
        self._paging = [
            [place for place in places if place[0] == "query" and place[1] in meaning] for meaning in PAGING
        ]
        self._first_page = first_page(operation, schema)
        self._list = _list_in(value) if operation.method == "get" else None
        self._whole = value
        if self._list is not None:
            self._value = value = self._changed(value, partial(self._described, [None, None, None]))
            self._rendered = self._rendered_with(value)
        self._members = _members_of(schema, value)
        in_path = partial(_members_of_path, operation.path, places)
        members = in_path(self._members, is_list=isinstance(value, list))
        self._in_path = [(place, "", member) for place, member in members]
        holder = _holder_of(value)
        self._holder = holder if holder in self._members else ""
        record = value[self._holder] if self._holder else value
        self._record = _members_of(self._members[self._holder], record) if self._holder else self._members
        if self._holder and not self._in_path:
            members = in_path(self._record, is_list=isinstance(record, list))
            self._in_path = [(place, self._holder, member) for place, member in members]
        self._echoes = operation.request_body is not None and isinstance(value, dict)
        self._ids = self._identifiers(record) if _creates(operation, rendered.status) else {}
        is_described = self._value is not self._whole
        self.is_possible = bool(
            any(self._paging) or is_described or self._in_path or self._echoes or self._ids
        )
        self._remembered: dict[bytes, tuple[Any, Rendered]] = {}

    def rendered(self, arguments: Mapping[tuple[str, str], Any], draw: RandomBytes) -> Rendered:
        """Return the response to a request.

        Args:
            arguments: its values by place and name; the body is under ``BODY``.
            draw: draws the identifier of what is created.
        """
        value, rendered = self._related(arguments)
        body = arguments.get(BODY)
        created = body.get(self._holder, body) if isinstance(body, dict) else {}
        if not self._ids or (isinstance(created, dict) and not created.keys().isdisjoint(self._ids)):
            return rendered
        number = int.from_bytes(draw(NUMBER_BYTES)) >> 1
        for name, example in self._ids.items():
            new = identifier(self._record[name], example, number, self._name, self._generator)
            value = value if new is MISSING else self._with(self._holder, {name: new}, value)
        return self._rendered_with(value)

    def _identifiers(self, record: Any) -> dict[str, Any]:
        declared = [name for name in self._record if name in Meaning.IDENTIFIER]
        return {name: record[name] for name in declared if name in record} if isinstance(record, dict) else {}

    def _rendered_with(self, value: Any) -> Rendered:
        return with_value(self._rendered, value, self._media_type, self._schema)

    def _related(self, arguments: Mapping[tuple[str, str], Any]) -> tuple[Any, Rendered]:
        """Return the value for a request, and the response that has it."""
        body = arguments.get(BODY) if self._echoes else None
        path = [arguments.get(place) for place, _, _ in self._in_path]
        paging = [next(filter(_counts, map(arguments.get, places)), None) for places in self._paging]
        try:
            key = msgspec.json.encode((body if isinstance(body, dict) else None, path, paging))
        except (TypeError, ValueError, RecursionError):  # files, or what is too deep
            return self._value, self._rendered
        related = self._remembered.get(key)
        if related is None:
            value = self._make(*msgspec.json.decode(key))
            is_same = value is self._value
            related = value, self._rendered if is_same else self._rendered_with(value)
            if len(key) <= LONGEST_REMEMBERED:
                self._remembered[key] = related
                while len(self._remembered) > MOST_REMEMBERED:
                    del self._remembered[next(iter(self._remembered))]
        return related

    def _make(self, body: dict[str, Any] | None, path: list[Any], paging: list[Any]) -> Any:
        value = self._value
        if any(number is not None for number in paging):
            value = self._changed(value, partial(_page, self._first_page, *paging))
            if self._list is not None:
                value = self._changed(value, partial(self._described, paging))
        if body:
            value = self._changed(value, partial(_echoed, body, self._members))
        for (_, holder, member), argument in zip(self._in_path, path, strict=True):
            schema = (self._record if holder else self._members)[member]
            fitting = next(filter(schema.conforms, (argument, str(argument))), None)
            if argument is not None and fitting is not None:
                value = self._with(holder, {member: fitting}, value)
        return value

    def _with(self, holder: str, members: dict[str, Any], value: Any) -> Any:
        """Return a value with other members, in it or in what one of its members holds."""
        if not holder:
            return self._changed(value, partial(_with, members))
        return self._changed(value, lambda whole: {**whole, holder: _with(members, whole[holder])})

    def _described(self, paging: list[Any], value: dict[str, Any]) -> Any:
        """Return the object around a list with the facts of the page."""
        name, size = str(self._list), paging[0]
        items, total = value[name], len(self._whole[name])
        first, length = _first(self._first_page, *paging, total=total), total if size is None else size
        number = self._first_page + first // max(length, 1)
        after, url = ("", "") if first + len(items) >= total else (None, None)
        page = ListPage(items, min(first, total), length, total, number, after, "", url)
        return enclosed({**self._whole, name: items}, self._schema, page, name)

    def _changed(self, value: Any, change: Callable[[Any], Any]) -> Any:
        """Return a value with a change in it, or without if it would violate the schema."""
        try:
            changed = change(value)
            return changed if changed != value and self._schema.conforms(changed) else value
        except RecursionError:
            return value


def _list_in(value: Any) -> str | None:
    """Return the name of an object's only list."""
    members = value.items() if isinstance(value, dict) else ()
    lists = [name for name, member in members if isinstance(member, list)]
    return lists[0] if len(lists) == 1 else None


def _creates(operation: Operation, status: int) -> bool:
    return operation.method == "post" and (status == CREATED or "{" not in operation.path)


def _holder_of(value: Any) -> str:
    """Return the name of the member that has the resource of a response; empty if the value is it."""
    if not isinstance(value, dict) or _identifies(value):
        return ""
    records = [name for name, member in value.items() if isinstance(member, dict) and _identifies(member)]
    is_alone = not any(type(member) in {str, int, float} for member in value.values())
    return _list_in(value) or (records[0] if len(records) == 1 and is_alone else "")


def _identifies(value: dict[str, Any]) -> bool:
    return any(name in Meaning.IDENTIFIER for name in value)


def _members_of(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's properties, or of those of a list's items."""
    if isinstance(value, list):
        return _properties(schema.items, value[0] if value else value)
    return _properties(schema, value)


def _properties(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's properties, those of its alternative too, without write-only ones."""
    if not isinstance(value, dict):
        return {}
    parts = list(schema.applying(value))
    named = {name: schema.of(node) for part in parts for name, node in part.get("properties", {}).items()}
    return _readable(named)


def _members_of_path(
    path: str, places: list[tuple[str, str]], members: Mapping[str, Any], *, is_list: bool
) -> list[tuple[tuple[str, str], str]]:
    """Return the member for each path parameter: of its name, or ``id`` where the parameter ends the path."""
    by_name = {plain(name): name for name in members}
    in_path = []
    for place, name in places:
        if place == "path":
            ends = path.rstrip("/").endswith(f"{{{name}}}") and not is_list
            member = by_name.get(plain(name)) or (by_name.get("id") if ends else None)
            if is_list and member is not None and member in Meaning.IDENTIFIER:
                continue  # it identifies what the list belongs to, not each of its items
            in_path += [((place, name), member)] if member is not None else []
    return in_path


def _with(members: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_with(members, item) if isinstance(item, dict) else item for item in value]
    return {**value, **members} if isinstance(value, dict) else value


def first_page(operation: Operation, schema: Schema) -> int:
    """Return the number of an operation's first page: 0 where the contract has such a page, else 1.

    Args:
        schema: of the contract, any.
    """
    pages = (parameter for parameter in operation.parameters if parameter["name"] in Meaning.PAGE)
    parts = (part for page in pages for part in schema.of(page.get("schema", True)).parts)
    return 0 if any(0 in {part.get("minimum"), part.get("default")} for part in parts) else 1


def _counts(value: Any) -> bool:
    return type(value) is int and value >= 0


def _page(first_page: int, size: int | None, number: int | None, offset: int | None, value: Any) -> Any:
    """Return a page of a list, or an object with a page of each of its lists."""
    if isinstance(value, dict):
        page = partial(_page, first_page, size, number, offset)
        return {name: page(member) if isinstance(member, list) else member for name, member in value.items()}
    first = _first(first_page, size, number, offset, total=len(value))
    return value[first : first + (len(value) if size is None else size)]


def _first(first_page: int, size: int | None, number: int | None, offset: int | None, *, total: int) -> int:
    """Return how many of all items are before a page."""
    length = total if size is None else size
    return offset if offset is not None else max(0, (number or first_page) - first_page) * length


def _echoed(body: dict[str, Any], members: Mapping[str, Schema], value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with the members of a request's body that it may have."""
    echoed = dict(value)
    for name, member in body.items():
        if name in members:
            candidate = _echo(member, value.get(name), members[name])
            if members[name].conforms(candidate):
                echoed[name] = candidate
    return echoed


def _echo(member: Any, value: Any, schema: Schema) -> Any:
    """Return a member of a request body as a response has it, without the parts that it does not show."""
    if isinstance(member, list):
        return [_echo(item, None, schema.items) for item in member]
    if isinstance(member, dict) and schema.properties:
        return _echoed(member, _readable(schema.properties), value if isinstance(value, dict) else {})
    return member


def _readable(members: Mapping[str, Schema]) -> dict[str, Schema]:
    return {name: schema for name, schema in members.items() if not schema.is_marked("writeOnly")}
