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

from openapi_contract.reading import read_document
from openapi_service.problems import Conflict, PayloadTooLarge, ServiceUnavailable

from .collection import Collection, shape_of
from .memory import Memory


class SeedError(ValueError):
    """A file with initial items cannot be used; the message says what is wrong, and where."""


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
        if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
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


def _collection(name: str, known: Mapping[str, Collection], file: Path) -> tuple[Collection, list[str]]:
    """Return the collection that a name in a file means, and the parameters of the path to it."""
    segments = shape_of(name).segments
    found = [each for each in known.values() if name in {each.path, each.resource}]
    if len(found) == 1 and len(found[0].item.names) == 1:
        return found[0], []
    for collection in known.values():
        template = shape_of(collection.path).segments
        pairs = list(zip(template, segments, strict=False))
        if len(template) == len(segments) and all(own in {"{}", given} for own, given in pairs):
            return collection, [given for own, given in pairs if own == "{}"]
    raise SeedError(
        f"{file}: {name} is not a collection of the contract; its collections: {', '.join(known) or 'none'}."
    )


def _require_stored(
    item: Mapping[str, Any], stored: Mapping[str, Any], collection: Collection, where: str
) -> None:
    """Raise SeedError unless an item has all that was given for it."""
    members = collection.schema.members
    for name, value in item.items():
        shown = stored.get(name)
        if name == collection.holder and isinstance(value, dict):  # the mock adds to it
            shown = {each: known for each, known in collection.level(stored).items() if each in value}
        if shown != value:
            schema = members.get(name)
            violations = [] if schema is None else list(schema.validator.violations(value, "item"))
            why = (
                violations[0].detail
                if violations
                else "the contract has no such member, or not together with the others"
            )
            raise SeedError(f"{where}: {name}: {why}.")
