"""Fixes of flaws, by the keyword of OpenAPI's schema that is violated."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from itertools import chain
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import FIELDS, Location, is_of_30
from contract_first.contract.document.bounds import EXCLUSIVE
from contract_first.contract.document.defects import Action, Flaw

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
"""Values of members that are required and missing."""

RANGE = re.compile("[1-5]xx", re.IGNORECASE)
SPELLINGS = {
    name.lower(): name
    for name in (*chain.from_iterable(FIELDS.values()), "operationId", "required", "type", "enum", "$ref")
}
"""Names of members by their lower-case spelling."""
HOLDERS = (["content"], ["headers"])
OF_CONTENT = {"responses", "requestBody"}
OF_SCHEMAS = {
    *("type", "items", "enum", "format", "default", "pattern", "properties", "additionalProperties"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("allOf", "anyOf", "oneOf"),
}
"""Keywords of schemas that some documents write outside of the schema."""
LISTS = frozenset({"tags", "security", "servers", "enum"})
SPELLED = re.compile(r"true|false|-?(?:0|[1-9][0-9]{0,299})(\.[0-9]{1,300})?")
"""A boolean or a number that a document has in quotation marks."""


def _required(root: Location, node: Any, flaw: Flaw) -> Action | None:
    """Add a required member that is missing, if any value will do."""
    name = flaw.subject
    if name in node:
        raise LookupError(name)  # by the repair of what stood beside it
    title = PurePath(urlsplit(root.source).path).stem or root.source
    if name in {"info", "title"}:
        node[name] = title if name == "title" else {"title": title, "version": MISSING["version"]}
    elif name == "default" and flaw.pointer.endswith("/responses"):
        node[name] = {"description": ""}
    elif name in MISSING:
        node[name] = deepcopy(MISSING[name])
    else:
        return None
    return "repaired"


def _unexpected(root: Location, value: Any, flaw: Flaw) -> Action:
    """Move a member to where it belongs, or leave it out if that is unknown."""
    *keys, name = pointers.split(flaw.pointer)
    node = pointers.descend(root.node, keys)
    del node[name]
    if key := _key_of(keys, name, node, value):
        node[key] = value  # if it does not belong here, the next round leaves it out
    elif name in FOREIGN and is_of_30(root.node):
        FOREIGN[name](node, value)
    elif name in OF_SCHEMAS and ({"name", "in"} <= node.keys() or keys[-2:-1] in HOLDERS):
        node.setdefault("schema", {}).setdefault(name, value)  # as parameters were in Swagger 2.0
    elif name == "schema" and "content" not in node and OF_CONTENT & {*keys[-2:]}:
        node["content"] = {"application/json": {"schema": value}}  # as it was there
    else:
        return "left out"
    return "repaired"


def _key_of(keys: list[str], name: str, node: dict[str, Any], value: Any) -> str:
    """Return OpenAPI's spelling of a misspelled name, empty if there is none or it is taken."""
    path = "/" + name.strip().replace("\\", "/").lstrip("/")
    if keys == ["paths"] and path not in node and "://" not in name and isinstance(value, dict):
        return path
    if keys[-1:] == ["responses"] and name.upper() not in node and RANGE.fullmatch(name):
        return name.upper()
    spelling = SPELLINGS.get(name.strip().lower(), name)
    return spelling if spelling != name and spelling not in node else ""


def _named(_: Location, node: Any, flaw: Flaw) -> Action | None:
    """Accept names of components as they are: references lead to them."""
    return "accepted" if isinstance(node, dict) and flaw.pointer.startswith("/components/") else None


def _of_type(root: Location, node: Any, flaw: Flaw) -> Action | None:
    """Convert a value to the type that was expected."""
    *keys, name = pointers.split(flaw.pointer) or [""]
    if flaw.subject != "string" or not isinstance(node, int | float) or name.startswith("$"):
        return _of_another_dialect(root, node, flaw)
    holder: Any = pointers.descend(root.node, keys)
    holder[int(name) if isinstance(holder, list) else name] = json.dumps(node)
    return "repaired"


