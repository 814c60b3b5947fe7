"""The items that a contract's lists show, by its seed: a mock begins with them, with and without memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, ContractError, Operation
from contract_first.contract.schemas.schema import MISSING
from contract_first.mock.relations.relation import BODY
from contract_first.mock.responses.documented import DocumentedResponse
from contract_first.mock.responses.documents import Documents
from contract_first.mock.responses.exchange import Arguments
from contract_first.mock.responses.selection import Selection
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import placed, within
from contract_first.service.messages.problems import Problem
from contract_first.vocabulary.words import plain

from .catalog import Catalog

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
    """

    listed: Any = None
    rows: tuple[dict[str, Any], ...] = ()
    items: Mapping[str, dict[str, Any]] = {}


class SeededItems:
    """The items of collections, computed from a contract: the same for a seed, in any order of requests.

    Args:
        recognize: returns the collections of the contract; it takes its time.
        count: items that a generated list has.
    """

    def __init__(
        self, contract: Contract, documents: Documents, recognize: Callable[[], Catalog], count: int
    ) -> None:
        self._contract, self._documents, self._recognize = contract, documents, recognize
        self._count = count
        self._catalog: Catalog | None = None
        self._recognizing = asyncio.Lock()
        self._populations: dict[str, Population] = {}

    async def role(self, operation_id: str) -> Role | None:
        """Return what an operation does with a collection whose items its response shows by their keys."""
        roles = (await self._collections()).roles.get(operation_id, ())
        return next((role for role in roles if len(roles) == 1 and _is_simple(role)), None)

    async def response(
        self, role: Role, documented: DocumentedResponse, arguments: Arguments
    ) -> DocumentedResponse:
        """Return a documented response that shows the items that a request is for.

        An author's example stays, but where another item is asked for that a list shows.
        """
        population = self._populations.get(role.collection.path) or await self.population(role.collection)
        key = _key_of(role, arguments)
        key = key if key in population.items else ANY_KEY
        variant = documented.variants.get(key)
        if variant is None:
            base = await self._read(role.collection)
            variant = await asyncio.to_thread(self._made, role, documented, key, population, base)
            documented.variants[key] = variant
        return variant

    async def population(self, collection: Collection) -> Population:
        """Return the items that a collection begins with: its author's, else generated ones."""
        population = self._populations.get(collection.path)
        if population is None:
            await self._collections()
            role = self._own_list(collection)
            listed = None if role is None else await self._success(role[0])
            base = await self._read(collection)
            population = Population()
            if role is not None and listed is not None:
                population = await asyncio.to_thread(self._populated, role[1], listed, base)
            self._populations[collection.path] = population
        return population

    async def _collections(self) -> Catalog:
        async with self._recognizing:
            if self._catalog is None:
                try:
                    self._catalog = await asyncio.to_thread(self._recognize)
                except ContractError:  # without memory, a mark that is wrong has no effect
                    self._catalog = NOTHING
            return self._catalog

    def _operation(self, operation_id: str) -> Operation:
        operation = self._contract.operation(operation_id)
        assert operation is not None  # noqa: S101 -- a role of it was recognised
        return operation

    def _own_list(self, collection: Collection) -> tuple[str, Role] | None:
        """Return the operation that lists a collection, best at its own path; None without any."""
        roles = [
            (name, role)
            for name, role in collection.roles.items()
            if role.action == "list" and _is_simple(role) and self._operation(name).method == "get"
        ]
        path = collection.item.segments[:-1]
        return min(roles, key=lambda pair: pair[1].shape.segments != path, default=None)

    async def _success(self, operation_id: str) -> DocumentedResponse | None:
        """Return the documented success of an operation; None where it has none in JSON."""
        try:
            documented = await self._documents.of(self._operation(operation_id)).response(Selection(), [])
        except Problem:
            return None
        return documented if documented.schema is not None else None

    async def _read(self, collection: Collection) -> Any:
        """Return what reads of a collection show for the keys that no list shows; None without any."""
        for name, role in collection.roles.items():
            if role.action == "read" and _is_simple(role):
                documented = await self._success(name)
                return None if documented is None else within(documented.body.value, role.envelope)
        return None

    def _populated(self, role: Role, documented: DocumentedResponse, base: Any) -> Population:
        listed = within(documented.body.value, role.envelope)
        is_authored = documented.source != "generated"
        count = self._count if not is_authored or not self._count else None
        rows: dict[str, dict[str, Any]] = {}
        objects = (
            [item for item in listed[:count] if isinstance(item, dict)] if isinstance(listed, list) else []
        )
        for number, candidate in enumerate(objects):
            item = self._of_its_own_key(role.collection, candidate, number, rows)
            key = role.collection.key_of(item)
            if isinstance(key, str | int) and key != ANY_KEY:
                rows[str(key)] = item
        whole = {key: self._whole(role, item, base) for key, item in rows.items()}
        return Population(listed, tuple(rows.values()), whole)

    def _of_its_own_key(
        self, collection: Collection, item: dict[str, Any], number: int, rows: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return an item with another key, where an earlier one has its own."""
        key = collection.key_of(item)
        if str(key) not in rows:
            return item
        another = self._values(collection).another_key(key, number)
        return item if another is MISSING else collection.with_key(item, another)

    def _whole(self, role: Role, item: dict[str, Any], base: Any) -> dict[str, Any]:
        """Return an item of a list as reads show it, with the members that the list has not."""
        schema, listed = role.collection.schema, role.schema
        if listed is None or schema.component == listed.component != "" or not isinstance(base, dict):
            return item
        others = {name: member for name, member in base.items() if name not in listed.members}
        whole = self._values(role.collection).represented({**others, **item}, schema, base)
        return whole if isinstance(whole, dict) else item

    def _values(self, collection: Collection) -> Any:
        assert self._catalog is not None  # noqa: S101 -- the collection is of it
        return self._catalog.values[collection.path]

    def _made(
        self, role: Role, documented: DocumentedResponse, key: str, population: Population, base: Any
    ) -> DocumentedResponse:
        """Return a documented response with the items of a key, or of a list."""
        body, schema = documented.body.value, documented.schema
        inner, values = within(body, role.envelope), self._values(role.collection)
        is_authored = documented.source != "generated"
        if schema is None or role.schema is None:
            return documented
        if role.action == "list":
            if is_authored or not isinstance(inner, list) or population.listed is None:
                return documented
            part: Any = list(population.rows)
            if inner != population.listed:
                example = inner[0] if inner else {}
                part = [values.represented(item, role.schema, example) for item in population.items.values()]
        else:
            item = population.items.get(key, base)
            is_example = is_authored and (
                key == ANY_KEY or str(role.collection.key_of(inner if isinstance(inner, dict) else {})) == key
            )
            if is_example or not isinstance(item, dict) or not isinstance(inner, dict):
                return documented
            part = values.represented(item, role.schema, inner)
        value = placed(body, role.envelope, part)
        value = value if schema.conforms(value) else body
        return documented.with_value(value, _keys(role))


def _is_simple(role: Role) -> bool:
    """Tell whether a response shows items of one collection by the key in its path, or lists them."""
    is_other = role.is_many or role.is_copy or role.is_of_folder or role.collection.is_named
    return role.schema is not None and not is_other and role.action != "download"


def _keys(role: Role) -> dict[tuple[str, str], str]:
    """Return the member by which a path parameter identifies an item, or that the mock sets in a new one."""
    collection, key = role.collection, role.collection.key
    is_new = role.action == "create" and plain(key) not in collection.settable
    is_there = key and not collection.holder and (role.key is not None or is_new)
    return {("path", role.key or ""): key} if is_there else {}


def _key_of(role: Role, arguments: Arguments) -> str:
    """Return the key of the item that a request is for, in its path or its body."""
    body = arguments.get(BODY)
    if role.key is not None:
        key = arguments.get(("path", role.key))
    elif role.action in CHANGING and isinstance(body, dict):
        key = role.collection.key_of(body)
    else:
        key = None
    return ANY_KEY if key is None else str(key)
