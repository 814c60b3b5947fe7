"""The stored items as the control API shows and changes them, also without an operation for it."""

import asyncio
from typing import Any, Final

import msgspec

from contract_first.recognition.collection import Collection
from contract_first.service.messages.problems import NotFound, ValidationFailed, Violation

from .memory import Memory
from .seeding import SeedError, add_item, collection_named
from .views import Item

MOST_BYTES: Final = 512 * 1024
"""Of the items in one response; it has at least one."""


class ItemBrowser:
    """Lists, creates, replaces and removes items of the current scope."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def page(self, name: str, offset: int, limit: int) -> dict[str, Any]:
        """Return some items of a collection in the order of their creation, and how many it has.

        Raises:
            NotFound: the contract has no such collection.
        """
        collection = self._memory.catalog.collections.get(name)
        if collection is None:
            raise NotFound(f"{name[:200]!r} is not one of the collections in GET /_mock/state.")
        async with self._memory.lock:
            await self._memory.begin(collection, {})
            items, total = await asyncio.to_thread(self._part, collection, offset, limit)
        return {"items": items, "total": total}

    def _part(self, collection: Collection, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        view = self._memory.store.view(collection.path, None)
        total, items, size = len(view), list[dict[str, Any]](), 0
        for number in range(offset, min(offset + limit, total)):
            (item,) = view[number : number + 1]
            size += len(msgspec.json.encode(item.value))
            if items and size > MOST_BYTES:
                break
            items.append(_shown(item, collection))
        return items, total

    async def create(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Create an item as a file of initial items does, and return it.

        Args:
            name: path of the collection, with the keys of the items above it.

        Raises:
            ValidationFailed: there is no such collection, or the item does not conform to its schema.
            Conflict: there is an item with this key.
            PayloadTooLarge: the item is too large.
            ServiceUnavailable: there is no room for it.
        """
        memory = self._memory
        async with memory.lock:
            pointer = "/collection"
            try:
                named, _ = collection_named(name, memory.catalog.collections)
                await memory.begin(named, {})
                with memory.store.together():
                    collection, keys = collection_named(name, memory.catalog.collections)
                    pointer = "/value"
                    await asyncio.to_thread(add_item, memory, collection, keys, value)
            except SeedError as error:
                raise ValidationFailed([Violation("body", pointer, "item", str(error))]) from None
            view = memory.store.view(collection.path, None)
            (item,) = view[len(view) - 1 :]
            return _shown(item, collection)

    async def replace(self, item_id: str, value: dict[str, Any]) -> dict[str, Any]:
        """Replace the value of an item, and return it.

        Raises:
            NotFound: there is no such item.
            ValidationFailed: the value does not conform to the schema of the collection.
            Conflict: another item has its new key.
        """
        async with self._memory.lock:
            item, collection = self._item(item_id)
            violations = [
                Violation("body", f"/value{violation.name}", violation.rule, violation.detail)
                for violation in collection.schema.validator.violations(value, "body")
            ]
            if violations:
                raise ValidationFailed(violations)
            self._memory.change(collection, item, value)
        return _shown(item._replace(value=value), collection)

    async def remove(self, item_id: str) -> None:
        """Remove an item, and those below it; raises NotFound."""
        async with self._memory.lock:
            item, collection = self._item(item_id)
            self._memory.remove(collection, item)

    def _item(self, item_id: str) -> tuple[Item, Collection]:
        name, item = self._memory.store.at(int(item_id)) or ("", None)
        collection = self._memory.catalog.collections.get(name)
        if item is not None and collection is not None:
            return item, collection
        raise NotFound(f"There is no item {item_id!r}.")


def _shown(item: Item, collection: Collection) -> dict[str, Any]:
    """Return an item with the number that the store has for it, and the path that lists it."""
    path = collection.path
    for name, prefix in collection.item.prefixes():
        path = path.replace(f"{{{name}}}", item.parents.get(prefix, f"{{{name}}}"))
    return {"id": str(item.place), "collection": path, "value": item.value}
