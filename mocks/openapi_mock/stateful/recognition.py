"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``:
``false``, or an object with ``path``, ``role`` and ``key``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from openapi_contract import Contract, Operation
from openapi_contract.media_types import essence, is_json, is_xml
from openapi_contract.schemas import Schema
from openapi_mock.responses.identifiers import IDS
from openapi_mock.responses.related import CREATED
from openapi_mock.responses.rendering import concrete
from openapi_mock.responses.subjects import plain

from .collection import Collection, Role, Shape, at_path, common, only, resource_of, shape_of
from .json_patch import is_of_patches
from .keys import key_in, learn_key, linked, names_of_key
from .marks import error_of, mark_of
from .places import ENVELOPES, Place, Way, is_each, item_places, lists, name_at, places, settable
from .puts import is_part

ACTIONS = ("read", "update", "replace", "update", "delete")
BY_METHOD: Final = dict(zip(("get", "patch", "put", "post", "delete"), ACTIONS, strict=True))
"""What an operation does at the path of an item."""
NAME: Final = "name"
"""The parameter and the member that have the name of an item in full, as Google's APIs have it."""
WRITING: Final = frozenset({"create", "update", "replace"})


def recognize(contract: Contract) -> list[Collection]:
    """Return the collections of a contract, in the order of its paths.

    Raises:
        ContractError: an ``x-mock-collection`` is none, or names a collection that is not there.
    """
    return _Recognition(contract).collections()


