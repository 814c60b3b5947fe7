"""The rules of the linter, and which of them are left out."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from contract_first.contract.document import pointers

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first, by SARIF's names."""
OFF: Literal["off"] = "off"
Level = Severity | Literal["off"]


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule.

    An error keeps tools from reading the contract, or lets them read it in several ways; a warning means less
    than its author thinks; a note says what readers miss.

    Attributes:
        name: stable; what tools match on.
        says: what is wrong, as the end of a sentence whose subject is the place.
        remedy: what is expected instead.
    """

    name: str
    severity: Severity
    says: str
    remedy: str

    @property
    def meaning(self) -> str:
        """What is wrong, and what is expected, in a sentence without its subject."""
        return f"{self.says}; {self.remedy}."


_BY_SEVERITY: dict[Severity, tuple[tuple[str, str, str], ...]] = {
    "error": (
        ("operation-id", "has no operationId", "a handler is found by it"),
        ("example", "violates its schema", "expected a value that conforms"),
    ),
    "warning": (
        ("operation-id-url", "has an operationId that no URL can hold", "expected no spaces"),
        ("ref-siblings", "has keywords beside $ref", "OpenAPI 3.0 ignores them: use allOf"),
        ("nullable-type", "is nullable without a type", "expected a type, else it has no effect"),
        ("pattern", "is no pattern of ECMAScript", "expected one that browsers can compile"),
        ("read-only", "is readOnly, in a request's example", "leave it out there"),
        ("write-only", "is writeOnly, in a response's example", "leave it out there"),
    ),
    "note": (
        ("tag", "has no tag", "expected at least one, to be listed under"),
        ("error-response", "declares no error response", "expected a 4xx or a default"),
        ("operation-description", "has no description", "expected that or a summary"),
        ("security", "says nothing about security", "expected schemes, or [] for anybody"),
        ("unused-component", "is referred to from nowhere", "remove it"),
        ("tag-declared", "has a tag that the document does not describe", "expected it in tags"),
        ("tag-description", "has no description", "expected what its operations have in common"),
        ("info-description", "has no description", "expected what the API is for"),
        ("info-contact", "has no contact", "expected whom to ask"),
        ("info-license", "has no license", "expected the terms of use"),
    ),
}
RULES = {
    name: LintRule(name, severity, says, remedy)
    for severity, rules in _BY_SEVERITY.items()
    for name, says, remedy in rules
}


def rule_named(name: str) -> LintRule:
    """Return the rule of a name; ValueError lists all if there is none."""
    if name not in RULES:
        raise ValueError(f"{name!r} is not one of {', '.join(RULES)}.")
    return RULES[name]


class Ignored(NamedTuple):
    """Violations that are left out.

    Attributes:
        pointer: JSON pointer of the place that they are at or below; empty for the whole document.
        reason: why they may stay; may be empty.
    """

    rule: str
    pointer: str = ""
    reason: str = ""

    @classmethod
    def of(cls, text: str) -> "Ignored":
        """Read ``RULE``, ``RULE#POINTER``, ``RULE: REASON`` or ``RULE#POINTER: REASON``.

        Raises:
            ValueError: there is no such rule.
        """
        place, _, reason = text.partition(": ")
        name, _, pointer = place.partition("#")
        return cls(rule_named(name.strip()).name, pointer.strip(), reason.strip())

    def covers(self, rule: str, pointer: str) -> bool:
        """Tell whether a violation of a rule at a place is left out."""
        within = pointers.split(self.pointer)
        return rule == self.rule and pointers.split(pointer)[: len(within)] == within


def severities_of(texts: list[str]) -> dict[str, Level]:
    """Read ``RULE=SEVERITY``; ``off`` is one, too.

    Raises:
        ValueError: there is no such rule or severity.
    """
    severities: dict[str, Level] = {}
    for text in texts:
        rule, _, word = text.partition("=")
        severity = next((level for level in (*SEVERITIES, OFF) if level == word), None)
        if severity is None:
            raise ValueError(
                f"{text!r} is not RULE=SEVERITY; severities are {', '.join(SEVERITIES)} and off."
            )
        severities[rule_named(rule).name] = severity
    return severities
