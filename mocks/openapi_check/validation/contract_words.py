"""Where in a contract the very words stand that a message breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from openapi_contract import pointers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_check.exchange import Violation

ALTERNATIVES = ("allOf", "anyOf", "oneOf")


def precise(violation: Violation, document: Mapping[str, Any]) -> Violation:
    """Return a violation that points at its rule where the contract has it, as far as that can be told."""
    found = _at_schema(violation, document)
    for step in pointers.split(_within(violation, document)):
        deeper = next(_deeper(document, found, step), None)
        if deeper is None:
            break
        found = deeper
    for pointer, node in _layers(document, found, set()):
        if violation.rule in node:
            return msgspec.structs.replace(violation, pointer=pointers.join(pointer, violation.rule))
    return msgspec.structs.replace(violation, pointer=found)


def _at_schema(violation: Violation, document: Mapping[str, Any]) -> str:
    """Return the pointer to the schema of a parameter or header that has one, else the violation's own."""
    node = _node(document, violation.pointer)
    is_missing = violation.rule == "required" and not _within(violation, document)
    return (
        pointers.join(violation.pointer, "schema")
        if "schema" in node and not is_missing
        else violation.pointer
    )


def _within(violation: Violation, document: Mapping[str, Any]) -> str:
    """Return the pointer into the value; the name before it is the parameter's or header's."""
    if violation.part == "body":
        return violation.where
    name = _node(document, violation.pointer).get("name") or pointers.split(violation.pointer)[-1:]
    return violation.where.removeprefix(name if isinstance(name, str) else "".join(name))


def _deeper(document: Mapping[str, Any], pointer: str, step: str) -> Iterator[str]:
    """Yield where the schemas of a part of a value stand."""
    for place, node in _layers(document, pointer, set()):
        properties = node.get("properties")
        if isinstance(properties, dict) and step in properties:
            yield pointers.join(place, "properties", step)
        elif step.isdecimal() and "items" in node:
            yield pointers.join(place, "items")
        elif isinstance(node.get("additionalProperties"), dict):
            yield pointers.join(place, "additionalProperties")


def _layers(
    document: Mapping[str, Any], pointer: str, seen: set[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the schema objects that may apply where one does: it, what it refers to, its alternatives."""
    node = _node(document, pointer)
    if pointer in seen or "$id" in node:
        return
    seen.add(pointer)
    yield pointer, node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        yield from _layers(document, pointers.from_fragment(reference[1:]), seen)
    for keyword in ALTERNATIVES:
        for index in range(len(node.get(keyword, ()))):
            yield from _layers(document, pointers.join(pointer, keyword, index), seen)


def _node(document: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    try:
        node = pointers.lookup(document, pointer)
    except KeyError:
        return {}
    return node if isinstance(node, dict) else {}
