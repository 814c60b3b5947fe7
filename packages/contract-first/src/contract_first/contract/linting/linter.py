"""Applies all rules to a contract."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from contract_first.contract.contract import Contract
from contract_first.contract.document.anatomy import document_location, walk
from contract_first.contract.document.defects import Diagnostic
from contract_first.contract.reading.reading import with_lines
from contract_first.imports import resting_collector

from .examples import EXAMPLES, Examples
from .rules import OFF, RULES, Ignored, Level, Severity
from .structure import OF_INTEREST, REFERRING, ComponentUses, Flaw, of_document, of_schema


@dataclass(frozen=True, slots=True)
class RuleViolation(Diagnostic):
    """A place in a contract that violates a house rule.

    Attributes:
        severity: ``error``, ``warning`` or ``note``.
    """

    rule: str
    severity: Severity

    def __str__(self) -> str:
        """Return file, line, pointer, reason and rule in a line."""
        severity = "" if self.severity == "error" else f"{self.severity}, "
        return f"{self.place}: {self.reason.removesuffix('.')} ({severity}{self.rule})."


@resting_collector()
def lint(
    contract: Contract, ignored: Collection[Ignored] = (), severities: Mapping[str, Level] | None = None
) -> list[RuleViolation]:
    """Return the violations of the house rules that are not ignored, in the order of the file.

    Args:
        severities: by rule, those that are not the rule's own; of ``off`` are none.
    """
    levels: dict[str, Level] = {name: rule.severity for name, rule in RULES.items()}
    levels |= {**(severities or {}), **{entry.rule: OFF for entry in ignored if not entry.pointer}}
    left_out = {name for name, level in levels.items() if level == OFF}
    places = [entry for entry in ignored if entry.pointer]
    return with_lines(
        RuleViolation(contract.source, 0, origin, violation.reason, violation.rule, level)
        for violation in _violations(contract, left_out)
        if (level := levels[violation.rule]) != OFF
        for origin in [contract.origin(violation.pointer)]
        if not any(entry.covers(violation.rule, origin) for entry in places)
    )


def _violations(contract: Contract, left_out: Collection[str]) -> Iterator[Flaw]:
    yield from of_document(contract)
    uses, examples = ComponentUses(contract.document), Examples(contract)
    has_examples = not {"example", "read-only", "write-only"} <= set(left_out)
    is_30 = contract.schemas.is_30
    for location in walk(document_location(contract.document, contract.source)):
        if isinstance(location.node, dict):
            if location.kind == "operation" or not REFERRING.isdisjoint(location.node):
                uses.add(location)
            if location.kind == "schema" and not OF_INTEREST.isdisjoint(location.node):
                yield from of_schema(location, is_30=is_30)
            if has_examples and not EXAMPLES.isdisjoint(location.node):
                yield from examples.violations(location)
    yield from uses.unused()
