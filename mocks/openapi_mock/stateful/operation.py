"""Responds to an operation from what is stored: in the contract's own response, the item laid over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from openapi_contract import Operation
from openapi_contract.schemas import MISSING
from openapi_mock.responses.documented import DocumentedResponse
from openapi_mock.responses.envelopes import Page, enclosed
from openapi_mock.responses.operation import Respond, Sent
from openapi_mock.responses.related import BODY
from openapi_mock.vocabulary.members import Meaning
from openapi_mock.vocabulary.words import plain
from openapi_service.problems import NotFound, PayloadTooLarge, ServiceUnavailable
from openapi_service.request import Request
from openapi_service.responses import Rendered

from .entity_tags import is_known, require_match, tag_of
from .json_patch import is_patch, patched
from .memory import Catalog, Memory
from .pages import Listing
from .recognition import Role
from .recognition.puts import creates
from .recognition.ways import is_each, keys_in, name_at, placed, within
from .rendering import fields_of, rendered, with_fields
from .store import Item
from .uploads import about_file

CREATED: Final = 201
NOT_MODIFIED: Final = 304
MOST_TOGETHER: Final = 1000
"""Items that one request creates."""


class StatefulOperation:
    """Does what one operation does with its collection.

    Args:
        catalog: of the contract that is served.
        origin: returns the URL of the API as who makes the current request reaches it.
    """

    def __init__(
        self,
        operation: Operation,
        role: Role,
        catalog: Catalog,
        memory: Memory,
        origin: Callable[[], str],
    ) -> None:
        self._operation = operation
        self._role = role
        self._collection = role.collection
        self._values = catalog.values[role.collection.path]
        self._memory = memory
        self._origin = origin
        self._prefixes = [(name, prefix) for name, prefix in role.shape.prefixes() if name != role.key]
        alone = (each for each in catalog.collections.values() if not each.is_named)
        above = {"/".join(each.item.segments): each for each in alone}
        self._parents_of = [
            (above[prefix], self._prefixes[: number + 1])
            for number, (_, prefix) in enumerate(self._prefixes)
            if prefix in above
        ]
        self._queries = [each["name"] for each in operation.parameters if each["in"] == "query"]
        known = set(map(plain, role.collection.schema.members))
        is_open = role.collection.schema.is_open
        own = role.collection.schema
        self._is_whole = role.schema is not None and (
            (role.schema.component or own) == own.component
            or role.schema.members.keys() >= own.members.keys()
        )
        self._members_in_query = [each for each in self._queries if plain(each) in known or not is_open]
        self._listing = None if role.schema is None else Listing(role.schema, role.collection, operation)

    async def __call__(
        self, sent: Sent, request: Request, respond: Respond
    ) -> tuple[DocumentedResponse, Rendered]:
        """Return the documented response that is taken, and the response.

        Args:
            sent: what the request holds, by place and name; its body by ``BODY``.
            respond: returns the contract's response of a status, None for the success.

        Raises:
            NotFound: there is no such item, or none of those above it.
            Conflict: there is one of the key that was sent.
            PayloadTooLarge: it holds more items than are created at once, or one that is too large.
            PreconditionFailed: it is not as the request says.
            ServiceUnavailable: there is no room for another.
        """
        if self._role.action == "list":
            documented = await respond(None)
            async with self._memory.lock:
                self._require_parents(sent)
                if self._memory.store.is_large:
                    return documented, await asyncio.to_thread(self._list, sent, request, documented)
                return documented, self._list(sent, request, documented)
        if self._role.action == "read":
            return await self._read(sent, request, respond)
        async with self._memory.lock:
            return await self._write(sent, request, respond)

    async def _read(
        self, sent: Sent, request: Request, respond: Respond
    ) -> tuple[DocumentedResponse, Rendered]:
        async with self._memory.lock:
            self._require_parents(sent)
            item = self._found(sent) if self._collection.is_single else self._find(sent)
        documented = await respond(None)
        if item is None and not self._prefixes:  # requests for many parents would fill the store
            async with self._memory.lock:
                with suppress(PayloadTooLarge, ServiceUnavailable):  # to read it needs no room
                    item = self._single(sent, documented)
        if item is None:
            return documented, documented.rendered
        if is_known(item.value, request, self._operation):
            documented = await respond(NOT_MODIFIED)
            return documented, with_fields(documented.rendered, {b"etag": tag_of(item.value)})
        return documented, self._show(item.value, item.parents, documented, request)

    async def _write(
        self, sent: Sent, request: Request, respond: Respond
    ) -> tuple[DocumentedResponse, Rendered]:
        self._require_parents(sent)
        action, store = self._role.action, self._memory.store
        if self._role.is_many and action == "delete":
            documented = await respond(None)
            await asyncio.to_thread(self._remove_all, sent)
            return documented, documented.rendered
        if self._role.is_many:
            documented = await respond(CREATED if str(CREATED) in self._operation.responses else None)
            values = await asyncio.to_thread(self._put_all, self._inner(documented.body.value), sent)
            parents = self._parents(sent)
            return documented, self._show_all([(each, parents) for each in values], documented, request)
        item = None if action == "create" else self._found(sent)
        if action != "create" and (item is not None or not self._collection.is_single):
            require_match(None if item is None else item.value, request, self._operation)
        if action == "delete":
            item = item or self._find(sent)
            documented = await respond(None)
            store.remove(item)
            self._remove_below(item)
            return documented, self._show(item.value, item.parents, documented, request)
        if item is None and self._collection.is_single:
            item = self._single(sent, await respond(None))
        if item is not None:
            documented = await respond(None)
            value = await asyncio.to_thread(self._changed, item, sent)
            self._change(item, value)
            return documented, self._show(value, item.parents, documented, request)
        is_said = str(CREATED) in self._operation.responses
        otherwise = self._collection.has("create")
        if action == "update" or (
            action == "replace" and not creates(self._operation, is_created_otherwise=otherwise)
        ):
            self._find(sent)
        documented = await respond(CREATED if is_said else None)
        base, parents = self._inner(documented.body.value), self._parents(sent)
        value = await asyncio.to_thread(self._create, base, sent)
        return documented, self._show(value, parents, documented, request)

    async def has(self, sent: Sent) -> bool:
        """Tell whether the collection has the item that a request is for."""
        async with self._memory.lock:
            return self._found(sent) is not None

    # items --------------------------------------------------------------------------------------------------

    def _put_all(self, base: Any, sent: Sent) -> list[dict[str, Any]]:
        """Make or change an item of each element of a body, or none."""
        body = self._body(sent)
        elements = body if isinstance(body, list) else [body]
        if len(elements) > MOST_TOGETHER:
            raise PayloadTooLarge(
                f"{len(elements)} items were sent; at most {MOST_TOGETHER} are stored at once."
            )
        with self._memory.store.together():
            return [self._put(_first(base), {**sent, BODY: each}) for each in elements]

    def _put(self, base: Any, sent: Sent) -> dict[str, Any]:
        """Change an item that is there, if it is not only created; else create it."""
        item = None if self._role.action == "create" else self._found(sent)
        if item is None:
            return self._create(base, sent)
        value = self._changed(item, sent)
        self._change(item, value)
        return value

    def _create(self, base: Any, sent: Sent) -> dict[str, Any]:
        collection = self._collection
        members = {**about_file(sent.get(BODY)), **self._members(sent)}
        if self._role.key is not None:
            members = collection.with_key(members, sent.get(("path", self._role.key)))
        known = base if self._is_whole else self._values.completed(base)
        return self._memory.add(self._values, members, self._parents(sent), self._path(sent), known)

    def _single(self, sent: Sent, documented: DocumentedResponse) -> Item:
        """Return the one item of a path, which is as the contract shows it until it is changed."""
        item = self._found(sent)
        if item is None:
            value = self._values.initial(self._inner(documented.body.value))
            self._memory.store.add(self._collection.path, "", self._parents(sent), value)
        return item or self._find(sent)

    def _changed(self, item: Item, sent: Sent) -> dict[str, Any]:
        """Return what a request makes of an item; raises Conflict if its JSON Patch does not fit."""
        members, action, body = self._members(sent), self._role.action, self._body(sent)
        if is_patch(body):
            members, action = patched(item.value, body), "replace"
        is_part = len(self._role.shape.segments) > len(self._collection.item.segments)
        merges = action == "update" and (is_part or self._operation.method != "put")
        now = self._memory.clock.now()
        return self._values.changed(item.value, members, now, unsets=action == "replace", merges=merges)

    def _change(self, item: Item, value: dict[str, Any]) -> None:
        """Store what an item has become; raises Conflict if another has its new key."""
        collection, key = self._collection, str(self._collection.key_of(value, item.key))
        others = self._memory.store.keyed(collection.path, key) if key != item.key else []
        if any(each.parents == item.parents for each in others):
            raise collection.conflict(key)
        self._memory.store.change(item, key, value)

    def _found(self, sent: Sent) -> Item | None:
        """Return the item of a path, or of a body; None if there is none."""
        collection, role = self._collection, self._role
        if collection.is_single:
            items = self._memory.store.all(collection.path)
        else:
            body = self._members(sent)
            key = collection.key_of(body) if role.key is None else sent.get(("path", role.key))
            items = self._memory.store.keyed(collection.path, str(key))
            if not items and collection.other_key:
                items = self._memory.store.all(collection.path)
                items = [each for each in items if each.value.get(collection.other_key) == key]
        return next((each for each in items if self._belongs(each, sent, self._prefixes)), None)

    def _find(self, sent: Sent) -> Item:
        item = self._found(sent)
        if item is None:
            key = "" if self._role.key is None else f" {str(sent.get(('path', self._role.key)))[:100]!r}"
            raise NotFound(f"There is no item{key} in {self._collection.path}.")
        return item

    def _require_parents(self, sent: Sent) -> None:
        """Raise NotFound unless the items above a path are there; any is until the first one is created."""
        store = self._memory.store
        for collection, prefixes in self._parents_of:
            *above, (name, prefix) = prefixes
            key = str(sent.get(("path", name)))
            found = (self._belongs(each, sent, above) for each in store.keyed(collection.path, key))
            if store.has_counted(collection.path) and not any(found) and not store.below(prefix, key):
                raise NotFound(f"There is no item {key[:100]!r} in {collection.path}.")

    def _belongs(self, item: Item, sent: Sent, prefixes: Iterable[tuple[str, str]]) -> bool:
        """Tell whether an item is where a path says, by what it was created under or by its members."""
        for name, prefix in prefixes:
            asked = str(sent.get(("path", name)))
            if prefix in item.parents:
                if item.parents[prefix] != asked:
                    return False
                continue
            member = next((item.value[each] for each in item.value if plain(each) == plain(name)), None)
            known = list(member.values()) if isinstance(member, dict) else [member]
            if member is not None and known and asked not in map(str, known):
                return False
        return True

    def _remove_all(self, sent: Sent) -> None:
        """Remove the items that a query, and arrays of keys in a body, choose."""
        collection, keys = self._collection, keys_in(sent.get(BODY))
        asked = {name: sent.get(("query", name)) for name in self._queries}
        items = self._memory.store.all(collection.path)
        there = {id(each.value): each for each in items if self._belongs(each, sent, self._prefixes)}
        listing = self._listing or Listing(collection.schema, collection, self._operation)
        for value in listing.chosen([each.value for each in there.values()], asked, all_hold=True):
            item = there[id(value)]
            if not keys or item.key in keys:
                self._memory.store.remove(item)
                self._remove_below(item)

    def _remove_below(self, item: Item) -> None:
        """Remove what was created below the path of an item."""
        prefix = "/".join(self._collection.item.segments)
        for each in self._memory.store.below(prefix, item.key):
            if item.parents.items() <= each.parents.items():
                self._memory.store.remove(each)

    # requests -----------------------------------------------------------------------------------------------

    def _body(self, sent: Sent) -> Any:
        """Return the array of a body that has one of items or patches; else the body."""
        body, way = sent.get(BODY), self._role.sent
        return within(body, way[:-1]) if is_each(way) else body

    def _members(self, sent: Sent) -> dict[str, Any]:
        """Return the members that a request sends, in its body or its query."""
        body = sent.get(BODY)
        inner = None if self._role.is_many else within(body, self._role.sent)  # each element comes alone
        body = inner if isinstance(inner, dict) else body
        queries = {name: sent.get(("query", name)) for name in self._members_in_query}
        named = {name: value for name, value in queries.items() if value is not None}
        members = {**named, **(body if isinstance(body, dict) else {})}
        return {name: each for name, each in members.items() if _is_json(each)}

    def _path(self, sent: Sent) -> dict[str, Any]:
        """Return the parameters of the path that members of the item may have the names of."""
        own = {*Meaning.IDENTIFIER.names, plain(self._collection.key)}
        named = {name: sent.get(("path", name)) for name, _ in self._prefixes if plain(name) not in own}
        return {name: value for name, value in named.items() if value is not None}

    def _parents(self, sent: Sent) -> dict[str, str]:
        return {prefix: str(sent.get(("path", name))) for name, prefix in self._prefixes}

    def _url(self, value: Mapping[str, Any], parents: Mapping[str, str], request: Request) -> str:
        """Return the URL of an item, where the client called this API."""
        path = self._collection.path_of(value, parents)
        return f"{self._origin()}{self._base_path(request)}{path}"

    def _base_path(self, request: Request) -> str:
        """Return what stands before the contract's own path in the path of a request."""
        segments = request.path.strip("/").split("/")
        above = segments[: len(segments) - self._operation.path.strip("/").count("/") - 1]
        return "".join(f"/{each}" for each in above)

    # responses ----------------------------------------------------------------------------------------------

    def _inner(self, value: Any) -> Any:
        return within(value, self._role.envelope)

    def _show(
        self,
        value: dict[str, Any],
        parents: Mapping[str, str],
        documented: DocumentedResponse,
        request: Request,
    ) -> Rendered:
        """Return the response that shows an item."""
        base, schema = documented.body.value, self._role.schema
        url = self._url(value, parents, request)
        fields = {b"location": url, b"etag": tag_of(value)}
        if schema is None or documented.schema is None or not isinstance(base, dict | list):
            return with_fields(documented.rendered, fields)
        shown = self._values.shown(self._values.with_url(value, url), schema, self._inner(base), url)
        return rendered(documented, self._around(documented, base, shown), fields)

    def _around(self, documented: DocumentedResponse, base: Any, shown: Any) -> Any:
        """Return a response around an item or a list; of alternatives, the one that has its place."""
        schema, envelope = documented.schema, self._role.envelope
        value = placed(base, envelope, shown)
        if schema is None or within(base, envelope[:1]) is not None or schema.conforms(value):
            return value
        repaired = self._values.repaired(schema, placed(None, envelope, shown))
        return value if repaired is MISSING else repaired

    def _list(self, sent: Sent, request: Request, documented: DocumentedResponse) -> Rendered:
        """Return the response that lists the items."""
        if documented.schema is None or self._listing is None:
            return documented.rendered
        items = self._memory.store.all(self._collection.path)
        asked = {name: sent.get(("query", name)) for name in self._queries}
        query = request.query_string.decode("latin-1")
        url = f"{self._origin()}{request.path}{f'?{query}' if query else ''}"
        there = {id(each.value): each for each in items if self._belongs(each, sent, self._prefixes)}
        page = self._listing.page([each.value for each in there.values()], asked, url)
        placed = [(each, there[id(each)].parents) for each in page.items]
        return self._show_all(placed, documented, request, page)

    def _show_all(
        self,
        items: Iterable[tuple[dict[str, Any], Mapping[str, str]]],
        documented: DocumentedResponse,
        request: Request,
        page: Page | None = None,
    ) -> Rendered:
        """Return the response that shows several items, each with its parents."""
        base, schema, envelope = documented.body.value, self._role.schema, self._role.envelope
        if schema is None or documented.schema is None:
            return documented.rendered
        example = _first(self._inner(base)) or {}
        named = [self._values.with_url(each, self._url(each, parents, request)) for each, parents in items]
        value: Any = [self._values.shown(each, schema, example) for each in named]
        if envelope and isinstance(base, dict):
            around = base if page is None else enclosed(base, documented.schema, page, name_at(envelope))
            value = self._around(documented, around, value)
        return rendered(documented, value, {} if page is None else fields_of(page))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
