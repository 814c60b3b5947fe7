"""What is created is there, as it was sent, until it is deleted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import quote, urljoin

import httpx2
from schemathesis import Case

from contract_first.check.target import Target
from contract_first.contract import Operation

from .check import CheckFailure, NothingToCheck, RunCheck, json_of, object_of
from .security_alternatives import WITHOUT_A_HANDLER

ITEM: Final = re.compile(r"(.*)/\{([^{}/]+)\}")
"""The path of an item: that of its collection, and a parameter."""
WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
IDEMPOTENCY_KEY: Final = "idempotency-key"
Members = dict[str, Any]


@dataclass
class Collection:
    """The operations of a path to which things are posted, and of the path of one, by their methods."""

    create: Operation
    parameter: str = ""
    list: Operation | None = None
    item: dict[str, Operation] = field(default_factory=dict)

    def key_of(self, thing: dict[str, Any]) -> str | None:
        """Return what identifies a thing in the item's path; None if no member does."""
        last = WORD.split(self.parameter)[-1].lower()
        values = (thing.get(name) for name in (self.parameter, last, "id"))
        return next((str(value) for value in values if isinstance(value, str | int)), None)


class StoredThings(RunCheck):
    """Creates two things in each collection, reads, changes and lists one, and deletes both."""

    name = "stored_things"
    sentence = "What is created is there, as it was sent, until it is deleted."
    rules: ClassVar[dict[str, str]] = {
        "there": "what a POST created, a GET of its id shows, each time with that id",
        "same": "what a POST, PUT or PATCH was sent and confirmed, a GET shows",
        "ids": "two things that are created have two ids",
        "location": "the Location of what was created leads to it",
        "etag": "HEAD has the ETag of GET",
        "list": "a list shows what was created, as a GET does",
        "gone": "what was deleted is not there any more",
    }
    source = "RFC 9110, section 9.3"
    _is_made = False

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that nothing may be created, or that there is no collection, if so."""
        if target.read_only:
            return "creating things is not read-only"
        return "" if list(_collections(target.operations)) else "the contract has no collection"

    def run(self) -> Iterator[CheckFailure]:
        """Yield what is wrong with each collection."""
        for collection in _collections(self.samples.drawable(self.target.operations)):
            yield from self.whole(self._try(collection))
        if not self._is_made:
            raise NothingToCheck("nothing with an id was created")

    def _try(self, collection: Collection) -> Iterator[CheckFailure]:
        case = self._case(collection.create)
        created = [self._send(self._case(collection.create)) for _ in range(2)]
        things = [object_of(response.content) or {} for response in created]
        keys = [collection.key_of(thing) for thing in things]
        label, key = collection.create.label, keys[0]
        if created[0].headers.get("X-Mock-Answer") in WITHOUT_A_HANDLER:
            self.note("there: untried, the server is a mock that stores nothing")
            return
        if created[0].status_code != HTTPStatus.CREATED or key is None:
            self.note(f"{label}: untried, it created nothing with an id")
            return
        self._is_made = True
        is_chosen = key in map(str, _sent(case).values())
        if keys[0] == keys[1] and created[1].status_code == HTTPStatus.CREATED and not is_chosen:
            yield self.failure("ids", f"two things that were created have the id {key}", label, created[1])
        yield from self._try_location(collection, created[0], key)
        yield from self._try_item(collection, key, _confirmed(case, things[0]))
        if deletion := collection.item.get("delete"):
            for other in dict.fromkeys(filter(None, keys)):
                yield from self._try_deletion(collection, deletion, other)

    def _try_item(
        self, collection: Collection, key: str, confirmed: dict[str, Any]
    ) -> Iterator[CheckFailure]:
        read = collection.item["get"]
        response = self._send(self._case(read, collection, key))
        thing = object_of(response.content)
        if not response.is_success or thing is None:
            message = f"what was just created with the id {key} gets {response.status_code}"
            yield self.failure("there", message, read.label, response)
            return
        again = self._send(self._case(read, collection, key))
        for reading in (response, again):
            if (other := collection.key_of(object_of(reading.content) or {})) not in (None, key):
                yield self.failure(
                    "there", f"the thing with the id {key} shows the id {other}", read.label, reading
                )
        yield from self._compare("same", read, confirmed, thing, response)
        yield from self._try_etag(collection, key, response, again)
        yield from self._try_list(collection, key, confirmed)
        for method in ("put", "patch"):
            if method in collection.item:
                case = _altered(self._case(collection.item[method], collection, key))
                changed = self._send(case)
                if changed.status_code in (HTTPStatus.OK, HTTPStatus.CREATED):
                    now = self._send(self._case(read, collection, key))
                    confirmed = _confirmed(case, object_of(changed.content) or {})
                    operation = collection.item[method]
                    yield from self._compare("same", operation, confirmed, object_of(now.content) or {}, now)

    def _compare(
        self,
        rule: str,
        operation: Operation,
        expected: dict[str, Any],
        thing: dict[str, Any],
        response: httpx2.Response,
    ) -> Iterator[CheckFailure]:
        for name, value in expected.items():
            if name not in thing or thing[name] != value:
                got = repr(thing[name]) if name in thing else "nothing"
                message = f"{name} was confirmed as {value!r}, and is {got}"
                yield self.failure(rule, message, operation.label, response)
                return

    def _try_location(
        self, collection: Collection, created: httpx2.Response, key: str
    ) -> Iterator[CheckFailure]:
        location = urljoin(str(created.request.url), created.headers.get("location", ""))
        if "location" not in created.headers or not location.startswith(f"{self.target.url}/"):
            return
        response = self.target.client.get(location, headers=self.target.headers)
        other = collection.key_of(object_of(response.content) or {})
        if not response.is_success or other not in (None, key):
            target = f"a thing with the id {other}" if response.is_success else response.status_code
            message = f"the Location of the thing with the id {key} leads to {target}"
            yield self.failure("location", message, collection.create.label, response)

    def _try_etag(
        self, collection: Collection, key: str, get: httpx2.Response, again: httpx2.Response
    ) -> Iterator[CheckFailure]:
        tag = get.headers.get("etag")
        if tag is None or again.headers.get("etag") != tag:
            return
        read = collection.item["get"]
        head = self.samples.send(self._case(read, collection, key), self.target.headers, method="HEAD")
        if head.is_success and head.headers.get("etag") != tag:
            message = f"HEAD has the ETag {head.headers.get('etag')}, GET {tag}"
            yield self.failure("etag", message, read.label, head)

    def _try_list(
        self, collection: Collection, key: str, confirmed: dict[str, Any]
    ) -> Iterator[CheckFailure]:
        if collection.list is None:
            return
        response = self._send(self._case(collection.list))
        value = json_of(response.content)
        arrays = [value, *(value.values() if isinstance(value, dict) else ())]
        items = next((array for array in arrays if isinstance(array, list)), None)
        if not response.is_success or items is None:
            return
        if not items:
            yield self.failure("list", "the list is empty after a creation", collection.list.label, response)
        for item in items:
            if isinstance(item, dict) and collection.key_of(item) == key:
                listed = {name: value for name, value in confirmed.items() if name in item}
                yield from self._compare("list", collection.list, listed, item, response)

    def _try_deletion(self, collection: Collection, deletion: Operation, key: str) -> Iterator[CheckFailure]:
        response = self._send(self._case(deletion, collection, key))
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return
        read = self._send(self._case(collection.item["get"], collection, key))
        if read.is_success:
            message = f"what was deleted with the id {key} gets {read.status_code}"
            yield self.failure("gone", message, deletion.label, read)

    def _case(self, operation: Operation, collection: Collection | None = None, key: str = "") -> Case[Any]:
        path = {collection.parameter: quote(key, safe="")} if collection else {}
        case = self.samples.draw(operation, **path)
        for name in [name for name in case.headers if name.lower() == IDEMPOTENCY_KEY]:
            case.headers[name] = str(uuid.uuid4())
        return case

    def _send(self, case: Case[Any]) -> httpx2.Response:
        return self.samples.send(case, self.target.headers)


def _collections(operations: tuple[Operation, ...] | list[Operation]) -> Iterator[Collection]:
    """Yield the collections at the contract's top: what can be created there, and read by an id."""
    collections = {
        operation.path: Collection(operation)
        for operation in operations
        if operation.method == "post" and "{" not in operation.path
    }
    for operation in operations:
        if operation.method == "get" and operation.path in collections:
            collections[operation.path].list = operation
        elif (match := ITEM.fullmatch(operation.path)) and match[1] in collections:
            collections[match[1]].parameter = match[2]
            collections[match[1]].item[operation.method] = operation
    yield from (collection for collection in collections.values() if "get" in collection.item)


def _sent(case: Case[Any]) -> dict[str, Any]:
    return case.body if isinstance(case.body, dict) else {}


def _altered(case: Case[Any]) -> Case[Any]:
    """Return a request with other texts in its body; it may be refused, and then shows nothing."""
    if body := _sent(case):
        case.body = {name: f"{value}b" if isinstance(value, str) else value for name, value in body.items()}
    return case


def _confirmed(case: Case[Any], thing: dict[str, Any]) -> dict[str, Any]:
    """Return the members that were sent and that the response shows as they were sent."""
    return {name: value for name, value in _sent(case).items() if name in thing and thing[name] == value}
