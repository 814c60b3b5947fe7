"""What a collection's items look like, by the schemas of an operation's requests and responses."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Final

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import concrete, essence, is_binary, is_json, is_xml
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, meanings_of
from contract_first.vocabulary.words import plain

from .collection import Collection, resource_of, shape_of
from .ways import EACH, Nested, are_patches, is_each, items, lists, name_at, objects, settable

PAGES: Final = frozenset({Meaning.PAGE, Meaning.OFFSET, Meaning.AFTER})
"""What members of a body mean that ask for a part of a list."""


class OperationSchemas:
    """Finds items, and lists of them, in the schemas of one contract's operations."""

    def __init__(self, contract: Contract) -> None:
        self.for_requests = contract.schemas.for_requests
        self.for_responses = contract.schemas.for_responses
        self._successes = dict[str, Schema | None]()

    def success(self, operation: Operation) -> Schema | None:
        """Return the schema of an operation's first object or array of a success, in JSON, else in XML."""
        name = operation.operation_id
        if name not in self._successes:
            self._successes[name] = next(self._schemas_of_success(operation), None)
        return self._successes[name]

    def listed(self, operation: Operation) -> set[str]:
        """Return the names of the components that are listed in an operation's response."""
        success = self.success(operation)
        return {element.component for _, element in lists(success)} if success else set()

    def _schemas_of_success(self, operation: Operation) -> Iterator[Schema]:
        created = str(HTTPStatus.CREATED.value)
        responses = sorted(operation.responses.items(), key=lambda item: item[0] != created)
        for code, response in responses:
            is_success = code.startswith("2") or (code == "default" and len(operation.responses) == 1)
            for is_kind in (is_json, is_xml) if is_success else ():
                for name, holder in response.get("content", {}).items():
                    schema = self.for_responses.in_media_type(holder)
                    if is_kind(essence(concrete(name))) and schema.types & {"object", "array"}:
                        yield schema

    def bodies(self, operation: Operation) -> Iterator[Schema]:
        """Yield the schemas of the bodies that a request may have."""
        for holder in (operation.request_body or {}).get("content", {}).values():
            yield self.for_requests.in_media_type(holder)

    def list_in(self, operation: Operation, collection: Collection) -> Nested | None:
        """Return the way to the list in an operation's response, and the schema of its items."""
        schema = self.success(operation)
        if schema is None:
            return None
        candidates = lists(schema)
        component, resource = collection.schema.component, plain(collection.resource)

        def unlikelihood(candidate: Nested) -> tuple[bool, bool, int]:
            name = plain(name_at(candidate.way))
            is_named = resource.endswith(name) or name in Meaning.ENVELOPE
            is_same = bool(component) and component == candidate.schema.component
            return not is_same, not is_named, len(candidate.way)

        best = min(candidates, key=unlikelihood, default=None)
        is_unlikely = candidates[1:] and best and unlikelihood(best)[:2] == (True, True)
        return None if is_unlikely else best

    def item_in(self, schema: Schema, collection: Collection) -> Nested:
        """Return the way to the item in a response, and its schema; others may be beside it."""
        beside = [Nested((name,), member) for name, member in schema.properties.items()]
        head, component = collection.head, {collection.schema.component} - {""}
        for candidate in (*items(schema, collection.resource), *beside):
            if head in candidate.schema.members if head else component & candidate.schema.components:
                return candidate
        components = collection.schema.components
        listed = (
            Nested((*way, EACH), element) for way, element in lists(schema) if element.component in components
        )
        return next(listed, Nested((), schema))

    def items_in_bodies(self, operation: Operation, collection: Collection) -> Iterator[Nested]:
        """Yield where an item is in a request's body, or the operations of a JSON Patch, by media type."""
        names = set(map(plain, collection.schema.members))
        resources = (collection.resource, resource_of(shape_of(operation.path)))
        for body in self.bodies(operation):
            patches = filter(are_patches, objects(body))
            wrapped = [nested for resource in resources for nested in items(body, resource)]
            holders = [member for member in body.properties.values() if member.types & {"object", "array"}]
            alone = [nested for nested in objects(body) if nested.way] if len(holders) == 1 else []
            several = (
                nested
                for nested in wrapped
                if is_each(nested.way)
                and collection.head in nested.schema.members.keys() - body.members.keys()
            )
            alike = (
                nested for nested in (*wrapped, *alone) if names & set(map(plain, nested.schema.members))
            )
            yield next(chain(patches, several, alike), Nested((), body))

    def asks_for_keys(self, operation: Operation, collection: Collection) -> bool:
        """Tell whether a request lists keys of items, and the response those items."""
        keys = f"{plain(collection.key)}s"
        members = (name for body in self.bodies(operation) for name in body.properties)
        return keys in map(plain, members) and self.list_in(operation, collection) is not None

    def asks_for_page(self, operation: Operation) -> bool:
        """Tell whether a request asks for a part of a list in its body."""
        names = (name for body in self.bodies(operation) for name in body.properties)
        return any(not PAGES.isdisjoint(meanings_of(name)) for name in names)

    def takes_file(self, operation: Operation) -> bool:
        """Tell whether a request may be a form that has a file."""
        members = (member for body in self.bodies(operation) for member in body.properties.values())
        return any(is_binary(part) for member in members for part in member.parts)

    def settable(self, operation: Operation, collection: Collection) -> set[str]:
        """Return the members of an item, in plain spelling, that a request can set."""
        bodies = (nested for nested in self.items_in_bodies(operation, collection) if not are_patches(nested))
        return {plain(name) for nested in bodies for name in settable(nested.schema)}
