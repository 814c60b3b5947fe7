"""Validates rules that OpenAPI states in prose only, such as unique and declared names."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .contract import Contract
from .document import pointers
from .document.anatomy import Location
from .document.defects import Action, Flaw
from .document.parsing import MAX_DEPTH
from .routing import EXPRESSION, path_of, spellings

FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def semantic_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield the flaws of operationIds, parameters, security requirements, headers and tags."""
    root = locations[0]
    contract = Contract(root.node, root.source)
    operation_ids: dict[str, str] = {}
    yield from _of_security(contract, root.node, "")
    shared_responses = root.node.get("components", {}).get("responses", {})
    yield from _of_headers(shared_responses, "/components/responses")
    for path, item, pointer in contract.path_items():
        yield from _repeated_parameters(contract, item, pointer)
        shared = _path_parameters(contract, item, pointer)
        for method, definition, at in contract.operations_in(item, pointer):
            identifier = definition.get("operationId")
            if identifier is not None and operation_ids.setdefault(identifier, at) != at:
                reason = f"Operation ID '{identifier}' for '{method}' in '{path}' is not unique."
                yield Flaw(pointers.join(at, "operationId"), reason)
            yield from _repeated_parameters(contract, definition, at)
            declared = {**shared, **_path_parameters(contract, definition, at)}
            yield from _undeclared(path, definition, at, declared)
            yield from _of_security(contract, definition, at)
            yield from _of_headers(definition.get("responses", {}), pointers.join(at, "responses"))
    yield from _of_tags(root.node)


def _parameters(
    contract: Contract, holder: Mapping[str, Any], pointer: str
) -> Iterator[tuple[tuple[str, str], str]]:
    for index, node in enumerate(holder.get("parameters", ())):
        parameter = contract.resolve(node)
        yield (parameter["name"], parameter["in"]), pointers.join(pointer, "parameters", index)


def _repeated_parameters(contract: Contract, holder: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    seen = set[tuple[str, str]]()
    for key, at in _parameters(contract, holder, pointer):
        if key in seen:
            yield Flaw(at, f"Duplicate parameter '{key[0]}'.")
        seen.add(key)


def _path_parameters(contract: Contract, holder: Mapping[str, Any], pointer: str) -> dict[str, str]:
    return {name: at for (name, where), at in _parameters(contract, holder, pointer) if where == "path"}


def _undeclared(
    path: str, definition: dict[str, Any], pointer: str, declared: Mapping[str, str]
) -> Iterator[Flaw]:
    """Yield path parameters of the template that are not declared, and declared ones not in it."""
    names = dict.fromkeys(EXPRESSION.findall(path))
    names |= {spelling: None for name in names for spelling in spellings(name)}
    for name in EXPRESSION.findall(path_of(path)):
        if declared.keys().isdisjoint(spellings(name)):
            reason = f"Path parameter {name!r} is in the template and not declared."
            yield Flaw(pointer, reason, fix=partial(_declare, definition, name))
    for name, at in declared.items():
        if name not in names:
            yield Flaw(at, f"Path parameter {name!r} is not in the template {path}.")


def _declare(definition: dict[str, Any], name: str) -> Action:
    parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    definition.setdefault("parameters", []).append(parameter)
    return "repaired"


def _of_headers(responses: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    """Yield headers of responses whose names are invalid."""
    for status, response in responses.items():
        if status.startswith("x-") or not isinstance(response, dict):  # as 3.0 allows, by an odd name
            continue
        for name in response.get("headers", {}):
            if not FIELD_NAME.fullmatch(name):
                reason = (
                    f"{name!r} is not the name of a header field; expected a token (RFC 9110, section 5.1)."
                )
                yield Flaw(pointers.join(pointer, status, "headers", name), reason)


def _of_security(contract: Contract, holder: dict[str, Any], pointer: str) -> Iterator[Flaw]:
    declared = contract.document.get("components", {}).get("securitySchemes", {})
    names = (name for alternative in holder.get("security", ()) for name in alternative)
    for name in dict.fromkeys(names):
        if name not in declared:
            reason = f"the security scheme {name} is not declared in components/securitySchemes."
            fix = partial(_require_none_of, holder, name)
            yield Flaw(pointers.join(pointer, "security"), reason, fix=fix)


def _require_none_of(holder: dict[str, Any], name: str) -> Action:
    holder["security"] = [alternative for alternative in holder["security"] if name not in alternative]
    return "left out"


def _of_tags(document: Mapping[str, Any]) -> Iterator[Flaw]:
    tags = document.get("tags", ())
    parents = {tag["name"]: tag.get("parent") for tag in tags}
    names = Counter(tag["name"] for tag in tags)
    for index, tag in reversed(list(enumerate(tags))):
        at = pointers.join("/tags", index)
        if names[tag["name"]] > 1:
            names[tag["name"]] -= 1
            yield Flaw(at, f"Duplicate tag name '{tag['name']}'.")
        parent, ancestors = tag.get("parent"), {tag["name"]}
        while parent in parents and parent not in ancestors and len(ancestors) < MAX_DEPTH:
            ancestors.add(parent)
            parent = parents[parent]
        if parent is not None:
            problem = "is one of too many, or of a circle" if parent in parents else "is no tag"
            yield Flaw(pointers.join(at, "parent"), f"The parent tag '{parent}' {problem}.")
