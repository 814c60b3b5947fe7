"""Reads a document leniently: what is wrong in it is repaired or left out, the smallest part that can be.

The validators say what is wrong. Each flaw is fixed: by the fix that the validator knows, by a repair listed
here, or by leaving out the part that it is about; then the validators are asked again, until they accept.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import islice
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import pointers
from .anatomy import METHODS, Place, document_place
from .defects import Action, Flaw
from .errors import ContractError
from .references import RULE
from .unusable import unusable_flaws
from .validation import STAGES, dialect_flaws, is_of_30

MOST_ROUNDS = 50
MOST_TRIES = 3
"""Repairs of one place; then it is left out."""
MISSING: dict[str, Any] = {
    "version": "0",
    "paths": {},
    "description": "",
    "responses": {"default": {"description": ""}},
    "schema": {},
    "content": {},
    "required": True,  # of a path parameter
    "flows": {},
    "scopes": {},
    "tokenUrl": "/",
    "authorizationUrl": "/",
    "scheme": "bearer",
    "openIdConnectUrl": "/",
    "default": "",  # of a server variable
}
"""What stands for members that are required and missing."""

RANGE = re.compile("[1-5]xx", re.IGNORECASE)
PATH_ITEM = 2
"""Keys of the pointer of one."""
HOLDERS = (["content"], ["headers"])
OF_SCHEMAS = {
    *("type", "items", "enum", "format", "default", "pattern", "properties", "additionalProperties"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("allOf", "anyOf", "oneOf"),
}
"""Members of schemas that some documents have beside where the schema should be."""
LISTS = frozenset({"tags", "security", "servers", "enum"})
SPELLED = re.compile(r"true|false|-?(?:0|[1-9][0-9]{0,299})(\.[0-9]{1,300})?")
"""A boolean or a number that a document has in quotation marks."""
Stage = Callable[["Place"], Iterable["Flaw"]]


class Repair(NamedTuple):
    """A flaw that was fixed.

    Attributes:
        pointer: JSON pointer of its place in the document as it was read.
    """

    pointer: str
    reason: str
    action: Action


def repair(
    document: dict[str, Any], source: str, unresolved: Mapping[str, str], *, most: int
) -> tuple[list[Repair], dict[str, str]]:
    """Make a document valid, in place.

    Args:
        source: the file or URL that it comes from.
        unresolved: why references could not be followed.

    Returns:
        What was done; and where items of arrays were in the document as it was read, by where they are now
        that others before them were left out.

    Raises:
        ContractError: it cannot be made valid.
    """
    repairs = _Repairs(document, source, unresolved, most)
    return repairs.run(), dict(repairs.moved())


class _Repairs:
    """The work on one document."""

    def __init__(
        self, document: dict[str, Any], source: str, unresolved: Mapping[str, str], most: int
    ) -> None:
        self.most = most
        self.tries = Counter[str]()
        self.document = document
        self.source = source
        self.unresolved = unresolved
        self.repairs: dict[tuple[str, str], Repair] = {}
        self.below: dict[str, list[tuple[str, str]]] = {}
        self.disabled: set[str] = set()
        self.indices: dict[str, list[int]] = {}

    def run(self) -> list[Repair]:
        for _ in range(MOST_ROUNDS):
            fixed = [self._is_fixed_by(stage) for stage in (*STAGES, dialect_flaws, unusable_flaws)]
            if not any(fixed):
                return list(self.repairs.values())
        raise ContractError(self.source, "", "has too many defects that follow from each other.")

    def _is_fixed_by(self, stage: Stage) -> bool:
        """Fix what a stage sees until it sees nothing more; return whether there was anything."""
        rounds = 0
        while self._fixes(stage):
            rounds += 1
            if rounds > MOST_ROUNDS:
                raise ContractError(self.source, "", "has too many defects that follow from each other.")
        return rounds > 0

    def _fixes(self, stage: Stage) -> bool:
        """Fix the flaws that a stage sees, what is behind and below others first; return whether it did."""
        place = document_place(self.document, self.source)
        flaws = {flaw.pointer: flaw for flaw in islice(stage(place), self.most + 1)}
        if len(flaws) > self.most:
            raise self._too_many()
        has_changed = False
        for pointer in sorted(flaws, key=pointers.order, reverse=True):
            flaw, known = flaws[pointer], self._as_read(pointer)
            try:
                action = self._fix(flaw)
            except LookupError:  # it has gone with another
                has_changed = True
                continue
            has_changed |= action != "accepted"
            reason = self.unresolved.get(flaw.members[0], flaw.reason) if flaw.rule == RULE else flaw.reason
            self._note(Repair(known, reason, action))
        return has_changed

    def _note(self, repair: Repair) -> None:
        """Note a repair; what goes since a part of it went first goes for the reason of that."""
        if repair.pointer in self.disabled:
            return  # of what stands for an operation
        if repair.action == "operation disabled":
            self.disabled.add(repair.pointer)
        if repair.action in {"left out", "operation disabled"}:
            causes = [self.repairs.pop(key, None) for key in self.below.pop(repair.pointer, ())]
            cause = next(filter(None, causes), repair)
            repair = repair._replace(reason=cause.reason)
        if len(self.repairs) >= self.most:
            raise self._too_many()
        key = repair.pointer, repair.reason
        self.repairs.setdefault(key, repair)
        keys = pointers.split(repair.pointer)
        for length in range(len(keys)):
            self.below.setdefault(pointers.join("", *keys[:length]), []).append(key)

    def _too_many(self) -> ContractError:
        return ContractError(self.source, "", f"has too many defects, more than {self.most}.")

    def _fix(self, flaw: Flaw) -> Action:
        if flaw.fix is not None:
            return flaw.fix()
        node = pointers.lookup(self.document, flaw.pointer)
        by_rule = RULES.get(flaw.rule)
        self.tries[flaw.pointer] += 1
        if by_rule is not None and self.tries[flaw.pointer] <= MOST_TRIES:
            action = by_rule(self, node, flaw)
            if action is not None:
                return action
        return self.leave_out(flaw.pointer)

    def leave_out(self, pointer: str) -> Action:
        """Leave out what is at a pointer; an operation stays, and says that it cannot be understood."""
        *keys, last = pointers.split(pointer) or [""]
        if not keys and not last:
            raise ContractError(self.source, "", "cannot be understood; expected an OpenAPI document.")
        parent = pointers.descend(self.document, keys)
        if _is_operation([*keys, last]) and parent[last] is not None:
            parent[last] = {"responses": {"501": {"description": "This operation is not understood."}}}
            return "operation disabled"
        if isinstance(parent, list):
            index, array = int(last), self._as_read(pointers.join("", *keys))
            if array not in self.indices:
                self.indices[array] = list(range(len(parent)))
            del self.indices[array][index : index + 1], parent[index]
        else:
            del parent[last]
        return "left out"

    def keep(self, pointer: str, node: list[Any], indices: list[int]) -> None:
        """Leave out all items of an array but those at some indices."""
        array = self._as_read(pointer)
        known = self.indices.get(array, range(len(node)))
        self.indices[array] = [known[index] for index in indices if index < len(known)]
        node[:] = [node[index] for index in indices]

    def _as_read(self, pointer: str) -> str:
        """Return where something was before items of arrays were left out before it."""
        read = ""
        for key in pointers.split(pointer) if self.indices else ():
            indices = self.indices.get(read)
            is_item = indices is not None and key.isdecimal() and int(key) < len(indices)
            read = pointers.join(read, indices[int(key)] if indices and is_item else key)
        return read or pointer

    def moved(self) -> Iterator[tuple[str, str]]:
        """Yield the pointers of items that others were left out before: now, and as the document was read."""
        for array, indices in self.indices.items():
            now = read = ""
            with suppress(ValueError):  # it has gone with the item that it was in
                for key in pointers.split(array):
                    known = self.indices.get(read, ())
                    now = pointers.join(now, known.index(int(key)) if known else key)
                    read = pointers.join(read, key)
                moved = ((index, was) for index, was in enumerate(indices) if index != was)
                yield from ((pointers.join(now, index), pointers.join(array, was)) for index, was in moved)


def _is_operation(keys: Sequence[str]) -> bool:
    below = keys[3:] if keys[:2] == ["components", "pathItems"] else keys[2:] if keys[0] == "paths" else ()
    return (len(below) == 1 and below[0] in METHODS) or (
        len(below) == 2 and below[0] == "additionalOperations"  # noqa: PLR2004 -- it and the method
    )


def _required(repairs: _Repairs, node: Any, flaw: Flaw) -> Action | None:
    """Fill in what is missing, where anything could be."""
    (name,) = flaw.members
    title = PurePath(urlsplit(repairs.source).path).stem or repairs.source
    if name in {"info", "title"}:
        node[name] = title if name == "title" else {"title": title, "version": MISSING["version"]}
    elif name == "default" and flaw.pointer.endswith("/responses"):
        node[name] = {"description": ""}
    elif name in MISSING:
        node[name] = deepcopy(MISSING[name])
    else:
        return None
    return "repaired"


def _unexpected(repairs: _Repairs, node: dict[str, Any], flaw: Flaw) -> Action:
    """Put members where they belong, as far as that is known, and leave the others out."""
    actions: set[Action] = {_moved(repairs, node, name, flaw.pointer) for name in flaw.members}
    return "left out" if "left out" in actions else "repaired"


def _moved(repairs: _Repairs, node: dict[str, Any], name: str, pointer: str) -> Action:
    value = node.pop(name)
    keys = pointers.split(pointer)
    if keys == ["paths"] and f"/{name}" not in node and "://" not in name and isinstance(value, dict):
        node[f"/{name}"] = value
    elif keys[-1:] == ["responses"] and name.upper() not in node and RANGE.fullmatch(name):
        node[name.upper()] = value
    elif name in FOREIGN and is_of_30(repairs.document):
        FOREIGN[name](node, value)
    elif keys[:1] == ["paths"] and len(keys) == PATH_ITEM and name.lower() in set(METHODS) - node.keys():
        node[name.lower()] = value
    elif name in OF_SCHEMAS and ({"name", "in"} <= node.keys() or keys[-2:-1] in HOLDERS):
        node.setdefault("schema", {}).setdefault(name, value)  # as parameters were in Swagger 2.0
    elif name == "schema" and keys[-2:-1] == ["responses"] and "content" not in node:
        node["content"] = {"application/json": {"schema": value}}  # as it was there
    else:
        return "left out"
    return "repaired"


def _named(_: _Repairs, node: Any, flaw: Flaw) -> Action | None:
    """Accept names of components as they are: references lead to them."""
    return "accepted" if isinstance(node, dict) and flaw.pointer.startswith("/components/") else None


def _repeated(repairs: _Repairs, node: list[Any], flaw: Flaw) -> Action:
    """Keep the first of equal items."""
    texts = [json.dumps(each, sort_keys=True) for each in node]
    first = {text: index for index, text in reversed(list(enumerate(texts)))}
    repairs.keep(flaw.pointer, node, sorted(first.values()))
    return "repaired"


def _of_another_dialect(repairs: _Repairs, node: Any, flaw: Flaw) -> Action | None:
    """Say in the dialect of the document what a schema says in that of another version."""
    *keys, name = pointers.split(flaw.pointer) or [""]
    holder = pointers.descend(repairs.document, keys)
    if not isinstance(holder, dict) or keys[-1:] == ["properties"]:
        return None
    if name == "required" and isinstance(node, bool):
        return _lift_required(repairs.document, holder, keys)
    if name in BOUNDS:
        return _bound(holder, name, node)
    if name == "type":
        return _type(holder, node, is_30=is_of_30(repairs.document))
    if name == "items" and isinstance(node, list) and not is_of_30(repairs.document):
        return _tuple(holder)
    return _of_another_type(holder, name, node, keys[-1:])


def _of_another_type(holder: dict[str, Any], name: str, node: Any, inside: list[str]) -> Action | None:
    """Say what a member says in the type that it should have."""
    if name in TEXTS and isinstance(node, int | float):
        holder[name] = json.dumps(node)
    elif name in LISTS and isinstance(node, str | dict):
        holder[name] = [node]
    elif name == "parameters" and isinstance(node, dict):
        holder[name] = list(node.values())
    elif name == "discriminator" and isinstance(node, str):
        holder[name] = {"propertyName": node}
    elif inside == ["responses"] and isinstance(node, str):
        holder[name] = {"description": node}
    elif isinstance(node, str) and SPELLED.fullmatch(node):
        holder[name] = json.loads(node)
    else:
        return None
    return "repaired"


def _lift_required(document: dict[str, Any], holder: dict[str, Any], keys: list[str]) -> Action:
    """Require a property where its own schema says that it is required."""
    is_required = holder.pop("required")
    if not is_required or keys[-2:-1] != ["properties"]:
        return "left out"
    listed = pointers.descend(document, keys[:-2]).setdefault("required", [])
    if isinstance(listed, list) and keys[-1] not in listed:
        listed.append(keys[-1])
    return "repaired"


def _exclusive(_: _Repairs, node: Any, _flaw: Flaw) -> Action | None:
    """Have one of two members that exclude each other; 3.0 knows an example beside others as one of them."""
    if {"example", "examples"} <= node.keys() and isinstance(node["examples"], dict):
        name = "example"
        while name in node["examples"]:
            name += "_"
        node["examples"][name] = {"value": node.pop("example")}
    elif {"schema", "content"} <= node.keys():
        del node["content"]
    else:
        return None
    return "repaired"


BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
TEXTS = {"description", "title", "version", "summary", "pattern", "example"}
TYPES = {
    **{each: each for each in ("string", "number", "integer", "boolean", "array", "object")},
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("str", "text", "date", "datetime", "date-time", "uuid", "file"), "string"),
    **dict.fromkeys(("list",), "array"),
    **dict.fromkeys(("map", "dict"), "object"),
}
"""What types were meant, by the names that they have elsewhere."""


def _bound(holder: dict[str, Any], name: str, value: Any) -> Action | None:
    bound = BOUNDS[name]
    if isinstance(value, bool):  # 3.0's
        del holder[name]
        if value and bound in holder:
            holder[name] = holder.pop(bound)
    elif isinstance(value, int | float):  # of later dialects
        holder[bound], holder[name] = value, True
    else:
        return None
    return "repaired"


def _tuple(holder: dict[str, Any]) -> Action:
    """Spell the schemas of single items, and that of further ones, as JSON Schema 2020-12 does."""
    holder["prefixItems"] = holder.pop("items")
    if "additionalItems" in holder:
        holder["items"] = holder.pop("additionalItems")
    return "repaired"


def _type(holder: dict[str, Any], value: Any, *, is_30: bool) -> Action | None:
    if isinstance(value, str) and value.lower() in TYPES:
        holder["type"] = TYPES[value.lower()]
        return "repaired"
    if not (is_30 and isinstance(value, list)):
        return None
    del holder["type"]
    named = [each for each in value if each != "null"]
    if "null" in value:
        holder["nullable"] = True
    if len(named) == 1:
        holder["type"] = named[0]
    elif named:
        holder.setdefault("anyOf", [{"type": each} for each in named])
    return "repaired"


def _const(node: dict[str, Any], value: Any) -> None:
    node.setdefault("enum", [value])


def _examples(node: dict[str, Any], value: Any) -> None:
    if isinstance(value, list) and value:
        node.setdefault("example", value[0])


FOREIGN: dict[str, Callable[[dict[str, Any], Any], None]] = {"const": _const, "examples": _examples}
"""Keywords of later dialects that OpenAPI 3.0 can say otherwise."""

RULES: dict[str, Callable[[_Repairs, Any, Flaw], Action | None]] = {
    "required": _required,
    "additionalProperties": _unexpected,
    "unevaluatedProperties": _unexpected,
    "propertyNames": _named,
    "uniqueItems": _repeated,
    "not": _exclusive,
    "oneOf": _exclusive,
    "type": _of_another_dialect,
    "anyOf": _of_another_dialect,
    "enum": _of_another_dialect,
}
