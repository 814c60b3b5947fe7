"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``:
``false``, or an object with ``path``, ``role`` and ``key``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.vocabulary.members import Meaning, named
from contract_first.mock.vocabulary.words import plain

from .collection import Collection, PathShape, at_path, common, only, resource_of, shape_of
from .keys import Key, key_in, linked, names_of_key
from .marks import error_of, mark_of
from .puts import CREATION, is_part
from .roles import assign
from .schemas import OperationSchemas
from .ways import is_each, items, lists, settable

ACTIONS = ("read", "update", "replace", "update", "delete")
BY_METHOD: Final = dict(zip(("get", "patch", "put", "post", "delete"), ACTIONS, strict=True))
"""What an operation does at the path of an item."""
NAME: Final = "name"
"""The parameter and the member that have the name of an item in full, as Google's APIs have it."""
CREATING: Final = ("create", "content")
"""Segments below the path of a collection at which POST creates an item."""
CONTENT: Final = frozenset({"content", "contents", "download", "file", "media", "raw"})
"""Segments below the path of an item at which its file is."""
COPYING: Final = frozenset({"copy", "clone", "duplicate"})
"""Segments below the path of an item at which POST creates another one like it."""
WRITING: Final = frozenset({"create", "update", "replace"})
Methods = Mapping[str, Operation]


def recognize(contract: Contract) -> list[Collection]:
    """Return the collections of a contract, in the order of its paths.

    Raises:
        ContractError: an ``x-mock-collection`` is not valid, or names a collection that is not there.
    """
    return _Recognition(contract).collections()


