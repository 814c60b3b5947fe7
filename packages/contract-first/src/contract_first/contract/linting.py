"""House rules for valid contracts, which make them useful for readers, generators and mocks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import jsonschema_rs

from contract_first.imports import resting_collector

from .contract import Contract
from .document import pointers
from .document.anatomy import Location, document_location, walk
from .document.defects import Diagnostic
from .operation import Operation
from .reading.reading import with_lines

LONGEST_REASON = 200


class LintRule(StrEnum):
    """The house rules."""

    OPERATION_ID = "operation-id"
    TAG = "tag"
    ERROR_RESPONSE = "error-response"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class RuleViolation(Diagnostic):
    """A place in a contract that violates a house rule."""

    rule: LintRule

    def __str__(self) -> str:
        """Return file, line, pointer, reason and rule in a line."""
        return f"{self.place}: {self.reason.removesuffix('.')} ({self.rule})."


class _Violation(NamedTuple):
    rule: LintRule
    pointer: str
    reason: str


@resting_collector()
def lint(contract: Contract, ignored: Collection[LintRule] = ()) -> list[RuleViolation]:
    """Return the violations of the house rules that are not ignored, in the order of the file.

    Every operation has an operationId of its own, a tag and an error response (a 4xx or ``default``), and
    every example and default conforms to the schema that it stands beside.
    """
    violations = [violation for operation in contract.operations for violation in _of_operation(operation)]
    if LintRule.EXAMPLE not in ignored:
        violations += _Examples(contract).violations()
    return with_lines(
        RuleViolation(contract.source, 0, contract.origin(pointer), reason, rule)
        for rule, pointer, reason in violations
        if rule not in ignored
    )


def _of_operation(operation: Operation) -> Iterator[_Violation]:
    if not operation.definition.get("operationId"):
        yield _Violation(
            LintRule.OPERATION_ID, operation.pointer, "has no operationId; a handler is found by it."
        )
    if not operation.tags:
        yield _Violation(
            LintRule.TAG, operation.pointer, "has no tag; expected at least one, to be listed under."
        )
    if not any(status.startswith("4") or status == "default" for status in operation.responses):
        yield _Violation(
            LintRule.ERROR_RESPONSE,
            operation.pointer,
            "declares no error response; expected a 4xx or a default.",
        )


class _Examples:
    """The examples and defaults of a contract, and their schemas."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.schemas

    def violations(self) -> Iterator[_Violation]:
        for location in walk(document_location(self._contract.document, self._contract.source)):
            if isinstance(location.node, dict):
                examples = list(self._examples(location))
                yield from self._check(location, examples) if examples else ()

    def _examples(self, location: Location) -> Iterator[tuple[str, Any]]:
        """Yield the examples and defaults of the schema at a location, each with its pointer."""
        node = location.node
        if location.kind == "schema":
            listed = node.get("examples")
            for index, value in enumerate(listed if isinstance(listed, list) else ()):
                yield pointers.join(location.pointer, "examples", index), value
        elif location.kind in {"parameter", "header", "mediaType"} and "schema" in node:
            for name, named in node.get("examples", {}).items():
                example, where = self._contract.follow(
                    named, pointers.join(location.pointer, "examples", name)
                )
                if "value" in example:
                    yield pointers.join(where, "value"), example["value"]
        else:
            return
        for keyword in ("example", "default") if location.kind == "schema" else ("example",):
            if keyword in node:
                yield pointers.join(location.pointer, keyword), node[keyword]

    def _check(self, location: Location, examples: list[tuple[str, Any]]) -> Iterator[_Violation]:
        is_schema = location.kind == "schema"
        pointer = location.pointer if is_schema else pointers.join(location.pointer, "schema")
        schemas = self._schemas.view(
            _not_required(location) if self._schemas.is_30 else frozenset(), formats=True
        )
        try:
            validator = schemas.of(location.node if is_schema else location.node["schema"]).validator
        except (LookupError, ValueError, jsonschema_rs.ReferencingError) as refused:
            yield _Violation(LintRule.EXAMPLE, pointer, f"cannot be compiled: {_shortened(str(refused))}")
            return
        for where, value in examples:
            for violation in validator.violations(value, "body"):
                yield _Violation(
                    LintRule.EXAMPLE,
                    where + violation.name,
                    f"violates its schema: {_shortened(violation.detail)}",
                )


def _not_required(location: Location) -> frozenset[str]:
    """Return the marks of properties that are not required where a value of OpenAPI 3.0 stands.

    A schema's own example may be of either direction (OpenAPI 3.0.3, section 4.7.24).
    """
    if location.kind == "schema":
        return frozenset({"readOnly", "writeOnly"})
    is_sent = location.kind == "parameter" or not {"requestBody", "requestBodies"}.isdisjoint(
        pointers.split(location.pointer)
    )
    return frozenset({"readOnly" if is_sent else "writeOnly"})


def _shortened(message: str) -> str:
    line = message.partition("\n")[0].removesuffix(".")
    return f"{line[:LONGEST_REASON]}..." if len(line) > LONGEST_REASON else f"{line}."
