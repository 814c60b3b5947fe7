"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``, and
a user by a line of ``[collections]``: ``false``, or an object with ``path``, ``role`` and ``key``.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import ANYTHING, Schema
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain

from . import full_names
from .collection import Collection, Role, at_path, only, resource_of, shape_of
from .keys import ItemParameter, Key
from .marks import Corrections
from .paths import BY_METHOD, CONTENT, Methods, Paths, Segments
from .puts import CREATION, is_part
from .readings import BY_PATHS, MARKED, OF_COLLECTION, OF_ITEM, OF_LIST, OF_SINGLE, Elsewhere, Reading
from .roles import assign
from .ways import is_each, items, lists, settable

WRITING: Final = frozenset({"create", "update", "replace"})


class Recognition(NamedTuple):
    """The collections of a contract.

    Attributes:
        collections: by their paths.
        roles: what operations do, by operationId, with a collection; with several of one path of items.
        readings: all that an operation may do, by operationId, the best first.
    """

    collections: Mapping[str, Collection]
    roles: Mapping[str, list[Role]]
    readings: Mapping[str, list[Reading]]

    @property
    def stored(self) -> dict[str, Collection]:
        """The collections whose items are remembered: that an operation fills, or of one object."""
        return {path: each for path, each in self.collections.items() if each.is_stored}


def recognize(
    contract: Contract, corrections: Corrections | None = None, *, least: float = OF_SINGLE
) -> Recognition:
    """Return the collections of a contract, in the order of its paths.

    Args:
        corrections: what a user says of them.
        least: score of the readings that count; `BY_PATHS` for those by paths alone, too.

    Raises:
        ContractError: a mark is not valid, or names a collection or member that is not there.
    """
    recognizer = _Recognizer(Paths(contract, corrections or Corrections()))
    recognizer.read()
    return recognizer.recognition(least)


