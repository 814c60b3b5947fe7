"""House rules for a contract that is valid: what a reader, a generator and a mock want of it beside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jsonschema_rs

from . import pointers
from .anatomy import Place, document_place, walk
from .comparison.expansion import Schemas
from .comparison.located import Located
from .dialect30 import to_2020_12

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .contract import Contract, Operation

URI = "urn:contract"
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A place in a contract that breaks a house rule.

    Attributes:
        rule: ``operation-id``, ``tag``, ``error-response`` or ``example``.
        pointer: JSON pointer of the place.
        reason: what is wrong, and what was wanted.
    """

    rule: str
    pointer: str
    reason: str


def lint(contract: Contract) -> list[Fault]:
    """Return where a contract breaks the house rules, in the order of the document.

    Every operation has an operationId of its own, a tag and an error response (a 4xx or ``default``), and
    every example and default keeps the schema that it stands beside.
    """
    faults = [fault for operation in contract.operations for fault in _of_operation(operation)]
    return [*faults, *dict.fromkeys(_Examples(contract).faults())]


def _of_operation(operation: Operation) -> Iterator[Fault]:
    if not operation.definition.get("operationId"):
        yield Fault("operation-id", operation.pointer, "has no operationId; a handler is found by it.")
    if not operation.tags:
        yield Fault("tag", operation.pointer, "has no tag; wanted at least one, to be listed under.")
    if not any(status.startswith("4") or status == "default" for status in operation.responses):
        yield Fault("error-response", operation.pointer, "declares no error; wanted a 4xx or a default.")


class _Examples:
    """The examples and defaults of a contract, and the schemas they are to keep."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._registries: dict[tuple[str, ...], jsonschema_rs.Registry] = {}

    def faults(self) -> Iterator[Fault]:
        for place in walk(document_place(self._contract.document, self._contract.source)):
            if isinstance(place.node, dict):
                examples = list(self._examples(place))
                yield from self._check(place, examples) if examples else ()

    def _examples(self, place: Place) -> Iterator[tuple[str, Any]]:
        """Yield what is to keep the schema of a place, each with its pointer."""
        node = place.node
        if place.kind == "schema":
            listed = node.get("examples")
            for index, value in enumerate(listed if isinstance(listed, list) else ()):
                yield pointers.join(place.pointer, "examples", index), value
        elif place.kind in {"parameter", "header", "mediaType"} and "schema" in node:
            for name, named in node.get("examples", {}).items():
                example, where = self._contract.follow(named, pointers.join(place.pointer, "examples", name))
                if "value" in example:
                    yield pointers.join(where, "value"), example["value"]
        else:
            return
        for keyword in ("example", "default") if place.kind == "schema" else ("example",):
            if keyword in node:
                yield pointers.join(place.pointer, keyword), node[keyword]

    def _check(self, place: Place, examples: list[tuple[str, Any]]) -> Iterator[Fault]:
        pointer = place.pointer if place.kind == "schema" else pointers.join(place.pointer, "schema")
        registry = self._registry(_not_required(place) if self._contract.openapi.startswith("3.0.") else ())
        try:
            validator = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{URI}#{quote(pointer)}"}, registry=registry, validate_formats=True
            )
        except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as refused:
            yield Fault("example", pointer, f"cannot be compiled: {_shortened(str(refused))}")
            return
        for where, value in examples:
            for error in validator.iter_errors(value):
                at = pointers.join(where, *error.instance_path)
                yield Fault("example", at, f"breaks its schema: {_shortened(error.message)}")

    def _registry(self, marks: tuple[str, ...]) -> jsonschema_rs.Registry:
        """Return the document as JSON Schema spells it; what bears one of the marks is not required."""
        if marks not in self._registries:
            document = json.loads(json.dumps(self._contract.document))
            if self._contract.openapi.startswith("3.0."):
                _translate(document, Schemas(self._contract), marks)
            self._registries[marks] = jsonschema_rs.Registry([(URI, document)], retriever=_refuse)
        return self._registries[marks]


def _not_required(place: Place) -> tuple[str, ...]:
    """Return the marks of properties that are not required where a value of OpenAPI 3.0 stands.

    A schema's own example may be of either direction (OpenAPI 3.0.3, section 4.7.24).
    """
    if place.kind == "schema":
        return "readOnly", "writeOnly"
    is_sent = place.kind == "parameter" or not {"requestBody", "requestBodies"}.isdisjoint(
        pointers.split(place.pointer)
    )
    return ("readOnly",) if is_sent else ("writeOnly",)


def _translate(document: dict[str, Any], schemas: Schemas, marks: tuple[str, ...]) -> None:
    """Spell the schemas of an OpenAPI 3.0 document as JSON Schema 2020-12 does, in place."""
    for place in walk(document_place(document, "")):
        if place.kind == "schema" and isinstance(place.node, dict):
            _require_less(place.node, schemas, marks)
            translated = to_2020_12(place.node)
            place.node.clear()
            place.node.update(translated)


def _require_less(schema: dict[str, Any], schemas: Schemas, marks: tuple[str, ...]) -> None:
    """Take the properties that bear a mark out of what a schema and the members of its ``allOf`` require."""
    members = [schema, *schema.get("allOf", ())]
    if requiring := [each for each in members if isinstance(each, dict) and "required" in each]:
        marked = schemas.marked_properties(Located(schema, "", ""), marks)
        for each in requiring:
            each["required"] = [name for name in each["required"] if name not in marked]


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not part of the contract.")


def _shortened(message: str) -> str:
    line = message.partition("\n")[0].removesuffix(".")
    return f"{line[:LONGEST_REASON]}..." if len(line) > LONGEST_REASON else f"{line}."
