"""Items that a mock starts with, from a file: lists of objects by the path of their collection.

    /pets:
      - {name: Rex, kind: dog}
    /repos/octocat/hello/labels:
      - {name: bug, color: d73a4a}

The last part of the path is enough where no other collection ends in it and nothing is above it: ``pets``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract_first.contract.reading.reading import read_document
from contract_first.recognition.collection import Collection, shape_of
from contract_first.service.messages.problems import Conflict, PayloadTooLarge, ServiceUnavailable

from .memory import Memory


class SeedError(ValueError):
    """A file with initial items cannot be used; the message has the defect and its place."""

    page = "stateful#initial-items-and-restarts"


def fill(file: Path | None, memory: Memory) -> None:
    """Fill a memory with the items in a file, JSON or YAML; with nothing, where there is none.

    Raises:
        ContractError: the file cannot be read.
        SeedError: it holds something else than items of the contract's collections.
    """
    if file is None:
        return
    for name, items in read_document(str(file)).items():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SeedError(f"{file}: {name} is not a list of objects.")
        where = str(file)
        try:
            collection, keys = collection_named(str(name), memory.catalog.collections)
            for number, item in enumerate(items, start=1):
                where = f"{file}: {name}, item {number}"
                add_item(memory, collection, keys, item)
        except (Conflict, PayloadTooLarge, ServiceUnavailable, SeedError) as error:
            raise SeedError(f"{where}: {error}") from None


def add_item(memory: Memory, collection: Collection, keys: Sequence[str], value: Mapping[str, Any]) -> None:
    """Store an item; members that it does not have are generated.

    Args:
        keys: of the items above it, in the order of the path.

    Raises:
        SeedError: it does not conform to the schema of its collection.
        Conflict: there is an item with its key.
        PayloadTooLarge: it is too large.
        ServiceUnavailable: there is no room for it.
    """
    named = dict(zip(collection.item.names, keys, strict=False))
    prefixes = dict(collection.item.prefixes())
    parents = {prefixes[parameter]: key for parameter, key in named.items()}
    if collection.is_single and any(item.parents == parents for item in memory.store.all(collection.path)):
        raise Conflict(f"{collection.path} is one item, and it is there: change it.")
    stored = memory.add(memory.catalog.values[collection.path], value, parents, named)
    _require_stored(value, stored, collection)


def collection_named(name: str, collections: Mapping[str, Collection]) -> tuple[Collection, list[str]]:
    """Return the collection that a name means, and the keys in it of the items above.

    Raises:
        SeedError: there is none.
    """
    segments = shape_of(name).segments
    candidates = [
        candidate for candidate in collections.values() if name in {candidate.path, candidate.resource}
    ]
    if len(candidates) == 1 and len(candidates[0].item.names) == 1:
        return candidates[0], []
    for collection in collections.values():
        template = shape_of(collection.path).segments
        pairs = list(zip(template, segments, strict=False))
        if len(template) == len(segments) and all(part in {"{}", segment} for part, segment in pairs):
            return collection, [segment for part, segment in pairs if part == "{}"]
    there = ", ".join(collections) or "none"
    raise SeedError(f"{name} is not a collection of the contract; its collections: {there}.")


def _require_stored(item: Mapping[str, Any], stored: Mapping[str, Any], collection: Collection) -> None:
    """Raise SeedError unless an item has all that was given for it."""
    members = collection.schema.members
    for name, value in item.items():
        actual = stored.get(name)
        if name == collection.holder and isinstance(value, dict):  # the mock adds to it
            actual = {key: member for key, member in collection.level(stored).items() if key in value}
        if actual != value:
            schema = members.get(name)
            violations = [] if schema is None else list(schema.validator.violations(value, "item"))
            why = (
                violations[0].detail
                if violations
                else "the contract has no such member, or not together with the others"
            )
            raise SeedError(f"{name}: {why}.")
