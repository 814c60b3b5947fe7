"""Which operations of a contract make, list, read, change and delete items of which collection.

A path that ends in a parameter is an item's, and what is before the parameter is its collection: ``/pets``
of ``/pets/{petId}``. What returns the same component below or beside them belongs to it too. A path that
lists what it creates is a collection too, whose items no path leads to; one that shows and changes an object
has that object alone: ``/settings``. A Path Item or an Operation corrects this by ``x-mock-collection``:
``false``, or an object with ``path``, ``role`` and ``key``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from openapi_contract import Contract, ContractError, Operation, pointers
from openapi_contract.media_types import essence, is_json, is_xml
from openapi_contract.schemas import Schema
from openapi_mock.responses.identifiers import IDS
from openapi_mock.responses.related import CREATED
from openapi_mock.responses.rendering import concrete
from openapi_mock.responses.subjects import plain
from openapi_service.problems import NotFound

from .collection import ROLES, Collection, Role, Shape, at_path, common, only, shape_of, singulars

EXTENSION: Final = "x-mock-collection"
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
KEYS = ("id", "sid", "uuid", "guid", "key", "number", "name", "slug", "code", "login", "username")
"""Members that identify an item where the path's parameter does not say which does, the likeliest first."""
NAME_OF = re.compile(r"\W*((the|a|unique) )*name of\b", re.IGNORECASE)
"""How the description of a path parameter begins that is the name of an item, even if the item has an id."""
LISTS = ("data", "items", "results", "records", "entries", "values", "content", "objects", "list")
READ_ONLY = re.compile(r"(?i)\A\W*(output|read)[- ]only\b|[.(\[]\s*read[- ]only[.)\]]*\s*\Z")
"""Descriptions of what no client sets, where the schema of what is sent and shown is one, as Google's are."""
BODY_MEMBER = re.compile(r"\$response\.body#(/.+)")
DEEPEST_ENVELOPE = 2
HOLDER = re.compile(r"meta|metadata|sys|\w*reference")
"""Members, in plain spelling, that say what an item is: they may have its key."""


def recognize(contract: Contract) -> list[Collection]:
    """Return the collections of a contract, in the order of its paths.

    Raises:
        ContractError: an ``x-mock-collection`` is none, or names a collection that is not there.
    """
    return _Recognition(contract).collections()