class _Recognition:
    """The recognition of one contract's collections."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = OperationSchemas(contract)
        self._success = self._schemas.success
        self._at: dict[tuple[str, ...], dict[str, Operation]] = {}
        self._marks: dict[str, Any] = {}
        self._collections: dict[str, Collection] = {}
        for operation in contract.operations:
            mark = mark_of(operation, contract)
            if mark is not False:
                self._marks[operation.operation_id] = mark
                methods = self._at.setdefault(shape_of(operation.path).segments, {})
                methods.setdefault(operation.method, operation)
        self._linked = dict(linked(contract))

    def collections(self) -> list[Collection]:
        """Return all collections that an operation fills, or that at least two operations use."""
        for segments, methods in self._at.items():
            is_item = len(segments) > 1 and segments[-1] == "{}" and segments[-2] != "{}"
            if is_item and not self._add_named(segments):
                self._add(segments, methods)
        for segments, methods in self._at.items():
            if segments[-2:] == ("{}", "{}") and segments[:-2]:
                self._add(segments, methods)
        self._place_others()
        self._add_lists()
        self._add_singles()
        filled = [
            collection
            for collection in self._collections.values()
            if collection.is_single or collection.is_filled
        ]
        for collection in filled:
            writing = [name for name, role in collection.roles.items() if role.action in WRITING]
            operations = filter(None, map(self._contract.operation, writing))
            members = (self._schemas.settable(operation, collection) for operation in operations)
            collection.settable = frozenset().union(*members)
        return filled

    def _assign(self, collection: Collection, operation: Operation, action: str, key: str | None) -> None:
        assign(self._schemas, collection, operation, action, key)

    def _assigned(self) -> set[str]:
        return {name for collection in self._collections.values() for name in collection.roles}

    def _is_here(self, operation: Operation) -> bool:
        """Tell whether the document does not say that an operation is of no collection, or of another."""
        return "role" not in self._marks.get(operation.operation_id, {"role": None})

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
        collection = self._collections.setdefault(
            path, Collection(path, shape, item.path, resource, key.name, key.schema, key.holder)
        )
        for method, operation in methods.items():
            if method in BY_METHOD and self._is_here(operation):
                bodies = self._schemas.bodies(operation)
                changes = "patch" not in methods and is_part(
                    operation, bodies, is_created_otherwise="post" in above
                )
                action = "update" if changes else BY_METHOD[method]
                self._assign(collection, operation, action, shape_of(operation.path).names[-1])
        for operation in above.values():
            action_above = self._action_above(operation, collection)
            if action_above is not None and self._is_here(operation):
                self._assign(collection, operation, action_above, None)

    def _key(self, item: Operation, methods: Methods, above: Methods) -> Key | None:
        """Return the key of an item, by the responses of the operations on its two paths."""
        first = self._success(methods["get"]) if "get" in methods else self._listed(above)
        if "get" in methods and first is None:
            return None
        changing = [methods[method] for method in ("patch", "put", "post") if method in methods]
        creating = [above["post"]] if "post" in above else []
        others = [schema for operation in (*changing, *creating) if (schema := self._success(operation))]
        schemas = sorted(
            filter(None, (first, *others)),
            key=lambda schema: not (schema.component or (changing and schema.items.component)),
        )
        resource = resource_of(shape_of(item.path))
        marked = self._marks[item.operation_id].get("key")
        names = [marked] if marked else names_of_key(item, resource, self._linked)
        keys = []
        for schema in schemas[:1] if "get" in methods else schemas:
            levels = [
                nested.schema
                for nested in items(schema, resource)
                if not is_each(nested.way) or changing or (others and nested.way[1:])
            ]
            keys.append(key_in([*levels, only(schema)], names, item, is_made=bool(creating)))
        if not any(keys) and "put" in methods and (listed := self._listed(above)):
            keys.append(key_in([listed], names, item, is_made=True))  # what shows an item has no key
        # where no response is the item's own, what has the likeliest name is the item
        return min(filter(None, keys), key=lambda key: names.index(key.called), default=None)

    def _action_above(self, operation: Operation, collection: Collection) -> str | None:
        """Return the action of an operation on the path of a collection; None without one."""
        if operation.method == "get":
            return "list" if self._schemas.list_in(operation, collection) is not None else None
        if operation.method in {"post", "delete"}:
            return "create" if operation.method == "post" else "delete"
        if operation.method == "put" and CREATION.match(operation.operation_id):
            return "create"
        changes = plain(collection.head) in self._schemas.settable(operation, collection)
        return "update" if changes else None

    def _above(self, segments: tuple[str, ...]) -> Methods:
        """Return what a path does, where one such as ``/create`` below it may be its POST.

        That shows an object; ``/content`` takes a file.
        """
        above = self._at.get(segments, {})
        below = (self._at.get((*segments, name), {}).get("post") for name in CREATING)
        posts = (post for post in below if post is not None and self._success(post) is not None)
        post = next(posts, None)
        return {**above, "post": post} if post and "post" not in above else above

    def _listed(self, methods: Methods) -> Schema | None:
        """Return the schema of the items that a path lists; None where it lists nothing."""
        success = self._success(methods["get"]) if "get" in methods else None
        return next((element for _, element in lists(success)), None) if success else None

    # items with a name --------------------------------------------------------------------------------------

    def _add_named(self, segments: tuple[str, ...]) -> bool:
        """Add collections whose items have one path, by their names in full; return whether there are any.

        What is at that path is every collection's, whose items it shows as far as its schema has them.
        """
        shape = shape_of(next(iter(self._at[segments].values())).path)
        if shape.names[-1] != NAME:
            return False
        before = len(self._collections)
        here = [
            operation
            for operation in self._contract.operations
            if shape_of(operation.path).segments == segments
            and operation.method in BY_METHOD
            and self._is_here(operation)
        ]
        for path, methods in self._at.items():
            # ``:pause`` is no resource
            is_above = path[:-1] in {segments, segments[:-1]} and ":" not in path[-1]
            if is_above and (*path, "{}") not in self._at:
                self._add_named_at(path, methods, here, shape)
        return len(self._collections) > before

    def _add_named_at(
        self, path: tuple[str, ...], methods: Methods, here: list[Operation], shape: PathShape
    ) -> None:
        """Add the collection of a path, whose items have the path of the operations that are here.

        A POST at the path creates them, or else a PUT that is here.
        """
        listed = self._listed(methods)
        component = listed.component if listed else ""
        puts = ((put, self._success(put)) for put in here if put.method == "put" and component)
        made = (put for put, success in puts if success and component in success.components)
        creating = methods.get("post") or next(made, None)
        if creating is None or not self._is_here(creating):
            return
        created = self._success(creating)
        alike = [created, *self._schemas.bodies(creating)] if listed else map(self._success, here)
        item = listed or created
        components = {schema.component for schema in alike if schema}
        if item and NAME in item.members and item.component in components:
            above = methods.get("post") or methods["get"]
            named = Collection(above.path, shape, here[0].path, path[-1], NAME, item, is_named=True)
            self._collections[above.path] = named
            if creating is above:
                self._assign(named, creating, "create", None)
            if listed:
                self._assign(named, methods["get"], "list", None)
            for operation in here:
                self._assign(
                    named, operation, BY_METHOD[operation.method], shape_of(operation.path).names[-1]
                )

    # items without a path -----------------------------------------------------------------------------------

    def _add_lists(self) -> None:
        """Add the collections of paths whose GET and POST are in none."""
        assigned = self._assigned()
        for methods in self._at.values():
            put = methods.get("put")
            creating = put if put and CREATION.match(put.operation_id) else None
            post, get = methods.get("post", creating), methods.get("get")
            if post and get and assigned.isdisjoint({post.operation_id, get.operation_id}):
                self._add_list(post, get)

    def _add_list(self, post: Operation, get: Operation) -> None:
        """Add the collection of a path that lists what it creates, where no path has a single item."""
        content = (post.request_body or {}).get("content", {}).values()
        schemas = [self._success(post), *map(self._schemas.for_responses.in_media_type, content)]
        resource = resource_of(shape_of(post.path))
        created = [nested.schema for schema in schemas if schema for nested in items(schema, resource)]
        created += [element for body in self._schemas.bodies(post) for _, element in lists(body)]
        listed = self._success(get)
        for _, item in () if listed is None else lists(listed):
            if any(item.component in schema.components or item.node == schema.node for schema in created):
                key = next((name for name in item.members if name in Meaning.IDENTIFIER), "")
                collection = at_path(post.path, key, item)
                self._collections[post.path] = collection
                self._assign(collection, post, "create", None)
                self._assign(collection, get, "list", None)
                return

    def _add_singles(self) -> None:
        """Add the objects that a path shows, and changes by members that it mostly shows."""
        assigned = self._assigned()
        for methods in self._at.values():
            writing = [methods[method] for method in ("put", "patch") if method in methods]
            success = self._success(methods["get"]) if "get" in methods and writing else None
            names = {operation.operation_id for operation in methods.values()}
            if success is None or not assigned.isdisjoint(names):
                continue
            bodies = [schema for operation in writing for schema in self._schemas.bodies(operation)]
            members = {plain(name) for schema in bodies for name in settable(schema)}
            if 2 * len(members & set(map(plain, success.members))) > len(members):
                single = at_path(methods["get"].path, "", success, is_single=True)
                self._collections[single.path] = single
                for method, action in (("get", "read"), ("put", "replace"), ("patch", "update")):
                    if method in methods:
                        self._assign(single, methods[method], action, None)

    # other paths --------------------------------------------------------------------------------------------

    def _place_others(self) -> None:
        """Assign the operations at paths of no collection to those that are there."""
        by_component: dict[str, list[Collection]] = {}
        for collection in self._collections.values():
            for name in collection.schema.components:
                by_component.setdefault(name, []).append(collection)
        by_item = {collection.item.segments: collection for collection in self._collections.values()}
        elsewhere = self._marks.keys() - self._assigned()
        for operation in self._contract.operations:
            is_placed = operation.operation_id not in elsewhere or any(
                place(operation, by_item)
                for place in (self._place_same, self._place_part, self._place_content, self._place_children)
            )
            if not is_placed:
                if "role" in self._marks[operation.operation_id]:
                    self._place_marked(operation)
                else:
                    self._place_by_component(operation, by_component)

    def _place_marked(self, operation: Operation) -> None:
        """Assign an operation as its mark says."""
        mark, names = self._marks[operation.operation_id], shape_of(operation.path).names
        path, action = mark["path"], mark["role"]
        if path not in self._collections:
            there = ", ".join(self._collections) or "none"
            raise error_of(operation, self._contract, f"{path} is no collection; there are: {there}")
        key = names[-1] if names and action not in {"create", "list"} else None
        self._assign(self._collections[path], operation, action, key)

    def _place_by_component(self, operation: Operation, by_component: Mapping[str, list[Collection]]) -> None:
        """Assign an operation by the component that it returns."""
        shape, success = shape_of(operation.path), self._success(operation)
        if success is None:
            return
        listed = {element.component for _, element in lists(success)}
        components = success.components | only(success).components | listed
        possible = [
            collection for component in sorted(components) for collection in by_component.get(component, ())
        ]
        for collection in sorted(
            possible, key=lambda candidate: -common(candidate.item.segments, shape.segments)
        ):
            is_named = plain(shape.segments[-1]) == plain(collection.resource)
            is_list = not listed.isdisjoint(collection.schema.components)
            if (collection.schema.component in components or is_named) and self._place(
                operation, shape, collection, is_list=is_list
            ):
                return

    def _place_part(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation below an item's path if it shows or changes the item; tell whether it does."""
        shape, success = shape_of(operation.path), self._success(operation)
        whole = by_item.get(shape.segments[:-1])
        action = {"get": "read", "put": "update", "patch": "update"}.get(operation.method)
        is_changed = not self._at[shape.segments].keys().isdisjoint({"put", "patch"})
        if (
            whole is None
            or success is None
            or action is None
            or not (is_changed and whole.is_seen_in(success))
        ):
            return False
        self._assign(whole, operation, action, shape.names[-1])
        return True

    def _place_same(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation on an item by another member than its key; tell whether it is one."""
        shape = shape_of(operation.path)
        whole = by_item.get(shape.segments)
        is_same = (
            whole is not None
            and not whole.is_named
            and operation.method in BY_METHOD
            and self._is_here(operation)
            and named(whole.schema.members, shape.names[-1]) is not None
        )
        if whole is not None and is_same:
            self._assign(whole, operation, BY_METHOD[operation.method], shape.names[-1])
        return is_same

    def _place_content(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation that sends or shows the file of an item; tell whether it does."""
        shape, takes_file = shape_of(operation.path), self._schemas.takes_file
        whole = by_item.get(shape.segments[:-1])
        creating = (
            [] if whole is None else [name for name, role in whole.roles.items() if role.action == "create"]
        )
        if (
            whole is None
            or shape.segments[-1] not in CONTENT
            or not any(map(takes_file, filter(None, map(self._contract.operation, creating))))
            or not (operation.method == "get" or takes_file(operation))
        ):
            return False
        self._assign(whole, operation, "download" if operation.method == "get" else "update", shape.names[-1])
        return True

    def _place_children(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation that lists what several collections have in a folder; tell whether it does."""
        shape, success = shape_of(operation.path), self._success(operation)
        whole = by_item.get(shape.segments[:-1])
        if operation.method != "get" or whole is None or success is None:
            return False
        components = frozenset().union(*(element.components for _, element in lists(success)))
        children = [
            collection
            for collection in self._collections.values()
            if collection.schema.component
            and not collection.schema.components.isdisjoint(components)
            and "parent" in collection.schema.members
            and collection.has("create")
        ]
        if whole not in children or not children[1:]:
            return False
        self._assign(whole, operation, "list", None)
        name = operation.operation_id
        whole.roles[name] = replace(whole.roles[name], is_of_folder=True)
        for collection in children:
            collection.folder = "/".join(whole.item.segments)
        return True

    def _place(
        self, operation: Operation, shape: PathShape, collection: Collection, *, is_list: bool
    ) -> bool:
        """Assign an operation that returns a collection's component; return whether it does."""
        item, segments = collection.item.segments, shape.segments
        if is_list:
            if operation.method == "get":
                self._assign(collection, operation, "list", None)
            return operation.method == "get"
        if operation.method not in {"post", "put", "patch"}:
            return False
        if segments[: len(item)] == item and not segments[-1].endswith("s"):
            names = {prefix: name for name, prefix in shape.prefixes()}
            is_copy = operation.method == "post" and segments[-1] in COPYING
            self._assign(collection, operation, "create" if is_copy else "update", names["/".join(item)])
            if is_copy:
                role = collection.roles[operation.operation_id]
                collection.roles[operation.operation_id] = replace(role, is_copy=True)
            return True
        if operation.method == "post" and plain(segments[-1]) == plain(collection.resource):
            self._assign(collection, operation, "create", None)
            beside = self._at.get(segments, {}).get("get")
            if beside is not None and self._schemas.list_in(beside, collection) is not None:
                self._assign(collection, beside, "list", None)
            return True
        return False
