"""The stored items that requests to one operation are for: found, created, changed and removed."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.mock.responses.exchange import Arguments
from contract_first.mock.shape.echo import about_file, upload_in
from contract_first.mock.shape.fields import BODY, CALLER, in_place
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import is_each, keys_in, within
from contract_first.service.messages.problems import NotFound, PayloadTooLarge
from contract_first.vocabulary.members import Meaning, named
from contract_first.vocabulary.words import plain

from .catalog import Catalog
from .files import File, file_of, keep, sent
from .json_patch import is_patch, patched
from .listing import Listing
from .memory import Memory
from .views import Item, Listed

OWNER: Final = "caller"
"""In the place of the shape of a path, for the parent that an item has in its owner."""
MOST_TOGETHER: Final = 1000
"""Items that one request creates."""
MOST_PLACES: Final = 100
"""Parents of the items in a list, by which it is read in parts."""


class RequestedItems:
    """The items of the collection in which an operation has a role.

    Args:
        catalog: of the contract that is served.
    """

    def __init__(self, operation: Operation, role: Role, catalog: Catalog, memory: Memory) -> None:
        self._operation = operation
        self._role = role
        self._collection = role.collection
        self._values = catalog.values[role.collection.path]
        self._memory = memory
        above = catalog.above([prefix for _, prefix in role.shape.prefixes()])
        owned = [it.schema.members for it in (role.collection, *above) if it.is_callers][:1]
        self._owner = [next((name for name in it if name in Meaning.CALLER), OWNER) for it in owned]
        places = [*((name, OWNER) for name in self._owner), *role.shape.prefixes()]
        self.prefixes = [(name, prefix) for name, prefix in places if name != role.key]
        self._collections = catalog.collections.values()
        self._items_of = [pair for pair in _items_above(places, catalog) if pair[0].other_key]
        self._parents_of = _items_above(self.prefixes, catalog)
        self._is_asked_by_body = role.action == "list" and operation.request_body is not None
        schema = role.collection.schema
        names = set(map(plain, schema.members))
        queries = (node["name"] for node in operation.parameters if node["in"] == "query")
        self._members_in_query = [name for name in queries if plain(name) in names or not schema.is_open]
        self._is_whole = role.schema is not None and (
            (role.schema.component or schema.component) == schema.component
            or role.schema.members.keys() >= schema.members.keys()
        )
        holders = (operation.request_body or {}).get("content", {}).values() if self._is_asked_by_body else ()
        bodies = (schema.of(holder.get("schema", True)) for holder in holders)
        asked = {name: member for body in bodies for name, member in body.properties.items()}
        self.listing = Listing(role.schema or schema, role.collection, operation, asked)

    # requests -----------------------------------------------------------------------------------------------

    def parents(self, arguments: Arguments) -> dict[str, str]:
        """Return the path parameters beside the key of an item, by the shape of the path up to each."""
        return {prefix: str(arguments.get(("path", name))) for name, prefix in self.prefixes}

    def query(self, arguments: Arguments) -> dict[str, Any]:
        """Return query parameters by name, and the members of a body that asks for a list."""
        body = arguments.get(BODY) if self._is_asked_by_body else None
        members = body if isinstance(body, dict) else {}
        return {**members, **in_place("query", arguments)}

    def _body(self, arguments: Arguments) -> Any:
        """Return the array of items or patches in a body; the body, if it has none."""
        body, way = arguments.get(BODY), self._role.body
        return within(body, way[:-1]) if is_each(way) else body

    def _members(self, arguments: Arguments) -> dict[str, Any]:
        """Return the members that a request sends, in its body or its query."""
        body = arguments.get(BODY)
        inner = None if self._role.is_many else within(body, self._role.body)  # each element comes alone
        body = inner if isinstance(inner, dict) else body
        queries = {name: arguments.get(("query", name)) for name in self._members_in_query}
        in_query = {name: value for name, value in queries.items() if value is not None}
        members = {**in_query, **(body if isinstance(body, dict) else {})}
        return {name: value for name, value in members.items() if _is_json(value)}

    def _path(self, arguments: Arguments) -> dict[str, Any]:
        """Return the parameters of the path that members of the item may have the names of."""
        keys = {*Meaning.IDENTIFIER.names, plain(self._collection.key)}
        in_path = {
            name: arguments.get(("path", name)) for name, _ in self.prefixes if plain(name) not in keys
        }
        return {name: value for name, value in in_path.items() if value is not None}

    def by_keys(self, arguments: Arguments) -> Arguments:
        """Return arguments with the keys of items for other members that a path has, as ``idOrName`` may.

        Who calls comes first, where items are their owner's alone, as if each path had its id.
        """
        caller = arguments.get(CALLER)
        for name in self._owner:
            arguments = {**arguments, ("path", name): caller and caller.members["id"]}
        for collection, (*above, (name, _)) in self._items_of:
            text, store = str(arguments.get(("path", name))), self._memory.store
            items = [] if store.keyed(collection.path, text) else store.all(collection.path)
            meant = [item for item in items if str(item.value.get(collection.other_key)) == text]
            keys = [item.key for item in meant if self._belongs(item, arguments, above)]
            arguments = {**arguments, ("path", name): keys[0]} if keys else arguments
        return arguments

    # found --------------------------------------------------------------------------------------------------

    def listed(self, arguments: Arguments) -> Listed:
        """Return the items of the collection that are where the path says, read as they are looked at."""
        store, path = self._memory.store, self._collection.path
        view = store.view(path, None)
        if self._role.is_of_folder:
            folder = self._in_folder(str(arguments.get(("path", self.prefixes[-1][0]))))
            return view.ordered([item.place for _, item in folder])
        if not self.prefixes:
            return view
        here = self.parents(arguments)
        places = {
            text: parents
            for text, parents in store.parents(path).items()
            if all(parents.get(prefix, key) == key for prefix, key in here.items())
        }
        is_said = all(parents.keys() >= here.keys() for parents in places.values())
        if is_said and len(places) <= MOST_PLACES:
            return store.view(path, places)
        return view.ordered([item.place for item in view if self._belongs(item, arguments, self.prefixes)])

    def _in_folder(self, key: str) -> list[tuple[Collection, Item]]:
        """Return the items in the folder of a key, of all collections, in the order of their creation."""
        folder, store = "/".join(self._collection.item.segments), self._memory.store
        pairs = [
            (collection, item)
            for collection in self._collections
            if collection.folder == folder
            for item in store.view(collection.path, None)
            if _folder_of(item.value) == key
        ]
        return sorted(pairs, key=lambda pair: pair[1].place)

    def find(self, arguments: Arguments) -> Item | None:
        """Return the item of a path, or of a body; None if there is none."""
        collection, role = self._collection, self._role
        store = self._memory.store
        if collection.is_single:
            items = store.all(collection.path)
        else:
            key = (
                collection.key_of(self._members(arguments))
                if role.key is None
                else arguments.get(("path", role.key))
            )
            items = store.keyed(collection.path, str(key))
        return next((item for item in items if self._belongs(item, arguments, self.prefixes)), None)

    def require(self, arguments: Arguments) -> Item:
        """Return the item of a path, or of a body; raises NotFound if there is none."""
        item = self.find(arguments)
        if item is None:
            key = "" if self._role.key is None else f" {str(arguments.get(('path', self._role.key)))[:100]!r}"
            raise NotFound(f"There is no item{key} in {self._collection.path}.")
        return item

    def require_parents(self, arguments: Arguments) -> None:
        """Raise NotFound unless the items above a path are there; any is until the first one is created."""
        store = self._memory.store
        for collection, prefixes in self._parents_of:
            *above, (name, prefix) = prefixes
            key = str(arguments.get(("path", name)))
            finds = partial(store.keyed, collection.path, key), partial(store.below, prefix, key)
            there = (item for find in finds for item in find() if self._belongs(item, arguments, above))
            if store.has_counted(collection.path) and not any(True for _ in there):
                raise NotFound(f"There is no item {key[:100]!r} in {collection.path}.")

    def _belongs(self, item: Item, arguments: Arguments, prefixes: Iterable[tuple[str, str]]) -> bool:
        """Tell whether an item belongs below a path: by the path of its creation, or by its members."""
        for name, prefix in prefixes:
            argument = str(arguments.get(("path", name)))
            if prefix in item.parents:
                if item.parents[prefix] != argument:
                    return False
                continue
            member = named(item.value, name)
            value = None if member is None else item.value[member]
            keys = list(value.values()) if isinstance(value, dict) else [value]
            if value is not None and keys and argument not in map(str, keys):
                return False
        return True

    def file(self, item: Item) -> File | None:
        """Return the file that was sent with an item; None without one."""
        return file_of(self._memory.store, self._collection, item)

    def keep_file(self, value: Mapping[str, Any], arguments: Arguments, original: Item | None = None) -> None:
        """Keep the one file of a form, or that of the original, as that of an item that was written."""
        upload, store = upload_in(arguments.get(BODY)), self._memory.store
        file = sent(upload) if upload else self.file(original) if original else None
        if file is not None:
            *_, item = store.keyed(self._collection.path, str(self._collection.key_of(value)))
            keep(store, self._collection, item, file)

    # changed ------------------------------------------------------------------------------------------------

    def put_all(self, base: Any, arguments: Arguments) -> list[dict[str, Any]]:
        """Create or change an item of each element of a body, or none.

        Args:
            base: the list in the response that the contract has.
        """
        body = self._body(arguments)
        elements = body if isinstance(body, list) else [body]
        if len(elements) > MOST_TOGETHER:
            raise PayloadTooLarge(
                f"{len(elements)} items were sent; at most {MOST_TOGETHER} are stored at once."
            )
        base = base[0] if isinstance(base, list) and base else None
        with self._memory.store.together():
            return [self._put(base, {**arguments, BODY: element}) for element in elements]

    def _put(self, base: Any, arguments: Arguments) -> dict[str, Any]:
        item = None if self._role.action == "create" else self.find(arguments)
        return (
            self.create(base, arguments) if item is None else self.change(item, self.changed(item, arguments))
        )

    def create(self, base: Any, arguments: Arguments) -> dict[str, Any]:
        """Create an item; the base is the response that the contract has."""
        members = {**about_file(arguments.get(BODY)), **self._members(arguments)}
        key = None if self._role.key is None else arguments.get(("path", self._role.key))
        original = self.require(arguments) if self._role.is_copy else None
        if original is not None:
            members = {**self._values.copied(original.value), **members}
        elif key is not None:
            members = self._collection.with_key(members, key)
        item = base if self._is_whole else self._values.completed(base)
        if caller := arguments.get(CALLER):
            ids = caller.references(self._collection.schema.members)
            members, item = {**ids, **members}, {**item, **ids} if isinstance(item, dict) else item
        parents = self.parents(arguments)
        if self._collection.is_named and key is not None:
            above = str(key).rpartition("/")[0].rpartition("/")[0]
            parents = {"/".join(self._collection.item.segments): above}
        value = self._memory.add(self._values, members, parents, self._path(arguments), item)
        folder = _folder_of(value)
        if self._collection.folder and folder is not None:
            self._memory.store.keep({self._collection.folder: folder})
        self.keep_file(value, arguments, original)
        return value

    def single(self, base: Any, arguments: Arguments) -> Item:
        """Return the one item of a path, which is as the contract shows it until it is changed."""
        item = self.find(arguments)
        if item is None:
            value = self._values.initial(base)
            self._memory.store.add(self._collection.path, "", self.parents(arguments), value)
        return item or self.require(arguments)

    def changed(self, item: Item, arguments: Arguments) -> dict[str, Any]:
        """Return an item as a request changes it; raises Conflict if its JSON Patch does not apply."""
        action, body = self._role.action, self._body(arguments)
        members = {**about_file(arguments.get(BODY)), **self._members(arguments)}
        if is_patch(body):
            members, action = patched(item.value, body), "replace"
        is_part = len(self._role.shape.segments) > len(self._collection.item.segments)
        merges = action == "update" and (is_part or self._operation.method != "put")
        now = self._memory.clock.now()
        changed = self._values.changed(item.value, members, now, unsets=action == "replace", merges=merges)
        return {**changed, **self._role.sets}

    def change(self, item: Item, value: dict[str, Any]) -> dict[str, Any]:
        """Store a changed item, and return it; raises Conflict if another has its new key."""
        self._memory.change(self._collection, item, value)
        return value

    def remove(self, item: Item, collection: Collection | None = None) -> None:
        """Remove an item, those created below its path, and those in it if it is a folder."""
        collection = collection or self._collection
        self._memory.remove(collection, item)
        if collection.folder == "/".join(collection.item.segments):
            for child_collection, child in self._in_folder(item.key):
                self.remove(child, child_collection)

    def remove_all(self, arguments: Arguments) -> None:
        """Remove the items that a query, and arrays of keys in a body, choose."""
        keys = keys_in(arguments.get(BODY))
        items: Iterable[Item] = self.listed(arguments)
        is_cleared = self._operation.method == "delete"  # a POST removes what it has the keys of
        if is_cleared:
            items = self.listing.chosen(items, self.query(arguments), all_hold=True)
        for item in list(items):
            if item.key in keys or (is_cleared and not keys):
                self.remove(item)


def _items_above(
    places: list[tuple[str, str]], catalog: Catalog
) -> list[tuple[Collection, list[tuple[str, str]]]]:
    """Return the collections of the items above a path, each with the parameters up to its item's."""
    shapes = [prefix for _, prefix in places]
    return [
        (collection, places[: shapes.index("/".join(collection.item.segments)) + 1])
        for collection in catalog.above(shapes)
    ]


def _folder_of(value: Mapping[str, Any]) -> str | None:
    """Return the identifier of the folder that an item says it is in; None without one."""
    parent = value.get("parent")
    return str(parent["id"]) if isinstance(parent, dict) and "id" in parent else None


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