class _Recognizer:
    """The recognition of one contract's collections."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._schemas = paths.schemas
        self._collections: dict[str, Collection] = {}
        self._readings: dict[str, list[Reading]] = {}

    def read(self) -> None:
        """Find the collections, and all that operations may do with them."""
        for segments, methods in self._paths.items():
            named = list(full_names.readings_of(self._paths, segments))
            for operation, reading in named:
                self._add(operation, reading)
            if not named:
                self._read_items(segments, methods)
        self._read_elsewhere()
        for segments, methods in self._paths.at.items():
            if not any(map(self._is_read, methods.values())):
                self._read_list(segments, methods)
                self._read_single(methods)
        for operation in self._paths.operations:
            if not self._paths.is_free(operation):
                self._read_mark(operation)

    def recognition(self, least: float) -> Recognition:
        """Return the collections, with the roles of operations by their best readings."""
        roles: dict[str, list[Role]] = {}
        readings = {
            name: sorted(candidates, key=lambda reading: -reading.score)
            for name, candidates in self._readings.items()
        }
        for operation in self._paths.operations:
            for reading in _best(readings.get(operation.operation_id, [])):
                is_here = reading.collection is self._collections[reading.collection.path]
                if is_here and reading.score >= least:
                    role = assign(self._schemas, reading, operation)
                    roles.setdefault(operation.operation_id, []).append(role)
        collections = {path: each for path, each in self._collections.items() if each.roles}
        for collection in collections.values():
            writing = [name for name, role in collection.roles.items() if role.action in WRITING]
            operations = filter(None, map(self._paths.contract.operation, writing))
            members = (self._schemas.settable(operation, collection) for operation in operations)
            collection.settable = frozenset().union(*members)
        return Recognition(collections, roles, readings)

    def _add(self, operation: Operation, reading: Reading) -> None:
        """Add a reading of what has no mark; one by paths alone gives its place to any other."""
        if reading.score < MARKED and not self._paths.is_free(operation):
            return
        collection = self._collections.setdefault(reading.collection.path, reading.collection)
        if collection.score == BY_PATHS < reading.score:
            self._collections[collection.path] = reading.collection
        self._readings.setdefault(operation.operation_id, []).append(reading)

    def _is_read(self, operation: Operation) -> bool:
        readings = self._readings.get(operation.operation_id, ())
        return any(it.score > BY_PATHS for it in readings) or not self._paths.is_free(operation)

    # items with a path --------------------------------------------------------------------------------------

    def _read_items(self, segments: Segments, methods: Methods) -> None:
        """Read the operations of an item's path, and of the collection's before it."""
        above = self._paths.above(segments[:-1])
        item = next(iter(methods.values()))
        shape = shape_of(item.path)
        resource = resource_of(shape)
        key = self._key(item, methods, above) if resource else None
        path = next((operation.path for operation in above.values()), item.path)
        path = item.path.rpartition("/")[0] if shape_of(path).segments[-1] in CONTENT else path
        if key is None and not (resource and "post" in above and "get" in methods):
            return
        anything = self._schemas.for_responses.of(ANYTHING)
        key = key or Key("", "", anything, BY_PATHS, ("by its paths alone",))
        scores = (OF_ITEM, OF_COLLECTION) if key.name else (BY_PATHS, BY_PATHS)
        collection = self._collections.setdefault(
            path, Collection(path, shape, item.path, resource, key.name, key.schema, key.holder)
        )
        collection.score, collection.reasons = key.score, key.reasons
        for method, operation in methods.items():
            if method in BY_METHOD:
                bodies = self._schemas.bodies(operation)
                changes = "patch" not in methods and is_part(
                    operation, bodies, is_created_otherwise="post" in above
                )
                action, name = "update" if changes else BY_METHOD[method], shape_of(operation.path).names[-1]
                self._add(operation, Reading(scores[0], "path of an item", collection, action, name))
        for operation in above.values():
            if action_above := self._action_above(operation, collection):
                self._add(operation, Reading(scores[1], "path of the collection", collection, action_above))

    def _key(self, item: Operation, methods: Methods, above: Methods) -> Key | None:
        """Return the key of an item, by the responses of the operations on its two paths."""
        first = self._paths.success(methods["get"]) if "get" in methods else self._paths.listed(above)
        if "get" in methods and first is None:
            return None
        changing = [methods[method] for method in ("patch", "put", "post") if method in methods]
        creating = [above["post"]] if "post" in above else []
        others = [
            schema for operation in (*changing, *creating) if (schema := self._paths.success(operation))
        ]
        schemas = sorted(
            filter(None, (first, *others)),
            key=lambda schema: not (schema.component or (changing and schema.items.component)),
        )
        resource = resource_of(shape_of(item.path))
        mark = str(self._paths.marks[item.operation_id].get("key", ""))
        parameter = ItemParameter(item, resource, mark, self._paths.linked, is_made=bool(creating))
        levels: list[list[Schema]] = [
            [
                nested.schema
                for nested in items(schema, resource)
                if not is_each(nested.way) or changing or (others and nested.way[1:])
            ]
            + [only(schema)]
            for schema in (schemas[:1] if "get" in methods else schemas)
        ]
        keys = [*filter(None, map(parameter.key_in, levels))]
        if not keys and "put" in methods and (listed := self._paths.listed(above)):
            keys = [*filter(None, [parameter.key_in([listed])])]  # what shows an item has no key
        # where no response is the item's own, what has the likeliest name is the item
        key = max(keys, key=lambda key: key.score, default=None)
        if mark and (key is None or plain(key.name) != plain(mark)):
            names = dict.fromkeys(name for level in levels for schema in level for name in schema.members)
            there = ", ".join(names) or "none"
            raise self._paths.error(item, f"key: items have no member {mark[:200]!r}; there are: {there}")
        return key

    def _action_above(self, operation: Operation, collection: Collection) -> str | None:
        """Return the action of an operation on the path of a collection; None without one."""
        if operation.method == "get":
            return "list" if self._schemas.list_in(operation, collection) is not None else None
        if operation.method == "post" and self._schemas.asks_for_keys(operation, collection):
            return "list"
        if operation.method in {"post", "delete"}:
            return "create" if operation.method == "post" else "delete"
        if operation.method == "put" and CREATION.match(operation.operation_id):
            return "create"
        changes = plain(collection.head) in self._schemas.settable(operation, collection)
        return "update" if changes else None

    # elsewhere ----------------------------------------------------------------------------------------------

    def _read_elsewhere(self) -> None:
        """Read the operations that no path of an item or a collection has."""
        creating: dict[str, list[Operation]] = {}
        for operation in self._paths.operations:
            for reading in self._readings.get(operation.operation_id, ()):
                if reading.action == "create":
                    creating.setdefault(reading.collection.path, []).append(operation)
        known = [each for each in self._collections.values() if each.key]
        elsewhere = Elsewhere(self._paths, known, creating)
        for operation in self._paths.operations:
            best = max((it.score for it in self._readings.get(operation.operation_id, ())), default=0.0)
            if best < OF_COLLECTION:
                for reading in elsewhere.readings(operation):
                    self._add(operation, reading)
                    if reading.kind == "folder":
                        elsewhere.folders(reading, operation)
                    for get, beside in elsewhere.beside(reading, operation):
                        self._add(get, beside)

    # items without a path -----------------------------------------------------------------------------------

    def _read_list(self, segments: Segments, methods: Methods) -> None:
        """Read a path that lists what it creates, where no path has a single item."""
        put = methods.get("put")
        creating = put if put and CREATION.match(put.operation_id) else None
        post, get = methods.get("post", creating), methods.get("get")
        listed = self._paths.success(get) if post and get else None
        if post is None or get is None or listed is None:
            return
        content = (post.request_body or {}).get("content", {}).values()
        schemas = [self._paths.success(post), *map(self._schemas.for_responses.in_media_type, content)]
        created = [nested.schema for schema in schemas if schema for nested in items(schema, segments[-1])]
        created += [element for body in self._schemas.bodies(post) for _, element in lists(body)]
        for _, item in lists(listed):
            if any(item.component in schema.components or item.node == schema.node for schema in created):
                key = next((name for name in item.members if name in Meaning.IDENTIFIER), "")
                collection = at_path(post.path, key, item)
                self._add(post, Reading(OF_LIST, "creates what its path lists", collection, "create"))
                self._add(get, Reading(OF_LIST, "lists what its path creates", collection, "list"))
                return

    def _read_single(self, methods: Methods) -> None:
        """Read a path that shows an object, and changes it by members that it mostly shows."""
        writing = [methods[method] for method in ("put", "patch") if method in methods]
        success = self._paths.success(methods["get"]) if "get" in methods and writing else None
        if success is None or any(map(self._is_read, methods.values())):
            return
        bodies = [schema for operation in writing for schema in self._schemas.bodies(operation)]
        members = {plain(name) for schema in bodies for name in settable(schema)}
        if 2 * len(members & set(map(plain, success.members))) > len(members):
            single = at_path(methods["get"].path, "", success, is_single=True)
            for method, action in (("get", "read"), ("put", "replace"), ("patch", "update")):
                if method in methods:
                    reason = "one object, shown and changed"
                    self._add(methods[method], Reading(OF_SINGLE, reason, single, action))

    def _read_mark(self, operation: Operation) -> None:
        """Read an operation as its mark says."""
        mark, names = self._paths.marks[operation.operation_id], shape_of(operation.path).names
        path, action = mark["path"], mark["role"]
        if path not in self._collections:
            there = ", ".join(self._collections) or "none"
            raise self._paths.error(operation, f"{path} is no collection; there are: {there}")
        key = names[-1] if names and action not in {"create", "list"} else None
        self._add(operation, Reading(MARKED, "marked", self._collections[path], action, key))


def _best(readings: list[Reading]) -> list[Reading]:
    """Return the best of sorted readings, or all that are equal because items of several have one path."""
    best = [reading for reading in readings if reading.score == readings[0].score]
    return best if best and best[0].score >= OF_COLLECTION else best[:1]
