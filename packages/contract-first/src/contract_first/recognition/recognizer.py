"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``:
``false``, or an object with ``path``, ``role`` and ``key``.
"""

from typing import Final

from contract_first.contract import Contract, Operation
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain

from .collection import Collection, at_path, only, resource_of, shape_of
from .draft import BY_METHOD, CONTENT, Draft, Methods
from .keys import Key, key_in, names_of_key
from .named import NamedItems
from .other_paths import OtherPaths
from .puts import CREATION, is_part
from .ways import is_each, items, lists, settable

CREATING: Final = ("create", "content")
"""Segments below the path of a collection at which POST creates an item."""
WRITING: Final = frozenset({"create", "update", "replace"})


def recognize(contract: Contract) -> list[Collection]:
    """Return the collections of a contract, in the order of its paths.

    Raises:
        ContractError: an ``x-mock-collection`` is not valid, or names a collection that is not there.
    """
    return _Recognition(contract).collections()


class _Recognition:
    """The recognition of one contract's collections."""

    def __init__(self, contract: Contract) -> None:
        self._draft = Draft(contract)

    def collections(self) -> list[Collection]:
        """Return all collections that an operation fills, or that at least two operations use."""
        named = NamedItems(self._draft)
        for segments, methods in self._draft.at.items():
            is_item = len(segments) > 1 and segments[-1] == "{}" and segments[-2] != "{}"
            if is_item and not named.add(segments):
                self._add(segments, methods)
        for segments, methods in self._draft.at.items():
            if segments[-2:] == ("{}", "{}") and segments[:-2]:
                self._add(segments, methods)
        OtherPaths(self._draft).place()
        self._add_lists()
        self._add_singles()
        filled = [
            collection
            for collection in self._draft.collections.values()
            if collection.is_single or collection.is_filled
        ]
        for collection in filled:
            writing = [name for name, role in collection.roles.items() if role.action in WRITING]
            operations = filter(None, map(self._draft.contract.operation, writing))
            members = (self._draft.schemas.settable(operation, collection) for operation in operations)
            collection.settable = frozenset().union(*members)
        return filled

    # items with a path --------------------------------------------------------------------------------------

    def _add(self, segments: tuple[str, ...], methods: Methods) -> None:
        """Add the collection of an item's path, with the operations of its two paths."""
        above = self._above(segments[:-1])
        item = next(iter(methods.values()))
        shape = shape_of(item.path)
        resource = resource_of(shape)
        key = self._key(item, methods, above) if resource else None
        if key is None:
            return
        path = next((operation.path for operation in above.values()), item.path)
        path = item.path.rpartition("/")[0] if shape_of(path).segments[-1] in CONTENT else path
        collection = self._draft.collections.setdefault(
            path, Collection(path, shape, item.path, resource, key.name, key.schema, key.holder)
        )
        for method, operation in methods.items():
            if method in BY_METHOD and self._draft.is_here(operation):
                bodies = self._draft.schemas.bodies(operation)
                changes = "patch" not in methods and is_part(
                    operation, bodies, is_created_otherwise="post" in above
                )
                action = "update" if changes else BY_METHOD[method]
                self._draft.assign(collection, operation, action, shape_of(operation.path).names[-1])
        for operation in above.values():
            action_above = self._action_above(operation, collection)
            if action_above is not None and self._draft.is_here(operation):
                self._draft.assign(collection, operation, action_above, None)

    def _key(self, item: Operation, methods: Methods, above: Methods) -> Key | None:
        """Return the key of an item, by the responses of the operations on its two paths."""
        first = self._draft.success(methods["get"]) if "get" in methods else self._draft.listed(above)
        if "get" in methods and first is None:
            return None
        changing = [methods[method] for method in ("patch", "put", "post") if method in methods]
        creating = [above["post"]] if "post" in above else []
        others = [
            schema for operation in (*changing, *creating) if (schema := self._draft.success(operation))
        ]
        schemas = sorted(
            filter(None, (first, *others)),
            key=lambda schema: not (schema.component or (changing and schema.items.component)),
        )
        resource = resource_of(shape_of(item.path))
        marked = self._draft.marks[item.operation_id].get("key")
        names = [marked] if marked else names_of_key(item, resource, self._draft.linked)
        keys = []
        for schema in schemas[:1] if "get" in methods else schemas:
            levels = [
                nested.schema
                for nested in items(schema, resource)
                if not is_each(nested.way) or changing or (others and nested.way[1:])
            ]
            keys.append(key_in([*levels, only(schema)], names, item, is_made=bool(creating)))
        if not any(keys) and "put" in methods and (listed := self._draft.listed(above)):
            keys.append(key_in([listed], names, item, is_made=True))  # what shows an item has no key
        # where no response is the item's own, what has the likeliest name is the item
        return min(filter(None, keys), key=lambda key: names.index(key.called), default=None)

    def _action_above(self, operation: Operation, collection: Collection) -> str | None:
        """Return the action of an operation on the path of a collection; None without one."""
        if operation.method == "get":
            return "list" if self._draft.schemas.list_in(operation, collection) is not None else None
        if operation.method == "post" and self._draft.schemas.asks_for_keys(operation, collection):
            return "list"
        if operation.method in {"post", "delete"}:
            return "create" if operation.method == "post" else "delete"
        if operation.method == "put" and CREATION.match(operation.operation_id):
            return "create"
        changes = plain(collection.head) in self._draft.schemas.settable(operation, collection)
        return "update" if changes else None

    def _above(self, segments: tuple[str, ...]) -> Methods:
        """Return what a path does, where one such as ``/create`` below it may be its POST.

        That shows an object; ``/content`` takes a file.
        """
        above = self._draft.at.get(segments, {})
        below = (self._draft.at.get((*segments, name), {}).get("post") for name in CREATING)
        posts = (post for post in below if post is not None and self._draft.success(post) is not None)
        post = next(posts, None)
        return {**above, "post": post} if post and "post" not in above else above

    # items without a path -----------------------------------------------------------------------------------

    def _add_lists(self) -> None:
        """Add the collections of paths whose GET and POST are in none."""
        assigned = self._draft.assigned()
        for methods in self._draft.at.values():
            put = methods.get("put")
            creating = put if put and CREATION.match(put.operation_id) else None
            post, get = methods.get("post", creating), methods.get("get")
            if post and get and assigned.isdisjoint({post.operation_id, get.operation_id}):
                self._add_list(post, get)

    def _add_list(self, post: Operation, get: Operation) -> None:
        """Add the collection of a path that lists what it creates, where no path has a single item."""
        content = (post.request_body or {}).get("content", {}).values()
        schemas = [self._draft.success(post), *map(self._draft.schemas.for_responses.in_media_type, content)]
        resource = resource_of(shape_of(post.path))
        created = [nested.schema for schema in schemas if schema for nested in items(schema, resource)]
        created += [element for body in self._draft.schemas.bodies(post) for _, element in lists(body)]
        listed = self._draft.success(get)
        for _, item in () if listed is None else lists(listed):
            if any(item.component in schema.components or item.node == schema.node for schema in created):
                key = next((name for name in item.members if name in Meaning.IDENTIFIER), "")
                collection = at_path(post.path, key, item)
                self._draft.collections[post.path] = collection
                self._draft.assign(collection, post, "create", None)
                self._draft.assign(collection, get, "list", None)
                return

    def _add_singles(self) -> None:
        """Add the objects that a path shows, and changes by members that it mostly shows."""
        assigned = self._draft.assigned()
        for methods in self._draft.at.values():
            writing = [methods[method] for method in ("put", "patch") if method in methods]
            success = self._draft.success(methods["get"]) if "get" in methods and writing else None
            names = {operation.operation_id for operation in methods.values()}
            if success is None or not assigned.isdisjoint(names):
                continue
            bodies = [schema for operation in writing for schema in self._draft.schemas.bodies(operation)]
            members = {plain(name) for schema in bodies for name in settable(schema)}
            if 2 * len(members & set(map(plain, success.members))) > len(members):
                single = at_path(methods["get"].path, "", success, is_single=True)
                self._draft.collections[single.path] = single
                for method, action in (("get", "read"), ("put", "replace"), ("patch", "update")):
                    if method in methods:
                        self._draft.assign(single, methods[method], action, None)
