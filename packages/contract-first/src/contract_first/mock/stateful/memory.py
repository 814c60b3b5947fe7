"""What a stateful mock remembers, and by which collections of its contract."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from contract_first.contract.routing import Route
from contract_first.contract.schemas.schema import MISSING
from contract_first.mock.state.scopes import SCOPE
from contract_first.mock.users import User
from contract_first.recognition import Collection
from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Conflict, PayloadTooLarge, ServiceUnavailable
from contract_first.vocabulary.members import Meaning, identifiers_of
from contract_first.vocabulary.words import plain, singular

from .catalog import Catalog
from .seeded import SeededItems
from .store import ItemStore
from .values import Values
from .views import Item

MOST_NUMBERS: Final = 1000
"""Identifiers that are tried until one is free."""

MOST_LINES: Final = 20
MOST_SCOPED_BYTES: Final = 8 * 1024 * 1024
"""Of all items of one scope."""


class _Room(NamedTuple):
    """The items of one scope, and the lock that is held while they are used."""

    store: ItemStore
    lock: asyncio.Lock


class Memory:
    """The items of a mock, for each scope; they stay when its contract is loaded again.

    Args:
        clock: the time of creations and changes.
        file: of the database; None for one in memory.

    Attributes:
        catalog: of the contract that is served.
        seeded: the items that collections begin with; None, and they begin empty.
    """

    def __init__(self, clock: Clock, file: Path | None = None) -> None:
        self.clock = clock
        self._rooms = {"": _Room(ItemStore(file), asyncio.Lock())}
        self.catalog = Catalog({}, {}, {})
        self.seeded: SeededItems | None = None

    @property
    def store(self) -> ItemStore:
        """Where the items of the current scope are."""
        return self._rooms[SCOPE.get()].store

    @property
    def lock(self) -> asyncio.Lock:
        """Held while the current scope's items are read or written, and while its state is changed."""
        return self._rooms[SCOPE.get()].lock

    def open(self, name: str) -> None:
        """Give a scope items of its own, none yet."""
        self._rooms[name] = _Room(ItemStore(None, MOST_SCOPED_BYTES), asyncio.Lock())

    def close(self, name: str) -> None:
        """Remove the items of a scope."""
        self._rooms.pop(name).store.close()

    def end(self) -> None:
        """Release all items."""
        for name in [*self._rooms]:
            self.close(name)

    async def begin(self, collection: Collection, parents: Mapping[str, str]) -> None:
        """Give a collection, and those above it, the items that they begin with; the lock is held.

        Args:
            parents: the keys of a path, by its shape up to each; without any, one below no others is filled.
        """
        if self.seeded is None:
            return
        for filled in (*self.catalog.above(parents), collection):
            prefixes = [prefix for _, prefix in filled.item.prefixes()][:-1]
            if parents.keys() >= set(prefixes) and not (filled.is_single or filled.is_named):
                await self._begin(self.seeded, filled, {prefix: parents[prefix] for prefix in prefixes})

    async def _begin(self, seeded: SeededItems, collection: Collection, parents: Mapping[str, str]) -> None:
        """Fill a collection, below these parents, unless it was filled before or requests did it."""
        store, path = self.store, collection.path
        beginning = _beginning(path, parents)
        if store.has_counted(beginning):
            return
        items = (await seeded.population(collection)).items
        is_new = not (store.view(path, [_encoded(parents)]) if parents else store.has_counted(path))
        if not items or not is_new or not store.is_roomy or not await self._are_seeded(seeded, parents):
            return
        store.count(beginning)
        store.count(path)
        values = self.catalog.values[path]
        names = {name: parents[prefix] for name, prefix in collection.item.prefixes() if prefix in parents}
        for key, item in items.items():
            value = await asyncio.to_thread(values.below, item, names)
            with suppress(PayloadTooLarge, ServiceUnavailable):
                store.add(path, key, parents, value)

    async def _are_seeded(self, seeded: SeededItems, parents: Mapping[str, str]) -> bool:
        """Tell whether parents are there from the beginning; below others, requests alone create items."""
        for collection in self.catalog.above(parents):
            key = parents["/".join(collection.item.segments)]
            items = (await seeded.population(collection)).items
            is_stored = any(
                item.parents.items() <= parents.items() for item in self.store.keyed(collection.path, key)
            )
            if (not is_stored or key not in items) if items else is_stored:
                return False
        return True

    async def join(self, user: User) -> None:
        """Store who has logged in among the contract's users, if it has a collection of them."""
        values = next((it for it in self.catalog.values.values() if _is_of_users(it.collection)), None)
        if values is None:
            return
        collection, members = values.collection, values.collection.schema.members
        names = [name for name in members if plain(name) in user.members and name not in Meaning.TOKEN]
        pairs = {name: user.member(name, members[name], MISSING) for name in names}
        body = {name: value for name, value in pairs.items() if value is not MISSING}
        async with self.lock:
            await self.begin(collection, {})
            items = self.store.keyed(collection.path, str(collection.key_of(body)))
            with suppress(Conflict, PayloadTooLarge, ServiceUnavailable):
                if not items:
                    self.add(values, body, {}, {})
                elif not user.has_login_of(items[0].value):  # else its own changes stay
                    self.store.change(items[0], items[0].key, {**items[0].value, **body})

    def add(
        self,
        values: Values,
        body: Mapping[str, Any],
        parents: Mapping[str, str],
        path: Mapping[str, Any],
        base: Any = None,
    ) -> dict[str, Any]:
        """Make an item, and store it; it takes its time.

        Args:
            values: makes those of its collection's items.
            parents: what the path has that it is created by, by the shape of the path up to it.
            path: parameters of the path by name.
            base: the response that the contract has for its creation, if it has any.

        Raises:
            Conflict: there is one of the key that is given.
            PayloadTooLarge: it is too large.
            ServiceUnavailable: there is no room for it.
        """
        collection, above = values.collection, ""
        if collection.is_named:
            above = "/".join([*parents.values(), collection.resource, ""])
            ids = identifiers_of(collection.resource)
            keys = [member for name, member in body.items() if plain(name) in ids]
            body = collection.with_key(body, keys[0]) if keys else body
        for _ in range(MOST_NUMBERS):
            number, now = self.store.number(collection.path), self.clock.now()
            value = values.created(base, body, path, number, now)
            if above:
                value = collection.with_key(value, above + str(collection.key_of(value)).rpartition("/")[2])
            key = str(collection.key_of(value, collection.key_of(body, number)))
            if not any(item.parents == parents for item in self.store.keyed(collection.path, key)):
                self.store.keep(parents)
                self.store.add(collection.path, key, parents, value)
                return value
            if plain(collection.key) in map(plain, collection.level(body)):
                break
        raise _conflict(collection, key)

    async def item_of(self, route: Route) -> dict[str, Any] | None:
        """Return the item that a path is for; None if there is none."""
        keys = route.decoded_parameters
        async with self.lock:
            for role in self.catalog.roles.get(route.operation_id, ()):
                key = keys.get(role.key or "")
                if key is None and not role.collection.is_single:
                    continue
                above = {prefix: keys[name] for name, prefix in role.shape.prefixes() if name != role.key}
                path = role.collection.path
                await self.begin(role.collection, above)
                for item in self.store.all(path) if key is None else self.store.keyed(path, key):
                    if all(item.parents.get(prefix, parent) == parent for prefix, parent in above.items()):
                        return item.value
        return None

    def change(self, collection: Collection, item: Item, value: dict[str, Any]) -> None:
        """Replace the value of an item; raises Conflict if another has its new key."""
        key = str(collection.key_of(value, item.key))
        others = self.store.keyed(collection.path, key) if key != item.key else []
        if any(other.parents == item.parents for other in others):
            raise _conflict(collection, key)
        self.store.change(item, key, value)

    def remove(self, collection: Collection, item: Item) -> None:
        """Remove an item, and those created below its path."""
        self.store.remove(item)
        prefix = "/".join(collection.item.segments)
        for below in self.store.below(prefix, item.key):
            if item.parents.items() <= below.parents.items():
                self.store.remove(below)

    def lines(self) -> list[str]:
        """Return the recognised collections in lines for a person; of many the first."""
        if not self.catalog.collections:
            return ["No collections were recognised: nothing is remembered. See x-mock-collection."]
        sentences = [collection.sentence() for collection in self.catalog.collections.values()]
        more = len(sentences) - MOST_LINES
        rest = [f"and {more} more: GET /_mock/state has them all."] if more > 0 else []
        return [
            f"Remembers the items of {len(sentences)} collection{'s' * (len(sentences) > 1)}:",
            *(f"  {sentence}" for sentence in [*sentences[:MOST_LINES], *rest]),
        ]

    def summary(self) -> list[dict[str, Any]]:
        """Return the recognised collections, and their numbers of items."""
        counts = self.store.counts()
        return [
            {
                "path": path,
                "key": collection.key_name,
                "operations": collection.actions,
                "items": counts.get(path, 0),
            }
            for path, collection in self.catalog.collections.items()
        ]


def _is_of_users(collection: Collection) -> bool:
    is_below = bool(collection.item.names[1:])
    return singular(plain(collection.resource)) == "user" and not (is_below or collection.is_single)


def _beginning(path: str, parents: Mapping[str, str]) -> str:
    """Return the name under which a store counts that a collection has been filled below these parents."""
    return f"{path} {_encoded(parents)}"


def _encoded(parents: Mapping[str, str]) -> str:
    return msgspec.json.encode(parents).decode()


def _conflict(collection: Collection, key: str) -> Conflict:
    """Return the problem that there is an item of a key already."""
    return Conflict(f"There is an item of {collection.path} with the {collection.key_name} {key[:100]!r}.")
