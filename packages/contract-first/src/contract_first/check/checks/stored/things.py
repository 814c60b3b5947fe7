"""What is created is there, as it was sent, until it is deleted."""

import re
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeAlias
from urllib.parse import urljoin
from uuid import uuid4

from httpx2 import Response
from schemathesis import Case

from contract_first.check.checks.check import NothingToCheck, RunCheck, object_of
from contract_first.check.checks.security_alternatives import WITHOUT_A_HANDLER
from contract_first.check.target import Target
from contract_first.contract import Operation

from .collections import StoredCollection, collections
from .lists import Failures, Lists, follow, items_of

STALE: Final = '"an-etag-of-long-ago"'
CREATED: Final = (HTTPStatus.OK, HTTPStatus.CREATED)
CREATION: Final = re.compile(r"(created|made)(_?(at|on|time|date))?", re.IGNORECASE)
"""Members that no change changes, though a server sets them."""
IDEMPOTENCY_KEY: Final = "idempotency-key"
WRONG_TWICE: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.CREATED, HTTPStatus.UNPROCESSABLE_ENTITY)
Members: TypeAlias = dict[str, Any]


class StoredThings(RunCheck):
    """Creates two things in each collection, reads, changes and lists one, and deletes both."""

    name = "stored_things"
    sentence = "What is created is there, as it was sent, until it is deleted."
    rules: ClassVar[dict[str, str]] = {
        "there": "what a POST created, a GET of its id shows, each time with that id",
        "same": "what a POST, PUT or PATCH was sent and confirmed, a GET shows",
        "ids": "two things that are created have two ids",
        "idempotency": "the same creation sent twice with one Idempotency-Key makes one thing",
        "location": "the Location of what was created leads to it",
        "partial": "what a PATCH does not name stays as it was",
        "default": "a member that was not sent has its default",
        "etag": "HEAD and each GET have one ETag, which is another once the thing is changed",
        "precondition": "If-None-Match and If-Match are evaluated where the contract has 304 and 412",
        "list": "a list shows what was created, as a GET does, and once",
        "total": "the total of a list is the number of its items, and at least that of a page",
        "order": "a list has the same order each time, and the other one the other way round",
        "page": "a page has at most as many items as asked for, those that follow the page before it",
        "filter": "a filtered list has the items that match, and no others",
        "gone": "what was deleted is not there any more, all else is; to delete it again is no other error",
    }
    change = "Store what is sent, and show what is stored."
    source = "RFC 9110, section 9.3"
    _is_made = False
    _collections: list[StoredCollection]

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that nothing may be created, or that there is no collection, if so."""
        if target.read_only:
            return "creating things is not read-only"
        is_stored = any(collections(target.recognition, target.operations))
        return "" if is_stored else "the contract has no collection"

    def run(self) -> Failures:
        """Yield what is wrong with each collection."""
        drawable = self.samples.drawable(self.target.operations)
        self._collections = list(collections(self.target.recognition, drawable))
        for collection in self._collections:
            if not collection.depth:
                yield from self.whole(self._try(collection))
        if not self._is_made:
            raise NothingToCheck("nothing with an id was created")

    def _try(self, collection: StoredCollection) -> Failures:
        case = self._case(collection.create, collection)
        names = [uuid4().hex, uuid4().hex]
        created = [self._create(collection, name) for name in names]
        things = [object_of(response.content) or {} for response in created]
        keys = [collection.key_of(thing) for thing in things]
        label, key = collection.create.label, keys[0]
        if created[0].headers.get("X-Mock-Answer") in WITHOUT_A_HANDLER:
            self.note("there: untried, the server is a mock that stores nothing")
            return
        if created[0].status_code not in CREATED or key is None:
            self.note(f"{label}: untried, it created nothing with an id")
            return
        self._is_made = True
        is_chosen = key in map(str, _sent(case).values())
        if keys[0] == keys[1] and created[1].status_code in CREATED and not is_chosen:
            yield self.failure("ids", f"two things that were created have the id {key}", label, created[1])
        yield from self._try_again(collection, names[0], key)
        yield from self._try_location(collection, created[0], key)
        yield from self._try_defaults(collection, case, created[0])
        yield from self._try_item(collection, [key for key in keys if key], _confirmed(case, things[0]))
        for inner in self._collections:
            if inner.is_below(collection):
                inner.above = (*collection.above, key)
                yield from self.whole(self._try(inner))
        if deletion := collection.item.get("delete"):
            others = list(dict.fromkeys(filter(None, keys)))
            for number, other in enumerate(others, 1):
                yield from self._try_deletion(collection, deletion, other, others[number:])

    def _create(self, collection: StoredCollection, key: str) -> Response:
        """Create a thing, with an idempotency key where the contract has that header."""
        headers = dict.fromkeys(_idempotency(collection.create), key)
        return self._send(self._case(collection.create, collection), **headers)

    def _try_again(self, collection: StoredCollection, name: str, key: str) -> Failures:
        """Create a thing again with its idempotency key, as a client does that got no response."""
        if not any(_idempotency(collection.create)):
            return
        again = self._create(collection, name)
        other = collection.key_of(object_of(again.content) or {})
        if again.is_success and other not in (None, key):
            message = f"the same creation sent again made the thing {other} beside {key}"
            yield self.failure("idempotency", message, collection.create.label, again)

    def _try_item(self, collection: StoredCollection, keys: list[str], confirmed: Members) -> Failures:
        read, key = collection.item["get"], keys[0]
        response = self._send(self._case(read, collection, key))
        thing = object_of(response.content)
        if not response.is_success or thing is None:
            message = f"what was just created with the id {key} gets {response.status_code}"
            yield self.failure("there", message, read.label, response)
            return
        again = self._send(self._case(read, collection, key))
        for reading in (response, again):
            if (other := collection.key_of(object_of(reading.content) or {})) not in (None, key):
                message = f"the thing with the id {key} shows the id {other}"
                yield self.failure("there", message, read.label, reading)
        yield from self._compare("same", read, confirmed, thing, response)
        yield from self._try_etag(collection, key, response, again)
        if collection.list is not None:
            yield from Lists(self, collection, collection.list).failures(keys, thing, confirmed)
        for method in ("put", "patch"):
            if method in collection.item:
                yield from self._try_change(collection, key, method, response)

    def _try_change(self, collection: StoredCollection, key: str, method: str, before: Response) -> Failures:
        read, change = collection.item["get"], collection.item[method]
        yield from self._try_precondition(collection, change, key, before)
        old = object_of(self._send(self._case(read, collection, key)).content) or {}
        case = self._altered(change, collection, key, old if method == "patch" else None)
        changed = self._send(case)
        if not changed.is_success:
            return
        now = self._send(self._case(read, collection, key))
        thing, body = object_of(now.content) or {}, _sent(case)
        if (other := collection.key_of(thing)) not in (None, key):
            message = f"the thing with the id {key} shows the id {other} once it is changed"
            yield self.failure("there", message, change.label, now)
        yield from self._try_members(change, case, (old, thing), changed, now)
        if collection.list is not None:
            yield from Lists(self, collection, collection.list).stale(key, old, thing)
        if method == "patch":
            created = _sent(self._case(collection.create, collection))
            stored = {name for name in old if name in created or CREATION.fullmatch(name)}
            rest = {name: old[name] for name in old if name in stored - body.keys()}
            yield from self._compare("partial", change, rest, thing, now)
        tag = before.headers.get("etag")
        if tag is not None and thing != old and now.headers.get("etag") == tag:
            yield self.failure("etag", f"the ETag is {tag} as before the change", change.label, now)

    def _try_precondition(
        self, collection: StoredCollection, change: Operation, key: str, before: Response
    ) -> Failures:
        """Change a thing by an ETag that it does not have, where the contract says that this is refused."""
        if str(HTTPStatus.PRECONDITION_FAILED.value) in change.responses and "etag" in before.headers:
            stale = self._send(self._altered(change, collection, key), **{"If-Match": STALE})
            if stale.is_success:
                message = f"If-Match: {STALE}, which is not its ETag, gets {stale.status_code}"
                yield self.failure("precondition", message, change.label, stale)

    def _try_members(
        self,
        change: Operation,
        case: Case[Any],
        things: tuple[Members, Members],
        changed: Response,
        now: Response,
    ) -> Failures:
        """Compare the members that were sent with the response, and with the thing before and after."""
        (old, thing), body, representation = things, _sent(case), object_of(changed.content) or {}
        confirmed = _confirmed(case, representation)
        yield from self._compare("same", change, confirmed, thing, now)
        for name, value in body.items():
            represented = representation.get(name, value)
            if represented != value == thing.get(name, represented):
                message = f"{name} is {represented!r} in the response, and {value!r} in a GET after it"
                yield self.failure("same", message, change.label, changed)
        changes = {name for name, value in body.items() if name in old and old[name] != value}
        is_as_before = all(thing.get(name) == old[name] for name in changes)
        if changes and is_as_before and not changes & confirmed.keys():
            names = ", ".join(sorted(changes))
            message = f"{names} is as before, though the response is {changed.status_code}"
            yield self.failure("same", message, change.label, now)

    def _try_defaults(self, collection: StoredCollection, case: Case[Any], created: Response) -> Failures:
        """Compare the members that were not sent with the defaults of the request's schema."""
        thing = object_of(created.content) or {}
        for name, inner in self._properties(collection.create, case.media_type).items():
            member, _ = self.target.contract.follow(inner, "")
            if name in thing and name not in _sent(case) and isinstance(member, dict) and "default" in member:
                expected = {name: member["default"]}
                yield from self._compare("default", collection.create, expected, thing, created)

    def _properties(self, operation: Operation, media_type: str | None) -> Members:
        """Return the properties that the schema of a request's body has at its top."""
        content = (operation.request_body or {}).get("content", {}).get(media_type, {})
        node, _ = self.target.contract.follow(content.get("schema", {}), "")
        properties = node.get("properties", {}) if isinstance(node, dict) else {}
        return properties if isinstance(properties, dict) else {}

    def _compare(
        self, rule: str, operation: Operation, expected: Members, thing: Members, response: Response
    ) -> Failures:
        for name, value in expected.items():
            if name not in thing or thing[name] != value:
                got = repr(thing[name]) if name in thing else "not there"
                message = f"{name} is {got}, expected {value!r}"
                yield self.failure(rule, message, operation.label, response)
                return

    def _try_location(self, collection: StoredCollection, created: Response, key: str) -> Failures:
        location = urljoin(str(created.request.url), created.headers.get("location", ""))
        response = follow(self.target, location) if "location" in created.headers else None
        if response is None:
            return
        other = collection.key_of(object_of(response.content) or {})
        if not response.is_success or other not in (None, key):
            target = f"a thing with the id {other}" if response.is_success else response.status_code
            message = f"the Location of the thing with the id {key} leads to {target}"
            yield self.failure("location", message, collection.create.label, response)

    def _try_etag(self, collection: StoredCollection, key: str, get: Response, again: Response) -> Failures:
        tag, read = get.headers.get("etag"), collection.item["get"]
        if tag is not None and again.headers.get("etag") != tag and again.content == get.content:
            message = f"the ETag is {tag}, then {again.headers.get('etag')}, of the same body"
            yield self.failure("etag", message, read.label, again)
        if tag is None or again.headers.get("etag") != tag:
            return
        head = self.samples.send(self._case(read, collection, key), self.target.headers, method="HEAD")
        if head.is_success and head.headers.get("etag") != tag:
            message = f"HEAD has the ETag {head.headers.get('etag')}, GET {tag}"
            yield self.failure("etag", message, read.label, head)
        if str(HTTPStatus.NOT_MODIFIED.value) in read.responses:
            same = self._send(self._case(read, collection, key), **{"If-None-Match": tag})
            if same.status_code == HTTPStatus.OK and same.headers.get("etag") == tag:
                message = f"If-None-Match: {tag}, which is its ETag, gets 200"
                yield self.failure("precondition", message, read.label, same)
            other = self._send(self._case(read, collection, key), **{"If-None-Match": STALE})
            if other.status_code == HTTPStatus.NOT_MODIFIED:
                message = f"If-None-Match: {STALE}, which is not its ETag, gets 304"
                yield self.failure("precondition", message, read.label, other)

    def _try_deletion(
        self, collection: StoredCollection, deletion: Operation, key: str, others: list[str]
    ) -> Failures:
        response = self._send(self._case(deletion, collection, key))
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return
        read = self._send(self._case(collection.item["get"], collection, key))
        if read.is_success:
            message = f"what was deleted with the id {key} gets {read.status_code}"
            yield self.failure("gone", message, deletion.label, read)
        elif collection.list is not None:
            items = items_of(listed := Lists(self, collection, collection.list).ask()) or ()
            if key in map(collection.key_of, items):
                message = f"what was deleted with the id {key} is in the list"
                yield self.failure("gone", message, deletion.label, listed)
        for other in others:
            kept = self._send(self._case(collection.item["get"], collection, other))
            if kept.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                message = f"the thing with the id {other} is gone as well as that with the id {key}"
                yield self.failure("gone", message, deletion.label, kept)
        again = self._send(self._case(deletion, collection, key))
        if again.status_code in WRONG_TWICE:
            message = f"what is deleted a second time gets {again.status_code}"
            yield self.failure("gone", message, deletion.label, again)

    def _case(self, operation: Operation, collection: StoredCollection, key: str | None = None) -> Case[Any]:
        return collection.case(self.samples, operation, key)

    def _altered(
        self, operation: Operation, collection: StoredCollection, key: str, old: Members | None = None
    ) -> Case[Any]:
        """Return a change of a thing with other values, as far as the contract allows; it may be refused.

        Args:
            old: the thing as it is, of which one member is changed and sent alone; None to change all.
        """
        case = self._case(operation, collection, key)
        created = _sent(self._case(collection.create, collection))
        with suppress(LookupError, ValueError):  # the schema cannot be compiled
            content = (operation.request_body or {}).get("content", {}).get(case.media_type, {})
            is_valid = self.target.contract.schemas.of(content.get("schema", True)).validator.is_valid
            properties = self._properties(operation, case.media_type)
            values = created if old is None else {name: old[name] for name in created if name in old}
            for name, value in values.items():
                member, _ = self.target.contract.follow(properties.get(name, {}), "")
                rest = _sent(case) if old is None else {}
                bodies = ({**rest, name: other} for other in _others(value, member))
                body = next(filter(is_valid, bodies), None)
                if body is not None and (name in properties or not properties):
                    case.body = body
                    if old is not None:
                        break
        return case

    def _send(self, case: Case[Any], **headers: str) -> Response:
        return self.samples.send(case, {**self.target.headers, **headers})


def _idempotency(operation: Operation) -> Iterator[str]:
    """Yield the name of the header of an operation's idempotency key, if it has one."""
    headers = (node["name"] for node in operation.parameters if node["in"] == "header")
    yield from (name for name in headers if name.lower() == IDEMPOTENCY_KEY)


def _sent(case: Case[Any]) -> Members:
    return case.body if isinstance(case.body, dict) else {}


def _others(value: Any, schema: Any) -> Iterator[Any]:
    """Yield other values of the same kind, which a schema may allow."""
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        yield from (other for other in schema["enum"] if other != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        endings = (f"{value}b", *(f"{value[:-1]}{character}" for character in "bB78"))
        yield from (other for other in endings if other != value)
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1)


def _confirmed(case: Case[Any], thing: Members) -> Members:
    """Return the members that were sent and that the response shows as they were sent."""
    return {name: value for name, value in _sent(case).items() if name in thing and thing[name] == value}
