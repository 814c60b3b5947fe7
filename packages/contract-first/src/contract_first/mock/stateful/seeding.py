"""Items that a mock starts with, from a file: lists of objects by the path of their collection.

    /pets:
      - {name: Rex, kind: dog}
    /repos/octocat/hello/labels:
      - {name: bug, color: d73a4a}

The last part of the path is enough where no other collection ends in it and nothing is above it: ``pets``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_first.contract.reading.reading import read_document
from contract_first.service.messages.problems import Conflict, PayloadTooLarge, ServiceUnavailable

from .memory import Memory
from .recognition.collection import Collection, shape_of


class SeedError(ValueError):
    """A file with initial items cannot be used; the message has the defect and its place."""


def fill(file: Path | None, memory: Memory) -> None:
    """Fill a memory with the items in a file, JSON or YAML; with nothing, where there is none.

    Raises:
        ContractError: the file cannot be read.
        SeedError: it holds something else than items of the contract's collections.
    """
    if file is None:
        return
    catalog = memory.catalog
    for name, items in read_document(str(file)).items():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SeedError(f"{file}: {name} is not a list of objects.")
        collection, values = _collection(str(name), catalog.collections, file)
        named = dict(zip(collection.item.names, values, strict=False))
        prefixes = dict(collection.item.prefixes())
        parents = {prefixes[parameter]: value for parameter, value in named.items()}
        for number, item in enumerate(items, start=1):
            where = f"{file}: {name}, item {number}"
            try:
                stored = memory.add(catalog.values[collection.path], item, parents, named)
            except (Conflict, PayloadTooLarge, ServiceUnavailable) as error:
                raise SeedError(f"{where}: {error}") from None
            _require_stored(item, stored, collection, where)


def _collection(name: str, collections: Mapping[str, Collection], file: Path) -> tuple[Collection, list[str]]:
    """Return the collection that a name in a file means, and the parameters of the path to it."""
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
    raise SeedError(f"{file}: {name} is not a collection of the contract; its collections: {there}.")


def _require_stored(
    item: Mapping[str, Any], stored: Mapping[str, Any], collection: Collection, where: str
) -> None:
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
            raise SeedError(f"{where}: {name}: {why}.")