class _Recognition:
    """The recognition of one contract's collections."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.schemas.for_responses
        self._at: dict[tuple[str, ...], dict[str, Operation]] = {}
        self._marks: dict[str, Any] = {}
        for operation in contract.operations:
            mark = self._mark(operation)
            if mark is not False:
                self._marks[operation.operation_id] = mark
                methods = self._at.setdefault(shape_of(operation.path).segments, {})
                methods.setdefault(operation.method, operation)
        self._linked = dict(self._links())
        self._successes: dict[str, Schema | None] = {}

    def collections(self) -> list[Collection]:
        """Return all collections that an operation fills, or that at least two operations use."""
        found: dict[str, Collection] = {}
        for segments, methods in self._at.items():
            if len(segments) > 1 and segments[-1] == "{}" and segments[-2] != "{}":
                self._add(found, segments, methods)
        for segments, methods in self._at.items():
            if segments[-2:] == ("{}", "{}") and segments[:-2]:
                self._add(found, segments, methods)
        by_component: dict[str, list[Collection]] = {}
        for each in found.values():
            for name in each.schema.components:
                by_component.setdefault(name, []).append(each)
        elsewhere = self._marks.keys() - {name for each in found.values() for name in each.roles}
        for operation in self._contract.operations:
            if operation.operation_id in elsewhere:
                self._place_elsewhere(operation, found, by_component)
        self._add_lists(found)
        self._add_singles(found)
        kept = [each for each in found.values() if each.is_single or each.has("create", "replace")]
        for each in kept:
            each.settable = frozenset(
                plain(name)
                for operation_id, role in each.roles.items()
                if role.action in {"create", "update", "replace"}
                for name in self._body_members(operation_id)
            )
        return kept

    # paths --------------------------------------------------------------------------------------------------

    def _add(
        self, found: dict[str, Collection], segments: tuple[str, ...], methods: dict[str, Operation]
    ) -> None:
        """Add the collection of an item's path, with what its own two paths do."""
        above = self._above(segments[:-1])
        reading = [methods[each] for each in ("get", "patch", "put", "post") if each in methods]
        making = [above["post"]] if "post" in above else []
        shown = [schema for each in (*reading, *making) if (schema := self._success(each))]
        item = next(iter(methods.values()))
        shape = shape_of(item.path)
        resource = next((each for each in reversed(segments) if each != "{}"), "")
        if not resource or not shown or ("get" in methods and self._success(methods["get"]) is None):
            return
        node = next((each for each in shown if each.component), shown[0])
        holder, key, schema = self._keyed(node, resource, item, is_made=bool(making))
        if not key:
            return
        path = next((each.path for each in above.values()), item.path)
        collection = found.setdefault(path, Collection(path, shape, item.path, resource, key, schema, holder))
        roles = {"get": "read", "patch": "update", "put": "replace", "post": "update", "delete": "delete"}
        for method, operation in methods.items():
            if method in roles and not self._is_elsewhere(operation):
                is_part = method == "put" and "patch" not in methods and self._is_part(operation, above)
                self._assign(collection, operation, "update" if is_part else roles[method], shape.names[-1])
        for method, operation in above.items():
            if not self._is_elsewhere(operation):
                if method == "post":
                    self._assign(collection, operation, "create", None)
                elif method == "get" and self._list(operation, collection) is not None:
                    self._assign(collection, operation, "list", None)
                elif method in {"put", "patch"} and self._body_has(operation, collection.head):
                    self._assign(collection, operation, "update", None)

    def _above(self, segments: tuple[str, ...]) -> dict[str, Operation]:
        """Return what a path does, where ``/create`` below it may be its POST, if that shows an object."""
        above, creating = self._at.get(segments, {}), self._at.get((*segments, "create"), {}).get("post")
        shows = creating is not None and self._success(creating) is not None
        return {**above, "post": creating} if creating and shows and "post" not in above else above

    def _add_lists(self, found: dict[str, Collection]) -> None:
        """Add the collections of paths whose GET and POST are in none."""
        assigned = {name for each in found.values() for name in each.roles}
        for methods in self._at.values():
            post, get = methods.get("post"), methods.get("get")
            if post and get and assigned.isdisjoint({post.operation_id, get.operation_id}):
                self._add_list(found, post, get)

    def _add_list(self, found: dict[str, Collection], post: Operation, get: Operation) -> None:
        """Add the collection of a path that lists what it creates, where no path leads to an item."""
        content = (post.request_body or {}).get("content", {}).values()
        schemas = [self._success(post), *map(self._schemas.in_media_type, content)]
        made = [each.items if _is_list(each) else each for each in schemas if each is not None]
        listed = self._success(get)
        for _, items in () if listed is None else _lists(listed, (), DEEPEST_ENVELOPE):
            if any(items.component in each.components or items.node == each.node for each in made):
                key = next((name for name in items.members if plain(name) in IDS), "")
                collection = at_path(post.path, key, items)
                found[post.path] = collection
                self._assign(collection, post, "create", None)
                self._assign(collection, get, "list", None)
                return

    def _add_singles(self, found: dict[str, Collection]) -> None:
        """Add the objects that a path shows, and changes by members that it shows."""
        assigned = {name for each in found.values() for name in each.roles}
        for methods in self._at.values():
            writing = [methods[each] for each in ("put", "patch") if each in methods]
            shown = self._success(methods["get"]) if "get" in methods and writing else None
            if shown is None or not assigned.isdisjoint(each.operation_id for each in methods.values()):
                continue
            sent = {plain(name) for each in writing for name in self._body_members(each.operation_id)}
            if sent and sent <= set(map(plain, shown.members)):
                single = at_path(methods["get"].path, "", shown, is_single=True)
                found[single.path] = single
                for method, action in (("get", "read"), ("put", "replace"), ("patch", "update")):
                    if method in methods:
                        self._assign(single, methods[method], action, None)

    def _place_elsewhere(
        self,
        operation: Operation,
        found: Mapping[str, Collection],
        by_component: Mapping[str, list[Collection]],
    ) -> None:
        """Assign an operation at another path by its mark, or by the component that it returns."""
        mark, shape = self._marks[operation.operation_id], shape_of(operation.path)
        if "role" in mark:
            if mark["path"] not in found:
                there = ", ".join(found) or "none"
                raise self._error(operation, f"{mark['path']} is no collection; there are: {there}")
            is_one = mark["role"] not in {"create", "list"}
            key = shape.names[-1] if is_one and shape.names else None
            self._assign(found[mark["path"]], operation, mark["role"], key)
            return
        success = self._success(operation)
        if success is None:
            return
        listed = {items.component for _, items in _lists(success, (), DEEPEST_ENVELOPE)}
        names = success.components | only(success).components | listed
        possible = [each for name in sorted(names) for each in by_component.get(name, ())]
        for each in sorted(possible, key=lambda each: -common(each.item.segments, shape.segments)):
            is_same = each.schema.component in names or plain(shape.segments[-1]) == plain(each.resource)
            is_list = not listed.isdisjoint(each.schema.components)
            if is_same and self._place(operation, shape, each, is_list=is_list):
                return

    def _place(self, operation: Operation, shape: Shape, collection: Collection, *, is_list: bool) -> bool:
        """Assign an operation that returns a collection's component; return whether it does."""
        item, segments = collection.item.segments, shape.segments
        if is_list:
            if operation.method == "get":
                self._assign(collection, operation, "list", None)
            return operation.method == "get"
        if operation.method not in {"post", "put", "patch"}:
            return False
        if segments[: len(item)] == item and not segments[-1].endswith("s"):
            names = {prefix: name for name, prefix in shape.prefixes()}
            self._assign(collection, operation, "update", names["/".join(item)])
            return True
        if operation.method == "post" and plain(segments[-1]) == plain(collection.resource):
            self._assign(collection, operation, "create", None)
            beside = self._at.get(segments, {}).get("get")
            if beside is not None and self._list(beside, collection) is not None:
                self._assign(collection, beside, "list", None)
            return True
        return False

    def _assign(
        self,
        collection: Collection,
        operation: Operation,
        action: str,
        key: str | None,
    ) -> None:
        shape = shape_of(operation.path)
        envelope: tuple[str, ...] = ()
        schema = self._success(operation)
        is_sent = action == "create" and any(map(_is_list, self._sent(operation)))
        listed = self._list(operation, collection) if is_sent or action == "list" else None
        if listed is not None or action == "list":
            envelope, schema = listed or ((), None)
        elif schema is not None:
            envelope, schema = _unwrapped(schema, collection)
        is_many = is_sent and listed is not None
        role = Role(collection, action, shape, envelope, schema, key, is_many)
        collection.roles[operation.operation_id] = role

    # schemas ------------------------------------------------------------------------------------------------

    def _success(self, operation: Operation) -> Schema | None:
        """Return the schema of an operation's first object or array of a success, in JSON, else in XML."""
        name = operation.operation_id
        if name not in self._successes:
            self._successes[name] = next(self._schemas_of_success(operation), None)
        return self._successes[name]

    def _schemas_of_success(self, operation: Operation) -> Iterator[Schema]:
        for code, response in sorted(operation.responses.items(), key=lambda each: each[0] != str(CREATED)):
            is_success = code.startswith("2") or (code == "default" and len(operation.responses) == 1)
            for is_kind in (is_json, is_xml) if is_success else ():
                for name, holder in response.get("content", {}).items():
                    schema = self._schemas.in_media_type(holder)
                    if is_kind(essence(concrete(name))) and schema.types & {"object", "array"}:
                        yield schema

    def _keyed(
        self, schema: Schema, resource: str, operation: Operation, *, is_made: bool
    ) -> tuple[str, str, Schema]:
        """Return what holds the member that identifies an item, that, and the schema without its envelope."""
        own = self._marks[operation.operation_id].get("key")
        parameter = shape_of(operation.path).names[-1]
        given = next((each for each in operation.parameters if each["name"] == parameter), {})
        types = self._schemas.in_media_type(given).types - {"null"}
        wrapping = {*LISTS, *singulars(plain(resource))}
        named = schema.properties.items()
        wrapped = [each for name, each in named if plain(name) in wrapping]
        levels = [("", each) for each in (schema, *wrapped, only(schema))]
        for holder, level in (*levels, *(each for each in named if HOLDER.fullmatch(plain(each[0])))):
            members = level.members
            by_plain = {plain(name): name for name in members}
            names = [own] if own else self._names(operation, parameter, resource)
            found = [by_plain[plain(each)] for each in names if plain(each) in by_plain]
            scalars = [each for each in found if members[each].types & {"string", "integer", "number"}]
            fitting = [each for each in scalars if members[each].types & types]
            if fitting or (scalars and is_made):
                return holder, (fitting or scalars)[0], schema if holder else level
        return "", "", schema

    def _names(self, operation: Operation, parameter: str, resource: str) -> list[str]:
        """Return what the member of a path parameter may be called, the likeliest first."""
        words, own = WORD.findall(parameter), plain(resource)
        descriptions = (each.get("description") for each in operation.parameters if each["name"] == parameter)
        keys = ("name", *KEYS) if any(NAME_OF.match(str(each)) for each in descriptions) else KEYS
        names = [self._linked.get((operation.operation_id, parameter), parameter)]
        if plain(parameter) in singulars(own):  # it names the item, and not a member of it
            return [*keys, parameter, *words[-1:]]
        rest = [each for each in words if plain(each) not in singulars(own)]
        people = ["login"] if plain(parameter) in {"username", "user"} else []
        return [*names, *people, "_".join(rest), *rest[-1:], *keys]

    def _list(self, operation: Operation, collection: Collection) -> tuple[tuple[str, ...], Schema] | None:
        """Return the way to the list in an operation's response, and the schema of its items."""
        schema = self._success(operation)
        if schema is None:
            return None
        found = list(_lists(schema, (), DEEPEST_ENVELOPE))
        own = collection.schema.component
        order = [*LISTS, plain(collection.resource)]

        def likelihood(each: tuple[tuple[str, ...], Schema]) -> tuple[bool, bool, int]:
            envelope, items = each
            is_named = not envelope or plain(envelope[-1]) in order
            return not (own and own == items.component), not is_named, len(envelope)

        best = min(found, key=likelihood, default=None)
        if best is None or (len(found) > 1 and likelihood(best)[:2] == (True, True)):
            return None
        return best

    def _body_members(self, operation_id: str) -> Iterator[str]:
        operation = self._contract.operation(operation_id)
        for body in () if operation is None else self._sent(operation):
            schema = body.items if _is_list(body) else body
            for name, member in {**schema.members, **only(schema).members}.items():
                descriptions = (str(part.get("description", "")) for part in member.parts)
                if not (member.is_marked("readOnly") or any(map(READ_ONLY.search, descriptions))):
                    yield name

    def _sent(self, operation: Operation) -> Iterator[Schema]:
        """Yield the schemas of what a request sends."""
        for holder in (operation.request_body or {}).get("content", {}).values():
            yield self._contract.schemas.for_requests.in_media_type(holder)

    def _is_part(self, put: Operation, above: Mapping[str, Operation]) -> bool:
        """Tell whether a PUT changes what it sends, which is anything, of an item that has to be there."""
        responses = put.responses.keys()
        creates = "post" not in above and str(NotFound.status.value) not in responses
        bodies = [only(each) for each in self._sent(put)]
        is_whole = any(body.is_open or any(part.get("required") for part in body.parts) for body in bodies)
        return not (creates or is_whole or str(CREATED) in responses)

    def _body_has(self, operation: Operation, member: str) -> bool:
        return plain(member) in map(plain, self._body_members(operation.operation_id))

    # what the document says ---------------------------------------------------------------------------------

    def _mark(self, operation: Operation) -> Any:
        """Return what the document says of an operation: False, or an object; raises ContractError."""
        path_item = self._contract.resolve(self._contract.paths[operation.path])
        mark = operation.definition.get(EXTENSION, path_item.get(EXTENSION, {}))
        if mark is not False and (
            not isinstance(mark, dict)
            or not mark.keys() <= {"path", "role", "key"}
            or mark.get("role", ROLES[0]) not in ROLES
            or ("role" in mark) != ("path" in mark)
        ):
            raise self._error(
                operation, f"expected false, {{key: ...}}, or {{path: ..., role: {' | '.join(ROLES)}}}"
            )
        return mark

    def _error(self, operation: Operation, expected: str) -> ContractError:
        return ContractError(self._contract.source, operation.pointer, f"{EXTENSION}: {expected}.")

    def _is_elsewhere(self, operation: Operation) -> bool:
        return "role" in self._marks[operation.operation_id]

    def _links(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Yield which member of a response is which parameter of another operation, by Link Objects."""
        for operation in self._contract.operations:
            for response in operation.responses.values():
                for node in response.get("links", {}).values():
                    link: Mapping[str, Any] = self._contract.resolve(node)
                    for parameter, expression in link.get("parameters", {}).items():
                        match = BODY_MEMBER.fullmatch(str(expression))
                        if match and "operationId" in link:
                            name = parameter.removeprefix("path.")
                            yield (str(link["operationId"]), name), pointers.split(match[1])[-1]


def _unwrapped(schema: Schema, collection: Collection) -> tuple[tuple[str, ...], Schema]:
    """Return the way to the item in a response, and its schema; others may be beside it."""
    if collection.head in schema.members:
        return (), schema
    named = singulars(plain(collection.resource))
    inner = [each for each in schema.properties.items() if collection.head in each[1].members]
    name, item = min(inner, key=lambda each: plain(each[0]) not in named, default=("", schema))
    return ((name,) if name else ()), item


def _lists(schema: Schema, envelope: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield the lists of objects in a response, with the way to each."""
    if _is_list(schema):
        yield envelope, schema.items
    elif depth and "object" in schema.types and "array" not in schema.types:
        for name, inner in schema.properties.items():
            yield from _lists(inner, (*envelope, name), depth - 1)


def _is_list(schema: Schema) -> bool:
    """Tell whether values are arrays of objects."""
    return "array" in schema.types and "object" not in schema.types and "object" in schema.items.types