class _Recognition:
    """The recognition of one contract's collections."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.schemas.for_responses
        self._at: dict[tuple[str, ...], dict[str, Operation]] = {}
        self._marks: dict[str, Any] = {}
        for operation in contract.operations:
            mark = mark_of(operation, contract)
            if mark is not False:
                self._marks[operation.operation_id] = mark
                methods = self._at.setdefault(shape_of(operation.path).segments, {})
                methods.setdefault(operation.method, operation)
        self._linked = dict(linked(contract))
        self._successes: dict[str, Schema | None] = {}

    def collections(self) -> list[Collection]:
        """Return all collections that an operation fills, or that at least two operations use."""
        found: dict[str, Collection] = {}
        for segments, methods in self._at.items():
            is_item = len(segments) > 1 and segments[-1] == "{}" and segments[-2] != "{}"
            if is_item and not self._add_named(found, segments):
                self._add(found, segments, methods)
        for segments, methods in self._at.items():
            if segments[-2:] == ("{}", "{}") and segments[:-2]:
                self._add(found, segments, methods)
        by_component: dict[str, list[Collection]] = {}
        for each in found.values():
            for name in each.schema.components:
                by_component.setdefault(name, []).append(each)
        by_item = {each.item.segments: each for each in found.values()}
        elsewhere = self._marks.keys() - {name for each in found.values() for name in each.roles}
        for operation in self._contract.operations:
            if operation.operation_id in elsewhere and not self._place_part(operation, by_item):
                self._place_elsewhere(operation, found, by_component)
        self._add_lists(found)
        self._add_singles(found)
        kept = [each for each in found.values() if each.is_single or each.is_filled]
        for each in kept:
            writing = [name for name, role in each.roles.items() if role.action in WRITING]
            operations = filter(None, map(self._contract.operation, writing))
            each.settable = frozenset().union(*(self._settable(one, each) for one in operations))
        return kept

    # paths --------------------------------------------------------------------------------------------------

    def _add(
        self, found: dict[str, Collection], segments: tuple[str, ...], methods: dict[str, Operation]
    ) -> None:
        """Add the collection of an item's path, with what its own two paths do."""
        above = self._above(segments[:-1])
        reading = [methods[each] for each in ("patch", "put", "post") if each in methods]
        making = [above["post"]] if "post" in above else []
        shown = [schema for each in (*reading, *making) if (schema := self._success(each))]
        item = next(iter(methods.values()))
        shape = shape_of(item.path)
        resource = resource_of(shape)
        first = self._success(methods["get"]) if "get" in methods else self._listed(above)
        if not resource or ("get" in methods and first is None):
            return
        own = self._marks[item.operation_id].get("key")
        names = [own] if own else names_of_key(item, resource, self._linked)
        nodes = sorted(
            filter(None, (first, *shown)),
            key=lambda each: not (each.component or (reading and each.items.component)),
        )
        nodes = nodes[:1] if "get" in methods else nodes
        levels = [
            [
                each
                for way, each in item_places(node, resource)
                if not is_each(way) or reading or (shown and way[1:])
            ]
            + [only(node)]
            for node in nodes
        ]
        found_keys = (key_in(each, names, item, is_made=bool(making)) for each in levels if each)
        # where no response is the item's own, what has the likeliest name is the item
        key = min(filter(None, found_keys), key=lambda each: names.index(each.called), default=None)
        if key is None:
            return
        path = next((each.path for each in above.values()), item.path)
        collection = found.setdefault(
            path, Collection(path, shape, item.path, resource, key.name, key.schema, key.holder)
        )
        for method, operation in methods.items():
            if method in BY_METHOD and self._is_here(operation):
                changes = "patch" not in methods and is_part(
                    operation, self._bodies(operation), is_created_otherwise="post" in above
                )
                action = "update" if changes else BY_METHOD[method]
                self._assign(collection, operation, action, shape_of(operation.path).names[-1])
        for operation in above.values():
            done = self._action_above(operation, collection)
            if done is not None and self._is_here(operation):
                self._assign(collection, operation, done, None)

    def _action_above(self, operation: Operation, collection: Collection) -> str | None:
        """Return what an operation on the path of a collection does with it; None for nothing."""
        if operation.method == "get":
            return "list" if self._list(operation, collection) is not None else None
        known = {"post": "create", "delete": "delete"}.get(operation.method)
        changes = plain(collection.head) in self._settable(operation, collection)
        return known or ("update" if changes else None)

    def _add_named(self, found: dict[str, Collection], segments: tuple[str, ...]) -> bool:
        """Add collections whose items have one path, by their names in full; return whether there are any.

        What is at that path is every collection's, whose items it shows as far as its schema has them.
        """
        first = shape_of(next(iter(self._at[segments].values())).path)
        if first.names[-1] != NAME:
            return False
        before = len(found)
        own = [each for each in self._contract.operations if shape_of(each.path).segments == segments]
        own = [each for each in own if each.method in BY_METHOD and self._is_here(each)]
        for path, methods in self._at.items():
            post = methods.get("post")
            # ``:pause`` is no resource
            above = path[:-1] in {segments, segments[:-1]} and ":" not in path[-1]
            if post is None or not above or not self._is_here(post) or (*path, "{}") in self._at:
                continue
            listed, made = self._listed(methods), self._success(post)
            item, alike = listed or made, [made, *self._bodies(post)] if listed else map(self._success, own)
            if item and NAME in item.members and item.component in {each.component for each in alike if each}:
                named = Collection(post.path, first, own[0].path, path[-1], NAME, item, is_named=True)
                found[post.path] = named
                self._assign(named, post, "create", None)
                if listed:
                    self._assign(named, methods["get"], "list", None)
                for each in own:
                    self._assign(named, each, BY_METHOD[each.method], shape_of(each.path).names[-1])
        return len(found) > before

    def _above(self, segments: tuple[str, ...]) -> dict[str, Operation]:
        """Return what a path does, where ``/create`` below it may be its POST, if that shows an object."""
        above, creating = self._at.get(segments, {}), self._at.get((*segments, "create"), {}).get("post")
        shows = creating is not None and self._success(creating) is not None
        return {**above, "post": creating} if creating and shows and "post" not in above else above

    def _listed(self, methods: Mapping[str, Operation]) -> Schema | None:
        """Return the schema of what a path lists; None where it lists nothing."""
        success = self._success(methods["get"]) if "get" in methods else None
        return next((each for _, each in lists(success)), None) if success else None

    def _add_lists(self, found: dict[str, Collection]) -> None:
        """Add the collections of paths whose GET and POST are in none."""
        assigned = {name for each in found.values() for name in each.roles}
        for methods in self._at.values():
            post, get = methods.get("post"), methods.get("get")
            if post and get and assigned.isdisjoint({post.operation_id, get.operation_id}):
                self._add_list(found, post, get)

    def _add_list(self, found: dict[str, Collection], post: Operation, get: Operation) -> None:
        """Add the collection of a path that lists what it creates, where no path leads to an item."""
        content = (post.request_body or {}).get("content", {}).values()
        schemas = [self._success(post), *map(self._schemas.in_media_type, content)]
        resource = resource_of(shape_of(post.path))
        made = [made for each in schemas if each is not None for _, made in item_places(each, resource)]
        listed = self._success(get)
        for _, items in () if listed is None else lists(listed):
            if any(items.component in each.components or items.node == each.node for each in made):
                key = next((name for name in items.members if plain(name) in IDS), "")
                collection = at_path(post.path, key, items)
                found[post.path] = collection
                self._assign(collection, post, "create", None)
                self._assign(collection, get, "list", None)
                return

    def _add_singles(self, found: dict[str, Collection]) -> None:
        """Add the objects that a path shows, and changes by members that it mostly shows."""
        assigned = {name for each in found.values() for name in each.roles}
        for methods in self._at.values():
            writing = [methods[each] for each in ("put", "patch") if each in methods]
            shown = self._success(methods["get"]) if "get" in methods and writing else None
            if shown is None or not assigned.isdisjoint(each.operation_id for each in methods.values()):
                continue
            bodies = [schema for each in writing for schema in self._bodies(each)]
            sent = {plain(name) for each in bodies for name in settable(each)}
            if 2 * len(sent & set(map(plain, shown.members))) > len(sent):
                single = at_path(methods["get"].path, "", shown, is_single=True)
                found[single.path] = single
                for method, action in (("get", "read"), ("put", "replace"), ("patch", "update")):
                    if method in methods:
                        self._assign(single, methods[method], action, None)

    def _place_elsewhere(
        self,
        operation: Operation,
        found: Mapping[str, Collection],
        by_component: Mapping[str, list[Collection]],
    ) -> None:
        """Assign an operation at another path by its mark, or by the component that it returns."""
        mark, shape = self._marks[operation.operation_id], shape_of(operation.path)
        if "role" in mark:
            if mark["path"] not in found:
                there = ", ".join(found) or "none"
                raise error_of(
                    operation, self._contract, f"{mark['path']} is no collection; there are: {there}"
                )
            is_one = mark["role"] not in {"create", "list"}
            key = shape.names[-1] if is_one and shape.names else None
            self._assign(found[mark["path"]], operation, mark["role"], key)
            return
        success = self._success(operation)
        if success is None:
            return
        listed = {items.component for _, items in lists(success)}
        names = success.components | only(success).components | listed
        possible = [each for name in sorted(names) for each in by_component.get(name, ())]
        for each in sorted(possible, key=lambda each: -common(each.item.segments, shape.segments)):
            is_same = each.schema.component in names or plain(shape.segments[-1]) == plain(each.resource)
            is_list = not listed.isdisjoint(each.schema.components)
            if is_same and self._place(operation, shape, each, is_list=is_list):
                return

    def _place_part(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign what shows or changes an item below its path, as ``/status``; return whether it does."""
        shape, shown = shape_of(operation.path), self._success(operation)
        whole = by_item.get(shape.segments[:-1])
        action = {"get": "read", "put": "update", "patch": "update"}.get(operation.method)
        is_changed = not self._at[shape.segments].keys().isdisjoint({"put", "patch"})
        if whole is None or shown is None or action is None or not (is_changed and whole.is_seen_in(shown)):
            return False
        self._assign(whole, operation, action, shape.names[-1])
        return True

    def _place(self, operation: Operation, shape: Shape, collection: Collection, *, is_list: bool) -> bool:
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
            self._assign(collection, operation, "update", names["/".join(item)])
            return True
        if operation.method == "post" and plain(segments[-1]) == plain(collection.resource):
            self._assign(collection, operation, "create", None)
            beside = self._at.get(segments, {}).get("get")
            if beside is not None and self._list(beside, collection) is not None:
                self._assign(collection, beside, "list", None)
            return True
        return False

    def _assign(
        self,
        collection: Collection,
        operation: Operation,
        action: str,
        key: str | None,
    ) -> None:
        envelope: Way = ()
        schema = self._success(operation)
        sent, body = next(self._sent(operation, collection), ((), schema))
        is_many = key is None and is_each(sent) and not is_of_patches(sent, body)
        listed = self._list(operation, collection) if is_many or action == "list" else None
        if listed is not None or action == "list":
            envelope, schema = listed or ((), None)
        elif schema is not None:
            envelope, schema = _unwrapped(schema, collection)
        is_cleared = action == operation.method == "delete" and key is None
        is_many = is_cleared or (is_many and listed is not None)
        shape = shape_of(operation.path)
        role = Role(collection, action, shape, envelope, schema, key, sent, is_many)
        collection.roles[operation.operation_id] = role
        shown = schema.members if schema and not collection.holder else {}
        for each in operation.parameters:
            if each["in"] == "path" and each["name"] == key:
                learn_key(collection, each, self._schemas.in_media_type(each))
        collection.key_schemas += [shown[collection.key]] if collection.key in shown else []

    # schemas ------------------------------------------------------------------------------------------------

    def _success(self, operation: Operation) -> Schema | None:
        """Return the schema of an operation's first object or array of a success, in JSON, else in XML."""
        name = operation.operation_id
        if name not in self._successes:
            self._successes[name] = next(self._schemas_of_success(operation), None)
        return self._successes[name]

    def _schemas_of_success(self, operation: Operation) -> Iterator[Schema]:
        for code, response in sorted(operation.responses.items(), key=lambda each: each[0] != str(CREATED)):
            is_success = code.startswith("2") or (code == "default" and len(operation.responses) == 1)
            for is_kind in (is_json, is_xml) if is_success else ():
                for name, holder in response.get("content", {}).items():
                    schema = self._schemas.in_media_type(holder)
                    if is_kind(essence(concrete(name))) and schema.types & {"object", "array"}:
                        yield schema

    def _list(self, operation: Operation, collection: Collection) -> Place | None:
        """Return the way to the list in an operation's response, and the schema of its items."""
        schema = self._success(operation)
        if schema is None:
            return None
        found = lists(schema)
        own = collection.schema.component
        order = {"", *ENVELOPES, plain(collection.resource)}

        def likelihood(each: Place) -> tuple[bool, bool, int]:
            envelope, items = each
            is_named = plain(name_at(envelope)) in order
            return not (own and own == items.component), not is_named, len(envelope)

        best = min(found, key=likelihood, default=None)
        if best is None or (len(found) > 1 and likelihood(best)[:2] == (True, True)):
            return None
        known = collection.schema.members.keys()
        alternatives = (each for each in found if each[0] == best[0])
        return min(alternatives, key=lambda each: len(known ^ each[1].members.keys()))

    def _bodies(self, operation: Operation) -> Iterator[Schema]:
        """Yield the schemas of the bodies that a request may have."""
        for holder in (operation.request_body or {}).get("content", {}).values():
            yield self._contract.schemas.for_requests.in_media_type(holder)

    def _sent(self, operation: Operation, collection: Collection) -> Iterator[Place]:
        """Yield where an item is in a request's body, or the operations of a JSON Patch, by media type."""
        known = set(map(plain, collection.schema.members))
        for body in self._bodies(operation):
            patches = (each for each in places(body) if is_of_patches(*each))
            called = (collection.resource, resource_of(shape_of(operation.path)))
            wrapped = [place for each in called for place in item_places(body, each)]
            only = (each for each in places(body) if each[0] and len(body.properties) == 1)
            found = (*wrapped, *only)
            items = (each for each in found if known & set(map(plain, each[1].members)))
            yield next(patches, None) or next(items, ((), body))

    def _settable(self, operation: Operation, collection: Collection) -> set[str]:
        """Return the members of an item, in plain spelling, that a request can set."""
        schemas = [
            schema for way, schema in self._sent(operation, collection) if not is_of_patches(way, schema)
        ]
        return {plain(name) for each in schemas for name in settable(each)}

    def _is_here(self, operation: Operation) -> bool:
        """Tell whether the document does not say that an operation is of no collection, or of another."""
        return "role" not in self._marks.get(operation.operation_id, {"role": None})


def _unwrapped(schema: Schema, collection: Collection) -> tuple[Way, Schema]:
    """Return the way to the item in a response, and its schema; others may be beside it."""
    beside = [((name,), each) for name, each in schema.properties.items()]
    found = [*item_places(schema, collection.resource), *beside]
    head, own = collection.head, {collection.schema.component} - {""}
    items = (each for each in found if (head in each[1].members if head else own & each[1].components))
    return next(items, ((), schema))