def _of_another_dialect(root: Location, node: Any, flaw: Flaw) -> Action | None:
    """Translate a keyword of another version's dialect into that of the document."""
    *keys, name = pointers.split(flaw.pointer) or [""]
    holder = pointers.descend(root.node, keys)
    if not isinstance(holder, dict) or keys[-1:] == ["properties"]:
        return None
    if name == "required" and isinstance(node, bool):
        return _required_otherwise(root.node, holder, keys, flaw.rule)
    if name in BOUNDS:
        return _bound(holder, name, node)
    if name == "type":
        return _type(holder, node, is_30=is_of_30(root.node))
    if name == "items" and isinstance(node, list) and not is_of_30(root.node):
        return _tuple(holder)
    return _of_another_type(holder, name, node, keys[-1:])


def _of_another_type(holder: dict[str, Any], name: str, node: Any, inside: list[str]) -> Action | None:
    """Convert a member to the type that it should have."""
    if name in LISTS and isinstance(node, str | dict):
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


def _required_otherwise(
    document: dict[str, Any], holder: dict[str, Any], keys: list[str], rule: str
) -> Action:
    """Make a path parameter required; list a property as required whose own schema says so."""
    if rule != "type":
        holder["required"] = True
        return "repaired"
    is_required = holder.pop("required")
    if not is_required or keys[-2:-1] != ["properties"]:
        return "left out"
    listed = pointers.descend(document, keys[:-2]).setdefault("required", [])
    if isinstance(listed, list) and keys[-1] not in listed:
        listed.append(keys[-1])
    return "repaired"


def _exclusive(_: Location, node: Any, _flaw: Flaw) -> Action | None:
    """Merge or drop one of two members that exclude each other."""
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


BOUNDS = {exclusive: bound for bound, exclusive in EXCLUSIVE.items()}
TYPES = {
    **{name: name for name in ("string", "number", "integer", "boolean", "array", "object")},
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("str", "text", "date", "datetime", "date-time", "uuid", "file"), "string"),
    **dict.fromkeys(("list",), "array"),
    **dict.fromkeys(("map", "dict"), "object"),
}
"""Types by their names in other languages."""


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
    """Write the schemas of a tuple's items as JSON Schema 2020-12 does."""
    holder["prefixItems"] = holder.pop("items")
    if "additionalItems" in holder:
        holder["items"] = holder.pop("additionalItems")
    return "repaired"


def _type(holder: dict[str, Any], value: Any, *, is_30: bool) -> Action | None:
    if isinstance(value, str) and value.lower() in TYPES:
        holder["type"] = TYPES[value.lower()]
        return "repaired"
    value = ["null"] if value == "null" else value
    if not (is_30 and isinstance(value, list)):
        return None
    del holder["type"]
    named = [name for name in value if name != "null"]
    if "null" in value:
        holder |= {"nullable": True} if named else {"type": "string", "nullable": True, "enum": [None]}
    if len(named) == 1:
        holder["type"] = named[0]
    elif named:
        holder.setdefault("anyOf", [{"type": name} for name in named])
    return "repaired"


def _const(node: dict[str, Any], value: Any) -> None:
    node.setdefault("enum", [value])


def _examples(node: dict[str, Any], value: Any) -> None:
    if isinstance(value, list) and value:
        node.setdefault("example", value[0])


FOREIGN: dict[str, Callable[[dict[str, Any], Any], None]] = {"const": _const, "examples": _examples}
"""Translations of later keywords into OpenAPI 3.0."""

BY_RULE: dict[str, Callable[[Location, Any, Flaw], Action | None]] = {
    "required": _required,
    "additionalProperties": _unexpected,
    "unevaluatedProperties": _unexpected,
    "propertyNames": _named,
    "not": _exclusive,
    "oneOf": _exclusive,
    "type": _of_type,
    "anyOf": _of_another_dialect,
    "enum": _of_another_dialect,
    "const": _of_another_dialect,
}
"""Each takes the whole document, the node at the flaw, and the flaw; it returns None if it has no fix."""
