"""Responds to an operation from stored items: each is laid over the contract's own response."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import Arguments, Exchange, Step, accepted
from contract_first.mock.responses.selection import Selection
from contract_first.mock.shape.echo import upload_in
from contract_first.mock.shape.fields import BODY, Fields
from contract_first.recognition import Role
from contract_first.recognition.puts import creates
from contract_first.recognition.ways import within
from contract_first.service.messages.problems import PayloadTooLarge, ServiceUnavailable

from .catalog import Catalog
from .entity_tags import is_current, require_match, tag_of
from .items import RequestedItems
from .memory import Memory
from .rendering import Renderer, set_fields, set_file
from .store import LARGE_BYTES

CREATED: Final = 201
NOT_MODIFIED: Final = 304
STORED: Final = "stored"
REDIRECTED: Final = (b"x-mock-redirected", b"1")
"""The response is what the redirect leads to that the contract has instead, on another host."""


@dataclass(eq=False, repr=False)
class StoredItems:
    """The step that responds to an operation from its collection.

    Args:
        catalog: of the contract that is served.
        responses: of the operation, as the contract documents them.
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    operation: Operation
    role: Role
    catalog: Catalog
    memory: Memory
    responses: DocumentedResponses
    origin: Callable[[], str]

    def __post_init__(self) -> None:
        self._collection = self.role.collection
        self._collections = self.catalog.collections.values()
        self._items = RequestedItems(self.operation, self.role, self.catalog, self.memory)
        values = self.catalog.values[self.role.collection.path]
        places = [(parameter["in"], parameter["name"]) for parameter in self.operation.parameters]
        shape = Fields(places, values.generator, self.operation.operation_id, self._stored)
        self._renderer = Renderer(self.operation, self.role, values, shape, self.responses.links, self.origin)
        self._created = CREATED if str(CREATED) in self.operation.responses else None

    async def __call__(self, exchange: Exchange) -> None:
        """Respond to a request.

        Raises:
            NotFound: there is no such item, or none of those above it.
            Conflict: there is an item of the key that was sent.
            PayloadTooLarge: there are more items than are created at once, or one is too large.
            PreconditionFailed: the item is not as the request expects.
            ServiceUnavailable: there is no room for another.
        """
        exchange.source = STORED
        action = self.role.action
        if action == "read":
            await self._read(exchange)
            return
        if action == "list":
            await self._document(exchange)
        async with self.memory.lock:
            await self._require_parents(exchange)
            if action == "list":
                await self._list(exchange)
            elif action == "download":
                await self._download(exchange)
            elif self.role.is_many:
                await self._write_many(exchange)
            else:
                await self._write(exchange)

    async def _document(self, exchange: Exchange, status: int | None = None) -> Any:
        """Take the documented response of a status, by default the success; return what its envelope has."""
        selection = Selection(status, accepted(exchange.request))
        documented = await self.responses.response(selection, exchange.request)
        exchange.documented = documented
        return within(documented.body.value, self.role.envelope)

    def _stored(self, schema: Schema, key: Any) -> dict[str, Any] | None:
        """Return the item of a schema and a key, of any collection."""
        items = (
            item
            for collection in self._collections
            if collection.is_seen_in(schema)
            for item in self.memory.store.keyed(collection.path, str(key))
        )
        return next((item.value for item in items), None)

    async def has(self, arguments: Arguments) -> bool:
        """Tell whether the collection has the item that a request is for."""
        async with self.memory.lock:
            return self._items.find(await self._begin(arguments)) is not None

    async def _begin(self, arguments: Arguments) -> Arguments:
        """Give the collections of the path what they begin with; return the arguments with their keys."""
        await self.memory.begin(self._collection, self._items.parents(arguments))
        by_keys = self._items.by_keys(arguments)
        if by_keys is not arguments:
            await self.memory.begin(self._collection, self._items.parents(by_keys))
        return by_keys

    async def _require_parents(self, exchange: Exchange) -> None:
        """Give the collections of the path what they begin with; raises NotFound without its parents."""
        exchange.places = await self._begin(exchange.places)
        self._items.require_parents(exchange.places)

    async def _list(self, exchange: Exchange) -> None:
        """Respond with the items, where that may take long from a thread."""
        is_slow = self._items.prefixes or self._items.listing.reads_all(self._items.query(exchange.places))
        store = self.memory.store
        if store.largest > LARGE_BYTES or (store.is_large and is_slow):
            await asyncio.to_thread(self._show_page, exchange)
        else:
            self._show_page(exchange)

    def _show_page(self, exchange: Exchange) -> None:
        listed, query = self._items.listed(exchange.places), self._items.query(exchange.places)
        page = self._items.listing.page(listed, query, self._renderer.list_url(exchange.request))
        self._renderer.items(exchange, [(item.value, item.parents) for item in page.items], page)

    async def _read(self, exchange: Exchange) -> None:
        items = self._items
        async with self.memory.lock:
            await self._require_parents(exchange)
            arguments = exchange.places
            item = items.find(arguments) if self._collection.is_single else items.require(arguments)
        base = await self._document(exchange)
        if item is None and not items.prefixes:  # requests for many parents would fill the store
            async with self.memory.lock:
                with suppress(PayloadTooLarge, ServiceUnavailable):  # to read it needs no room
                    item = items.single(base, arguments)
        if item is None:
            return
        if is_current(item.value, exchange.request, self.operation):
            await self._document(exchange, NOT_MODIFIED)
            set_fields(exchange, {b"etag": tag_of(item.value)})
        else:
            self._renderer.item(exchange, item.value, item.parents)

    async def _download(self, exchange: Exchange) -> None:
        """Respond with the file of an item, or as the contract does where none was sent."""
        file = self._items.file(self._items.require(exchange.places))
        await self._document(exchange)
        if file is None:
            return
        statuses = self.operation.responses.keys()
        set_file(exchange, file)
        if any(status.startswith("3") for status in statuses) and statuses.isdisjoint({"200", "2XX"}):
            exchange.request.response_headers.append(REDIRECTED)

    async def _write_many(self, exchange: Exchange) -> None:
        arguments = exchange.places
        if self.role.action == "delete":
            await self._document(exchange)
            await asyncio.to_thread(self._items.remove_all, arguments)
            return
        base = await self._document(exchange, self._created)
        values = await asyncio.to_thread(self._items.put_all, base, arguments)
        parents = self._items.parents(arguments)
        self._renderer.items(exchange, [(value, parents) for value in values])

    async def _write(self, exchange: Exchange) -> None:
        action, items, arguments = self.role.action, self._items, exchange.places
        item = None if action == "create" else items.find(arguments)
        is_single = self._collection.is_single
        if action != "create" and (item is not None or not is_single):
            require_match(None if item is None else item.value, exchange.request, self.operation)
        if action == "delete":
            item = item or items.require(arguments)
            await self._document(exchange)
            items.remove(item)
            self._renderer.item(exchange, item.value, item.parents)
            return
        if item is None and not is_single:
            await self._create(exchange)
            return
        base = await self._document(exchange)
        item = item or items.single(base, arguments)
        value = items.change(item, await asyncio.to_thread(items.changed, item, arguments))
        if upload_in(arguments.get(BODY)):
            await asyncio.to_thread(items.keep_file, value, arguments)
        self._renderer.item(exchange, value, item.parents)

    async def _create(self, exchange: Exchange) -> None:
        """Create an item; raises NotFound where an operation changes those alone that are there."""
        action, items, arguments = self.role.action, self._items, exchange.places
        otherwise = self._collection.has("create")
        is_upsert = action == "replace" and creates(self.operation, is_created_otherwise=otherwise)
        if action != "create" and not is_upsert:
            items.require(arguments)
        base = await self._document(exchange, self._created)
        value = await asyncio.to_thread(items.create, base, arguments)
        self._renderer.item(exchange, value, items.parents(arguments))


def of_name(steps: Sequence[StoredItems]) -> Step:
    """Return the step that responds from the item of a name, in the collection that has it."""

    async def respond(exchange: Exchange) -> None:
        having = [step for step in steps if await step.has(exchange.places)]
        await (having or steps)[0](exchange)

    return respond
