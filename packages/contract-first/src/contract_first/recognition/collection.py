"""Collections of items, and the roles that operations have in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import named

from .ways import Way

ROLES: Final = ("create", "list", "read", "update", "replace", "delete")
PARAMETER = re.compile(r"\{([^{}]+)\}(?:\.\w+)?")
ENTITY = re.compile(r"(\w+)\((\{[^{}]+\})\)")
"""How OData writes the path of an item: ``Products({id})``."""
SEVERAL = re.compile(r"\{(\w+)=[^{}]*\}")
"""How Google writes a parameter of several segments: ``{name=shelves/*}``."""
SUFFIX = re.compile(r"[./](json|xml)$")


class PathShape(NamedTuple):
    """A path template without the names of its parameters, and those names."""

    segments: tuple[str, ...]
    names: tuple[str, ...]

    def prefixes(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each parameter, and the shape of the path that it ends."""
        names = iter(self.names)
        for end, segment in enumerate(self.segments, start=1):
            if segment == "{}":
                yield next(names), "/".join(self.segments[:end])


@dataclass(slots=True)
class Collection:
    """Items of one kind.

    Attributes:
        path: of the collection, as the contract has it: its name.
        resource: what the path calls it, such as ``pets``.
        key: the member that identifies an item, empty without any.
        holder: the object in an item that has this member, as ``metadata`` has; empty for the item itself.
        is_single: whether there is one item, from the start, as ``/settings`` is.
        is_callers: whether each item is for who created it alone.
        is_named: whether a key is the name of an item in full, as ``shelves/1/books/2`` is.
        settable: members, in plain spelling, that a request can set.
        roles: what operations do with it, by operationId.
        key_schemas: what values of the key have to conform to where they are sent, and shown.
        key_example: of the key in a path.
        other_key: another member that a path may identify an item by, as in ``idOrName``.
        score: how surely it is one: that of its key.
        reasons: for the score.
        folder: shape of the path of folders, in whose lists its items are by their ``parent``; or empty.
    """

    path: str
    item: PathShape
    item_path: str
    resource: str
    key: str
    schema: Schema
    holder: str = ""
    is_single: bool = False
    is_named: bool = False
    is_callers: bool = False
    settable: frozenset[str] = frozenset()
    roles: "dict[str, Role]" = field(default_factory=dict)
    key_schemas: list[Schema] = field(default_factory=list)
    key_example: Any = None
    other_key: str = ""
    folder: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The member of an item that is its key, or holds it."""
        return self.holder or self.key

    def level(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the object with the key of an item: its holder, or the item."""
        level = value.get(self.holder, {}) if self.holder else value
        return level if isinstance(level, Mapping) else {}

    def key_of(self, value: Mapping[str, Any], default: Any = None) -> Any:
        """Return what identifies an item."""
        return self.level(value).get(self.key, default)

    def with_key(self, value: Mapping[str, Any], key: Any) -> dict[str, Any]:
        """Return an item that has this key."""
        level = {**self.level(value), self.key: key}
        return {**value, self.holder: level} if self.holder else level

    def has(self, *actions: str) -> bool:
        """Tell whether an operation does one of these."""
        return any(role.action in actions for role in self.roles.values())

    @property
    def is_stored(self) -> bool:
        """Whether it has one item, or an operation that creates items."""
        is_filled = self.has("create", "replace")
        roles = self.roles.values()
        return is_filled or self.is_single or any(role.is_many and role.action == "update" for role in roles)

    def is_seen_in(self, response_schema: Schema) -> bool:
        """Tell whether a schema is of an item, or of something that has the same holder of its key."""
        item, other = (schema.members.get(self.holder, schema) for schema in (self.schema, response_schema))
        return not item.components.isdisjoint(other.components - {""})

    def path_of(self, value: Mapping[str, Any], parents: Mapping[str, str]) -> str:
        """Return the path of an item that was created below these parents."""
        path, last = self.item_path, self.item.names[-1]
        for name, key in self.keys_above(value, parents):
            path = path.replace(f"{{{name}}}", quote(str(key), safe=""))
        return path.replace(f"{{{last}}}", quote(str(self.key_of(value)), safe=""))

    def keys_above(self, value: Mapping[str, Any], parents: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield the name of each path parameter before an item's own, and its value, if known."""
        for name, prefix in [*self.item.prefixes()][:-1]:
            member = named(value, name)
            parent = None if member is None else value[member]
            if isinstance(parent, dict):
                parent = next((parent[key] for key in ("login", "name", "slug", "id") if key in parent), None)
            yield name, parents.get(prefix, parent)

    def takes_key(self, key: Any) -> bool:
        """Tell whether a key can be sent, and shown, everywhere: a number is a text of digits in a path."""
        return all(any(map(schema.conforms, spellings(key))) for schema in self.key_schemas)

    @property
    def actions(self) -> list[str]:
        """What operations do with it, in the order of `ROLES`."""
        roles = self.roles.values()
        actions = {role.action for role in roles} | {"create" for role in roles if role.is_many}
        return [action for action in ROLES if action in actions]

    @property
    def key_name(self) -> str:
        """The key as messages have it."""
        return f"{self.holder}.{self.key}" if self.holder else self.key

    def sentence(self) -> str:
        """Return the recognised operations and key in a line."""
        return f"{self.path}: {', '.join(self.actions)}{f'; by {self.key_name}' if self.key else ''}"


def spellings(key: Any) -> tuple[Any, ...]:
    """Return what a key may be elsewhere: a text, and the number that its digits are."""
    text = str(key)
    return (key, text, int(text)) if re.fullmatch(r"\d{1,18}", text) else (key, text)


@dataclass(frozen=True, slots=True)
class Role:
    """What an operation does with a collection.

    Attributes:
        action: one of `ROLES`, or ``download``: show the file that was sent with an item.
        envelope: leads from the response's body to the item or the list.
        schema: of the response's item or of each item in its list; None for a response without any.
        key: name of the path parameter that identifies the item, if there is one.
        body: leads from the request's body to the item, or to each operation of a JSON Patch.
        is_many: whether it creates or changes an item of each element of an array, and shows them all, or
            deletes those that are chosen.
        is_of_folder: whether it lists the items of all collections that are in the folder of the path.
        is_copy: whether what it creates is like the item of the key.
        sets: the status that it leaves the item of the key in, by the member; empty for none.
    """

    collection: Collection
    action: str
    shape: PathShape
    envelope: Way
    schema: Schema | None
    key: str | None
    body: Way = ()
    is_many: bool = False
    is_of_folder: bool = False
    is_copy: bool = False
    sets: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=8192)
def shape_of(path: str) -> PathShape:
    """Return the shape of a path template."""
    segments, names = [], []
    for segment in ENTITY.sub(r"\1/\2", SEVERAL.sub(r"{\1}", SUFFIX.sub("", path))).strip("/").split("/"):
        parameter = PARAMETER.fullmatch(segment)
        names += [parameter[1]] if parameter else []
        segments.append("{}" if parameter else segment)
    return PathShape(tuple(segments), tuple(names))


def resource_of(shape: PathShape) -> str:
    """Return the name of a path's items; empty without one."""
    return next((segment for segment in reversed(shape.segments) if segment != "{}"), "")


def only(schema: Schema) -> Schema:
    """Return an object's only property, which may hold an item, or else itself."""
    members = list(schema.properties.values())
    return members[0] if len(members) == 1 and members[0].properties else schema
