"""Items that recorded responses show, as a file of initial items has them (see `seeding`)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from contract_first.contract import Contract
from contract_first.contract.document.pointers import split
from contract_first.masking import Masking
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import within
from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import Conflict, PayloadTooLarge, ServiceUnavailable

from .catalog import catalog_of
from .memory import Memory
from .seeding import SeedError, add_item, collection_named

SAFE = "/:@!$&'()*+,;=~"
"""Characters of a path that stay as they are."""
Places = Mapping[str, str]
"""Keys in a path by the shape of the path up to each."""


class RecordedItems:
    """The items that responses show, each as it was seen last; those that were deleted are left out."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._memory = Memory(SystemClock())
        self._memory.catalog = catalog_of(contract)
        self._items: dict[str, dict[str, dict[str, Any]]] = {}
        self._masking = Masking(contract)

    def see(self, method: str, path: str, value: Any) -> None:
        """Take in the items of a response that succeeded.

        Args:
            path: of the request, decoded.
            value: the body as JSON; None for any other.
        """
        route = self._contract.route(method.upper(), quote(path, safe=SAFE))
        keys = route.decoded_parameters
        for role in self._memory.catalog.roles.get(route.operation_id, ()):
            if role.collection.path not in self._memory.catalog.collections:
                continue
            places = {prefix: keys[name] for name, prefix in role.shape.prefixes() if name in keys}
            if role.action == "delete":
                self._forget(role, places, keys.get(role.key or ""))
            elif role.schema is not None:
                for item in _objects(within(value, role.envelope)):
                    self._keep(role.collection, places, item, keys.get(role.key or ""))

    def document(self, report: Callable[[str], object]) -> dict[str, list[dict[str, Any]]]:
        """Return the items by the path of their collection, as far as a mock can store them.

        Args:
            report: called with a sentence for each item and member that is left out.
        """
        document: dict[str, list[dict[str, Any]]] = {}
        for path, items in self._items.items():
            for key, recorded in items.items():
                try:
                    item, wrong = self._stored(path, recorded)
                except (SeedError, Conflict, PayloadTooLarge, ServiceUnavailable) as error:
                    report(f"{path} {key} is left out: {error}")
                    continue
                document.setdefault(path, []).append(item)
                for name, reason in wrong.items():
                    report(f"{path} {key}: {name} is left out: {reason}.")
        return document

    def _stored(self, path: str, recorded: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Store an item without members that are wrong, and return it, and why each of those is."""
        collection, keys = collection_named(path, self._memory.catalog.collections)
        wrong = _wrong(collection, recorded)
        item = {name: value for name, value in recorded.items() if name not in wrong}
        add_item(self._memory, collection, keys, item)
        return item, wrong

    def end(self) -> None:
        """Release all items."""
        self._memory.end()

    def _keep(self, collection: Collection, places: Places, item: dict[str, Any], key: str | None) -> None:
        path = _path_of(collection, places, item)
        identity = collection.key_of(item, key)
        if path is None or (identity is None and not collection.is_single):
            return
        is_masked = self._masking.is_masked
        open_members = {name: value for name, value in item.items() if not is_masked(value, name)}
        before = self._items.setdefault(path, {}).get(str(identity), {})
        self._items[path][str(identity)] = {**before, **open_members}

    def _forget(self, role: Role, places: Places, key: str | None) -> None:
        path = _path_of(role.collection, places, {})
        if path is not None and key is not None:
            self._items.get(path, {}).pop(key, None)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict))


def _path_of(collection: Collection, places: Places, item: Mapping[str, Any]) -> str | None:
    """Return the path of a collection with the keys of the items above; None where one is not known."""
    path = collection.path
    for name, key in collection.keys_above(item, places):
        if key is None or "/" in str(key):
            return None
        path = path.replace(f"{{{name}}}", str(key))
    return path


def _wrong(collection: Collection, item: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with members of an item, by their name."""
    schema = collection.schema
    unknown = [] if schema.is_open else [name for name in item if name not in schema.members]
    violations = schema.validator.violations(item, "body")
    return {
        **dict.fromkeys(unknown, "the contract has no such member"),
        **{split(violation.name)[0]: violation.detail for violation in violations if violation.name},
    }
