"""Finds values of an ``enum`` that are not of the ``type`` beside it."""

import json
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import Location
from contract_first.contract.document.defects import Action, Flaw
from contract_first.contract.document.json_types import named_types, type_of
from contract_first.contract.schemas.merging import NO_VALUE

from .fixes import SPELLED


def enum_flaws(location: Location) -> Iterator[Flaw]:
    """Yield the flaws of an ``enum``: values of another type, such as 1 for ``"1"``.

    Where none of them is of the type, they are those of the items of an array; else the type is wrong. As it
    was written, no value conforms then: what is optional is left out of generated objects.
    """
    node: dict[str, Any] = location.node
    values = node.get("enum")
    if not isinstance(values, list) or "type" not in node:
        return
    types, pointer = named_types(node), pointers.join(location.pointer, "enum")
    conforming = [value for value in values if type_of(value) in types]
    spelled = [_spelled(value, types) for value in values]
    if any(type_of(value) in types for value in spelled):
        if spelled != values:
            reason = f"has values that are not of type {json.dumps(node['type'])}; read as such."
            yield Flaw(pointer, reason, fix=partial(_replace, node, conforming, spelled))
    elif "array" in types and isinstance(node.get("items"), dict):
        yield Flaw(pointer, "holds values of the items; moved there.", fix=partial(_move, node))
    else:
        reason, fix = "is the type of no value of the enum beside it.", partial(_leave_type_out, node)
        yield Flaw(pointers.join(location.pointer, "type"), reason, fix=fix)


def _spelled(value: Any, types: Collection[str]) -> Any:
    """Return a value converted to one of the types, or unchanged."""
    if type_of(value) in types or isinstance(value, list | dict | None):
        return value
    if not isinstance(value, str):
        return json.dumps(value) if "string" in types else value
    read = json.loads(value) if SPELLED.fullmatch(value) else None
    return read if type_of(read) in types else value


def _replace(node: dict[str, Any], conforming: list[Any], spelled: list[Any]) -> Action:
    """Replace the values; those that conform unchanged come first, as clients are likeliest to use them."""
    node["enum"] = list({json.dumps(value): value for value in (*conforming, *spelled)}.values())
    if not conforming:
        node[NO_VALUE] = True
    return "repaired"


def _leave_type_out(node: dict[str, Any]) -> Action:
    del node["type"]
    node[NO_VALUE] = True
    return "left out"


def _move(node: dict[str, Any]) -> Action:
    if "$ref" in node["items"]:  # beside which OpenAPI 3.0 reads nothing
        node["items"] = {"allOf": [node["items"]]}
    node["items"].setdefault("enum", node.pop("enum"))
    node[NO_VALUE] = True
    return "repaired"
