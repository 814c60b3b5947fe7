"""Finds values of an ``enum`` that are not of the ``type`` beside it: no value conforms to them."""

import json
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from . import pointers
from .anatomy import Place
from .defects import Action, Flaw
from .fixes import SPELLED
from .json_types import named_types, type_of


def enum_flaws(place: Place) -> Iterator[Flaw]:
    """Yield what is wrong with the ``enum`` of a schema: values are spelled in its type, as 1 is ``"1"``.

    Where none of them is of the type, they are those of the items of an array; else the type is wrong.
    """
    node: dict[str, Any] = place.node
    values = node.get("enum")
    if not isinstance(values, list) or "type" not in node:
        return
    types, pointer = named_types(node), pointers.join(place.pointer, "enum")
    spelled = [_spelled(each, types) for each in values]
    if any(type_of(each) in types for each in spelled):
        if spelled != values:
            reason = f"has values that are not of type {json.dumps(node['type'])}; read as such."
            yield Flaw(pointer, reason, fix=partial(_replace, node, spelled))
    elif "array" in types and isinstance(node.get("items"), dict):
        yield Flaw(pointer, "holds values of the items; moved there.", fix=partial(_move, node))
    else:
        yield Flaw(pointers.join(place.pointer, "type"), "is the type of no value of the enum beside it.")


def _spelled(value: Any, types: Collection[str]) -> Any:
    """Return a value in one of the types, or as it is."""
    if type_of(value) in types or isinstance(value, list | dict | None):
        return value
    if not isinstance(value, str):
        return json.dumps(value) if "string" in types else value
    read = json.loads(value) if SPELLED.fullmatch(value) else None
    return read if type_of(read) in types else value


def _replace(node: dict[str, Any], values: list[Any]) -> Action:
    node["enum"] = list({json.dumps(each): each for each in values}.values())
    return "repaired"


def _move(node: dict[str, Any]) -> Action:
    if "$ref" in node["items"]:  # beside which OpenAPI 3.0 reads nothing
        node["items"] = {"allOf": [node["items"]]}
    node["items"].setdefault("enum", node.pop("enum"))
    return "repaired"
