"""The items that a contract's lists show, by its seed: a mock begins with them, with and without memory."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, ContractError, Operation
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.mock.responses.documented import DocumentedResponse, DocumentedResponses
from contract_first.mock.responses.exchange import Arguments
from contract_first.mock.responses.selection import Selection
from contract_first.mock.shape.fields import BODY
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import placed, within
from contract_first.service.messages.problems import Problem
from contract_first.vocabulary.members import identifiers_of
from contract_first.vocabulary.words import plain

from .catalog import Catalog
from .values import Values

ANY_KEY: Final = ""
"""Stands for the keys that no list shows."""
NOTHING: Final = Catalog({}, {}, {})
CHANGING: Final = frozenset({"update", "replace", "delete"})


class Population(NamedTuple):
    """The items that a collection begins with.

    Attributes:
        listed: the list in the response of the operation that lists them.
        rows: its items, each with a key of its own.
        items: the same as reads show them, by key.
        other: what reads show for the keys that no list shows; None without any.
    """

    listed: Any = None
    rows: tuple[dict[str, Any], ...] = ()
    items: Mapping[str, dict[str, Any]] = {}
    other: Any = None


class SeededItems:
    """The items of collections, computed from a contract: the same for a seed, in any order of requests.

    Args:
        document: returns the documented responses of an operation.
        recognize: returns the collections of the contract, the same each time; it takes its time.
        count: items that a generated list has.
    """

    def __init__(
        self,
        contract: Contract,
        document: Callable[[Operation], DocumentedResponses],
        recognize: Callable[[], Catalog],
        count: int,
    ) -> None:
        self._contract, self._document, self._recognize, self._count = contract, document, recognize, count
        self._documented: dict[str, DocumentedResponses] = {}
        self._catalog: Catalog | None = None
        self._populations: dict[str, Population] = {}

    def documented(self, operation: Operation) -> DocumentedResponses:
        """Return the documented responses of an operation, which are made once."""
        name = operation.operation_id
        if name not in self._documented:
            self._documented[name] = self._document(operation)
        return self._documented[name]

    async def shown(
        self, operation: Operation, documented: DocumentedResponse, arguments: Arguments
    ) -> DocumentedResponse:
        """Return a documented response that shows the items that a request is for.

        An author's example stays, but where another item is asked for that a list shows.
        """
        roles = (await self._collections()).roles.get(operation.operation_id, ())
        if len(roles) != 1 or not _is_simple(roles[0]):
            return documented
        population = await self.population(roles[0].collection)
        key = _key_of(roles[0], arguments)
        key = key if key in population.items else ANY_KEY
        variant = documented.variants.get(key)
        if variant is None:
            variant = await asyncio.to_thread(self._made, roles[0], documented, key, population)
            documented.variants[key] = variant
        return variant

    async def population(self, collection: Collection) -> Population:
        """Return the items that a collection begins with: its author's, else generated ones."""
        population = self._populations.get(collection.path)
        if population is None:
            await self._collections()
            lists, reads = await self._shown(collection, "list"), await self._shown(collection, "read")
            other = within(reads[1].body.value, reads[0].envelope) if reads else None
            population = Population(other=other)
            if lists:
                references = await self._references(collection) if lists[1].source == "generated" else {}
                population = await asyncio.to_thread(self._populated, *lists, other, references)
            self._populations[collection.path] = population
        return population

    async def _references(self, collection: Collection) -> dict[str, list[Any]]:
        """Return the keys of other collections' items, by the members that have one: ``ownerId``."""
        references: dict[str, list[Any]] = {}
        for values in (await self._collections()).values.values():
            other, ids = values.collection, identifiers_of(values.collection.resource)
            names = [
                name for name in collection.schema.members if name != collection.key and plain(name) in ids
            ]
            if names and other is not collection and not other.item.names[1:]:
                lists = await self._shown(other, "list")
                rows = await asyncio.to_thread(self._rows, *lists) if lists else {}
                keys = [other.key_of(row) for row in rows.values()]
                references |= dict.fromkeys(names if keys else (), keys)
        return references

    async def _collections(self) -> Catalog:
        if self._catalog is None:
            try:
                self._catalog = await asyncio.to_thread(self._recognize)
            except ContractError:  # without memory, a mark that is wrong has no effect
                self._catalog = NOTHING
        return self._catalog

    async def _shown(self, collection: Collection, action: str) -> tuple[Role, DocumentedResponse] | None:
        """Return the role of what lists or reads a collection, best at its own path, and its success."""
        path = collection.item.segments[: -1 if action == "list" else None]
        for name, role in sorted(collection.roles.items(), key=lambda pair: pair[1].shape.segments != path):
            operation = self._contract.operation(name)
            if role.action == action and _is_simple(role) and operation and operation.method == "get":
                with suppress(Problem):
                    return role, await self.documented(operation).response(Selection())
        return None

    def _populated(
        self, role: Role, documented: DocumentedResponse, other: Any, references: Mapping[str, list[Any]]
    ) -> Population:
        rows, whole = self._rows(role, documented), {}
        for number, (key, row) in enumerate(rows.items()):
            keys = {name: keys[number % len(keys)] for name, keys in references.items()}
            rows[key] = _referring(row, role.schema, keys)
            item = self._whole(role, rows[key], other)
            whole[key] = _referring(item, role.collection.schema, keys)
        listed = within(documented.body.value, role.envelope)
        return Population(listed, tuple(rows.values()), whole, other)

    def _rows(self, role: Role, documented: DocumentedResponse) -> dict[str, dict[str, Any]]:
        """Return the items of a list by their keys, which differ."""
        listed, collection = within(documented.body.value, role.envelope), role.collection
        count = self._count if documented.source == "generated" or not self._count else None
        items = listed[:count] if isinstance(listed, list) else []
        rows: dict[str, dict[str, Any]] = {}
        for number, item in enumerate(item for item in items if isinstance(item, dict)):
            key, row = collection.key_of(item), item
            another = self._values(collection).another_key(key, number) if str(key) in rows else MISSING
            if another is not MISSING:
                key, row = another, collection.with_key(item, another)
            if isinstance(key, str | int) and key != ANY_KEY:
                rows[str(key)] = row
        return rows

    def _whole(self, role: Role, item: dict[str, Any], other: Any) -> dict[str, Any]:
        """Return an item of a list as reads show it, with the members that the list has not."""
        schema, listed = role.collection.schema, role.schema
        if listed is None or schema.component == listed.component != "" or not isinstance(other, dict):
            return item
        others = {name: member for name, member in other.items() if name not in listed.members}
        whole = self._values(role.collection).represented({**others, **item}, schema, other)
        return whole if isinstance(whole, dict) else item

    def _values(self, collection: Collection) -> Values:
        assert self._catalog is not None  # noqa: S101 -- the collection is of it
        return self._catalog.values[collection.path]

    def _made(
        self, role: Role, documented: DocumentedResponse, key: str, population: Population
    ) -> DocumentedResponse:
        """Return a documented response with the item of a key, or with those of a list."""
        body, schema, collection = documented.body.value, documented.schema, role.collection
        if schema is None or role.schema is None:
            return documented
        if role.action == "list":
            part, other = self._list_made(role, role.schema, documented, population)
        else:
            part, other = self._item_made(role, role.schema, documented, key, population), population.other
        if part is None:
            return documented
        value = placed(body, role.envelope, part)
        is_new = role.action == "create" and plain(collection.key) not in collection.settable
        has_key = collection.key and not collection.holder and (role.key is not None or is_new)
        keys = {("path", role.key or ""): collection.key} if has_key else {}
        return documented.with_value(value if schema.takes(value, body) else body, keys=keys, other=other)

    def _list_made(
        self, role: Role, schema: Schema, documented: DocumentedResponse, population: Population
    ) -> tuple[list[Any] | None, Any]:
        """Return the items of a list, None where an author's list stays, and the item of other keys."""
        listed, represented = (
            within(documented.body.value, role.envelope),
            self._values(role.collection).represented,
        )
        if not isinstance(listed, list) or population.listed is None or documented.source != "generated":
            return None, population.other
        example = listed[0] if listed else {}
        other = population.other and represented(population.other, schema, example)
        if listed == population.listed:
            return [*population.rows], other
        return [represented(item, schema, example) for item in population.items.values()], other

    def _item_made(
        self, role: Role, schema: Schema, documented: DocumentedResponse, key: str, population: Population
    ) -> Any:
        """Return the item of a key; None without one, or where the author's example is of this key."""
        example = within(documented.body.value, role.envelope)
        if not isinstance(example, dict):
            return None
        item = population.items.get(key, population.other)
        is_authored = documented.source != "generated"
        if not isinstance(item, dict) or (
            is_authored and key in {ANY_KEY, str(role.collection.key_of(example))}
        ):
            return None
        return self._values(role.collection).represented({**item, **role.sets}, schema, example)


def _is_simple(role: Role) -> bool:
    """Tell whether a response shows items of one collection by the key in its path, or lists them."""
    is_other = role.is_many or role.is_copy or role.is_of_folder or role.collection.is_named
    return role.schema is not None and not is_other and role.action != "download"


def _referring(item: dict[str, Any], schema: Schema | None, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item whose members have these keys, where it has them and its schema allows that."""
    members = schema.members if schema else {}
    fitting = {name: key for name, key in keys.items() if name in item and members[name].conforms(key)}
    return {**item, **fitting}


def _key_of(role: Role, arguments: Arguments) -> str:
    """Return the key of the item that a request is for, in its path or its body."""
    body, key = arguments.get(BODY), arguments.get(("path", role.key or ""))
    if role.key is None and role.action in CHANGING and isinstance(body, dict):
        key = role.collection.key_of(body)
    return ANY_KEY if key is None else str(key)
