"""Responds to an operation from stored items: each is laid over the contract's own response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.responses.documented import DocumentedResponse, DocumentedResponses
from contract_first.mock.responses.exchange import Arguments, Exchange, Step, accepted
from contract_first.mock.responses.selection import Selection
from contract_first.mock.shape.echo import upload_in
from contract_first.mock.shape.fields import BODY, Fields
from contract_first.recognition import Role
from contract_first.recognition.puts import creates
from contract_first.service.messages.problems import PayloadTooLarge, ServiceUnavailable
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .catalog import Catalog
from .entity_tags import is_current, require_match, tag_of
from .files import File
from .items import RequestedItems
from .memory import Memory
from .rendering import Renderer, with_fields
from .store import LARGE_BYTES

OK: Final = 200
CREATED: Final = 201
NOT_MODIFIED: Final = 304
STORED: Final = "stored"
REDIRECTED: Final = (b"x-mock-redirected", b"1")
"""The response is what the redirect leads to that the contract has instead, on another host."""


class StoredItems:
    """The step that responds to an operation from its collection.

    Args:
        catalog: of the contract that is served.
        responses: of the operation, as the contract documents them.
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    def __init__(
        self,
        operation: Operation,
        role: Role,
        catalog: Catalog,
        memory: Memory,
        responses: DocumentedResponses,
        origin: Callable[[], str],
    ) -> None:
        self._responses = responses
        self._operation = operation
        self._role = role
        self._collection = role.collection
        self._memory = memory
        self._collections = catalog.collections.values()
        self._items = RequestedItems(operation, role, catalog, memory)
        values = catalog.values[role.collection.path]
        places = [(parameter["in"], parameter["name"]) for parameter in operation.parameters]
        shape = Fields(places, values.generator, operation.operation_id, self._stored)
        self._renderer = Renderer(operation, role, values, shape, origin)
        self._created = CREATED if str(CREATED) in operation.responses else None

    async def __call__(self, exchange: Exchange) -> None:
        """Respond to a request.

        Raises:
            NotFound: there is no such item, or none of those above it.
            Conflict: there is an item of the key that was sent.
            PayloadTooLarge: there are more items than are created at once, or one is too large.
            PreconditionFailed: the item is not as the request expects.
            ServiceUnavailable: there is no room for another.
        """
        arguments, request = exchange.places, exchange.request
        exchange.documented, exchange.rendered = await self._response(arguments, request)
        exchange.source = STORED

    async def _response(self, arguments: Arguments, request: Request) -> tuple[DocumentedResponse, Rendered]:
        """Return the documented response that is taken, and the response."""
        if self._role.action == "read":
            return await self._read(arguments, request)
        if self._role.action == "download":
            return await self._download(arguments, request)
        documented = await self._of(request) if self._role.action == "list" else None
        async with self._memory.lock:
            await self._require_parents(arguments)
            if documented is not None:
                return documented, await self._list(arguments, request, documented)
            if self._role.is_many:
                return await self._write_many(arguments, request)
            return await self._write(arguments, request)

    async def _of(self, request: Request, status: int | None = None) -> DocumentedResponse:
        """Return the documented response of a status, by default the success."""
        return await self._responses.response(Selection(status, accepted(request)), request.response_headers)

    def _stored(self, schema: Schema, key: Any) -> dict[str, Any] | None:
        """Return the item of a schema and a key, of any collection."""
        items = (
            item
            for collection in self._collections
            if collection.is_seen_in(schema)
            for item in self._memory.store.keyed(collection.path, str(key))
        )
        return next((item.value for item in items), None)

    async def has(self, arguments: Arguments) -> bool:
        """Tell whether the collection has the item that a request is for."""
        async with self._memory.lock:
            await self._memory.begin(self._role, self._keys(arguments))
            return self._items.find(arguments) is not None

    async def _require_parents(self, arguments: Arguments) -> None:
        """Give the collections of the path what they begin with; raises NotFound without its parents."""
        await self._memory.begin(self._role, self._keys(arguments))
        self._items.require_parents(arguments)

    def _keys(self, arguments: Arguments) -> dict[str, str]:
        return {name: str(arguments.get(("path", name))) for name in self._role.shape.names}

    async def _list(self, arguments: Arguments, request: Request, documented: DocumentedResponse) -> Rendered:
        """Return the response that lists the items, where that may take long from a thread."""
        is_slow = self._items.prefixes or self._items.listing.reads_all(self._items.query(arguments))
        store = self._memory.store
        if store.largest > LARGE_BYTES or (store.is_large and is_slow):
            return await asyncio.to_thread(self._listed, arguments, request, documented)
        return self._listed(arguments, request, documented)

    def _listed(self, arguments: Arguments, request: Request, documented: DocumentedResponse) -> Rendered:
        if documented.schema is None or self._role.schema is None:
            return documented.rendered
        listed, query = self._items.listed(arguments), self._items.query(arguments)
        page = self._items.listing.page(listed, query, self._renderer.list_url(request))
        items = [(item.value, item.parents) for item in page.items]
        return self._renderer.items(items, documented, request, arguments, page)

    async def _read(self, arguments: Arguments, request: Request) -> tuple[DocumentedResponse, Rendered]:
        async with self._memory.lock:
            await self._require_parents(arguments)
            item = (
                self._items.find(arguments) if self._collection.is_single else self._items.require(arguments)
            )
        documented = await self._of(request)
        if item is None and not self._items.prefixes:  # requests for many parents would fill the store
            base = self._renderer.inner(documented.body.value)
            async with self._memory.lock:
                with suppress(PayloadTooLarge, ServiceUnavailable):  # to read it needs no room
                    item = self._items.single(base, arguments)
        if item is None:
            return documented, documented.rendered
        if is_current(item.value, request, self._operation):
            documented = await self._of(request, NOT_MODIFIED)
            return documented, with_fields(documented.rendered, {b"etag": tag_of(item.value)})
        return documented, self._renderer.item(item.value, item.parents, documented, request, arguments)

    async def _download(self, arguments: Arguments, request: Request) -> tuple[DocumentedResponse, Rendered]:
        """Return the file of an item, or the contract's response where none was sent."""
        async with self._memory.lock:
            await self._require_parents(arguments)
            file = self._items.file(self._items.require(arguments))
        documented = await self._of(request)
        if file is None:
            return documented, documented.rendered
        rendered = _rendered(file, documented)
        statuses = self._operation.responses.keys()
        if any(status.startswith("3") for status in statuses) and statuses.isdisjoint({"200", "2XX"}):
            rendered.headers.append(REDIRECTED)
        return documented, rendered

    async def _write_many(
        self, arguments: Arguments, request: Request
    ) -> tuple[DocumentedResponse, Rendered]:
        if self._role.action == "delete":
            documented = await self._of(request)
            await asyncio.to_thread(self._items.remove_all, arguments)
            return documented, documented.rendered
        documented = await self._of(request, self._created)
        base = self._renderer.inner(documented.body.value)
        values = await asyncio.to_thread(self._items.put_all, base, arguments)
        parents = self._items.parents(arguments)
        page_items = [(value, parents) for value in values]
        return documented, self._renderer.items(page_items, documented, request, arguments)

    async def _write(self, arguments: Arguments, request: Request) -> tuple[DocumentedResponse, Rendered]:
        action, items, is_single = self._role.action, self._items, self._collection.is_single
        item = None if action == "create" else items.find(arguments)
        if action != "create" and (item is not None or not is_single):
            require_match(None if item is None else item.value, request, self._operation)
        if action == "delete":
            item = item or items.require(arguments)
            documented = await self._of(request)
            items.remove(item)
            return documented, self._renderer.item(item.value, item.parents, documented, request, arguments)
        if item is None and not is_single:
            return await self._create(arguments, request)
        documented = await self._of(request)
        if item is None:
            item = items.single(self._renderer.inner(documented.body.value), arguments)
        value = items.change(item, await asyncio.to_thread(items.changed, item, arguments))
        if upload_in(arguments.get(BODY)):
            await asyncio.to_thread(items.keep_file, value, arguments)
        return documented, self._renderer.item(value, item.parents, documented, request, arguments)

    async def _create(self, arguments: Arguments, request: Request) -> tuple[DocumentedResponse, Rendered]:
        """Create an item; raises NotFound where an operation changes those alone that are there."""
        action, items = self._role.action, self._items
        otherwise = self._collection.has("create")
        is_upsert = action == "replace" and creates(self._operation, is_created_otherwise=otherwise)
        if action != "create" and not is_upsert:
            items.require(arguments)
        documented = await self._of(request, self._created)
        base = self._renderer.inner(documented.body.value)
        value = await asyncio.to_thread(items.create, base, arguments)
        return documented, self._renderer.item(
            value, items.parents(arguments), documented, request, arguments
        )


def of_name(steps: Sequence[StoredItems]) -> Step:
    """Return the step that responds from the item of a name, in the collection that has it."""

    async def respond(exchange: Exchange) -> None:
        having = [step for step in steps if await step.has(exchange.places)]
        await (having or steps)[0](exchange)

    return respond


def _rendered(file: File, documented: DocumentedResponse) -> Rendered:
    """Return the response that is a file, of its own media type unless the contract says one."""
    media_type = documented.body.media_type or "*/*"
    if "*" in media_type or is_json(essence(media_type)):
        media_type = file.media_type or "application/octet-stream"
    length = str(len(file.content)).encode()
    return Rendered(OK, [(b"content-type", media_type.encode()), (b"content-length", length)], file.content)
