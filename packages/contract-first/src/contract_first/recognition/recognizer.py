"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``, and
a user by a line of ``[collections]``: ``false``, or an object with ``path``, ``role`` and ``key``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import ANYTHING
from contract_first.vocabulary.words import words_of

from .collection import Collection, Role, resource_of, shape_of
from .full_names import collections_at
from .keys import LEAST, Key, key_at
from .marks import Corrections, Mark
from .pathless import list_at, single_at
from .paths import CONTENT, Methods, Paths, Segments
from .readings import BY_PATHS, MARKED, OF_COLLECTION, OF_SINGLE, Reader, Reading, Row
from .roles import assign

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
        return {path: collection for path, collection in self.collections.items() if collection.is_stored}


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
        self._readings: dict[str, list[Reading]] = {
            operation.operation_id: [] for operation in paths.operations
        }
        self._collections: dict[str, Collection] = {}
        for segments, methods in paths.items():
            for collection in list(collections_at(paths, segments)) or _collections_at(
                paths, segments, methods
            ):
                if collection.key or collection.path not in self._collections:
                    self._collections[collection.path] = collection
        self._reader = Reader(paths, self._collections.values())

    def read(self) -> None:
        """Find all that operations may do with the collections, and those that they have by themselves."""
        self._read_rows(self._reader.of_paths)
        self._read_rows(self._reader.elsewhere)
        self._read_without_items(list_at)
        self._read_without_items(single_at)
        self._read_marks()

    def _read_rows(self, rows: Iterable[Row]) -> None:
        for operation in self._paths.operations:
            if self._score(operation) < OF_COLLECTION:
                for target, reading in self._reader.readings(operation, rows):
                    self._add(target, reading)

    def _read_without_items(
        self, read: Callable[[Paths, Methods], Iterable[tuple[Operation, Reading]]]
    ) -> None:
        """Add the collections whose items no path leads to, at paths of which nothing better is known."""
        for methods in self._paths.at.values():
            if max(map(self._score, methods.values())) <= BY_PATHS:
                for operation, reading in read(self._paths, methods):
                    self._add(operation, reading)

    def _read_marks(self) -> None:
        for operation in self._paths.operations:
            if not self._paths.is_free(operation):
                self._add(operation, self._marked(operation))
            mark = self._paths.marks[operation.operation_id]
            if "owner" in mark.value:
                self._named(operation.path, mark).is_callers = True

    def recognition(self, least: float) -> Recognition:
        """Return the collections, with the roles of operations by their best readings."""
        roles: dict[str, list[Role]] = {}
        for operation in self._paths.operations:
            readings = self._readings[operation.operation_id]
            readings.sort(key=lambda reading: -reading.score)
            for reading in _best(readings):
                is_here = reading.collection is self._collections[reading.collection.path]
                if is_here and reading.score >= least:
                    roles.setdefault(operation.operation_id, []).append(self._role(operation, reading))
        collections = {path: collection for path, collection in self._collections.items() if collection.roles}
        return Recognition(collections, roles, self._readings)

    def _role(self, operation: Operation, reading: Reading) -> Role:
        """Return the role of an operation, and let its collections know what it sets or holds."""
        role = assign(self._paths.schemas, reading, operation)
        if role.action in WRITING:
            role.collection.settable |= self._paths.schemas.settable(operation, role.collection)
        if role.is_of_folder:
            for child in self._reader.children(operation):
                child.folder = "/".join(reading.collection.item.segments)
        return role

    def _score(self, operation: Operation) -> float:
        """Return the score of the best reading of an operation; that of a mark, where it has one."""
        scores = [reading.score for reading in self._readings[operation.operation_id]]
        return max(scores, default=0.0) if self._paths.is_free(operation) else MARKED

    def _add(self, operation: Operation, reading: Reading) -> None:
        """Add a reading; a collection by paths alone gives its place to any other."""
        collection = self._collections.setdefault(reading.collection.path, reading.collection)
        if collection.score == BY_PATHS < reading.score:
            self._collections[collection.path] = reading.collection
        self._readings[operation.operation_id].append(reading)
        if reading.action == "create" and reading.score >= OF_COLLECTION:
            self._reader.creating.setdefault(collection.path, []).append(operation)

    def _marked(self, operation: Operation) -> Reading:
        """Return the reading of an operation that its mark says."""
        mark, names = self._paths.marks[operation.operation_id], shape_of(operation.path).names
        path, action = mark.value["path"], mark.value["role"]
        collection = self._named(path, mark)
        key = names[-1] if names and action not in {"create", "list"} else None
        return Reading(MARKED, "marked", collection, action, key)

    def _named(self, path: str, mark: Mark) -> Collection:
        """Return the collection that a mark names; raises ContractError without it."""
        if path not in self._collections:
            there = ", ".join(self._collections) or "none"
            raise mark.error(f"{path} is no collection; there are: {there}")
        return self._collections[path]


def _collections_at(paths: Paths, segments: Segments, methods: Methods) -> list[Collection]:
    """Return the collection of an item's path, if there is one: with a key, or by its paths alone."""
    above = paths.above(segments[:-1])
    item = next(iter(methods.values()))
    shape = shape_of(item.path)
    resource = resource_of(shape)
    key = (
        (key_at(paths, item, methods, above) or _key_of_any_form(paths, item, methods)) if resource else None
    )
    if key is None and not (resource and "post" in above and "get" in methods):
        return []
    anything = paths.schemas.for_responses.of(ANYTHING)
    key = key or Key("", "", anything, BY_PATHS, ("by its paths alone",))
    path = next((operation.path for operation in above.values()), item.path)
    path = item.path.rpartition("/")[0] if shape_of(path).segments[-1] in CONTENT else path
    collection = Collection(path, shape, item.path, resource, key.name, key.schema, key.holder)
    collection.score, collection.reasons = key.score, key.reasons
    return [collection]


def _key_of_any_form(paths: Paths, item: Operation, methods: Methods) -> Key | None:
    """Return the key of items of which the contract names no member: what the path's parameter is called."""
    schema = paths.success(methods["get"]) if "get" in methods else None
    if schema is None or schema.members or not schema.is_open or schema.types != {"object"}:
        return None
    name = shape_of(item.path).names[-1]
    return Key("", "id" if words_of(name)[-1:] == ("id",) else name, schema, LEAST, ("items of any form",))


def _best(readings: list[Reading]) -> list[Reading]:
    """Return the best of sorted readings, or all that are equal because items of several have one path."""
    best = [reading for reading in readings if reading.score == readings[0].score]
    return best if best and best[0].score >= OF_COLLECTION else best[:1]
