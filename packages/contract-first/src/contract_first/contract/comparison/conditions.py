"""Compares conditions: keywords that combine schemas, or depend on what else is in a value."""

import json
from collections.abc import Iterator

from contract_first.contract.schemas.parts import Conjunction
from contract_first.contract.schemas.shapes import Shape

MONOTONE = ("patternProperties", "dependentSchemas", "propertyNames", "unevaluatedItems")
"""Keywords that are stricter if their schemas are, which are compared as properties are."""
GROUPS = (
    ("if", "then", "else"),
    ("contains", "minContains", "maxContains"),
    ("patternProperties", "properties", "additionalProperties", "unevaluatedProperties"),
)
"""Keywords that only have an effect together."""
ANNOTATION = "contentSchema"


def group_of(label: str) -> tuple[str, ...]:
    """Return the keywords that a condition is made of."""
    keyword = label.partition(" ")[0]
    return next((group for group in GROUPS if keyword in group), (keyword,))


def is_monotone(label: str, old: Shape, new: Shape) -> bool:
    """Tell whether a condition of both shapes is stricter if its schema is."""
    if label == "contains":
        return not ({"maxContains"} & (old.conditions.keys() | new.conditions.keys()))
    if label in {"then", "else"}:
        return "if" in old.applied and text_of(old.applied["if"]) == text_of(new.applied.get("if", ()))
    return label.startswith(MONOTONE)


def condition_changes(old: Shape, new: Shape) -> Iterator[tuple[str, str]]:
    """Yield conditions that came, went, or have another constant, and in which direction.

    The direction is ``narrowed``, ``widened``, or ``changed`` where the keywords alone do not tell.
    """
    for keyword in old.conditions | new.conditions:
        if keyword != "discriminator" and old.conditions.get(keyword) != new.conditions.get(keyword):
            kind = _of_constant(keyword, old, new)
            if kind:
                yield keyword, kind
    for label in old.applied | new.applied:
        if (label in old.applied) != (label in new.applied):
            kind = _of_presence(label, old, new)
            if kind:
                yield label, kind


def text_of(conjunction: Conjunction) -> str:
    """Return the schemas that are compared as JSON."""
    return json.dumps([part.node for part in conjunction])


def _of_constant(keyword: str, old: Shape, new: Shape) -> str:
    if keyword == "dependentRequired":
        old_pairs, new_pairs = _dependencies(old), _dependencies(new)
        if old_pairs < new_pairs:
            return "narrowed"
        return "widened" if new_pairs < old_pairs else "changed" * (old_pairs != new_pairs)
    if keyword in {"minContains", "maxContains"}:
        if not ("contains" in old.applied and "contains" in new.applied):
            return ""  # alone they have no effect
        default = "1" if keyword == "minContains" else "Infinity"
        before, now = (float(shape.conditions.get(keyword, default)) for shape in (old, new))
        is_narrowed = before < now if keyword == "minContains" else now < before
        return "narrowed" if is_narrowed else "widened" * (before != now)
    return "changed"


def _dependencies(shape: Shape) -> set[tuple[str, str]]:
    required = json.loads(shape.conditions.get("dependentRequired", "{}"))
    return {(name, other) for name, others in required.items() for other in others}


def _of_presence(label: str, old: Shape, new: Shape) -> str:
    """Return how a condition that only one shape has changes what conforms; empty if by another's name."""
    having, lacking, kind = (new, old, "narrowed") if label in new.applied else (old, new, "widened")
    match label.partition(" ")[0]:
        case "if":
            is_whole = {"then", "else"}.isdisjoint(lacking.applied)
            has_effect = not {"then", "else"}.isdisjoint(having.applied)
            return kind if is_whole and has_effect else "changed" * has_effect
        case "then" | "else":
            return kind * ("if" in having.applied and "if" in lacking.applied)
        case "contains" if having.conditions.get("minContains") == "0":
            return "changed" * ("maxContains" in having.conditions)
        case "patternProperties" if lacking.additional != ():
            return "changed"
        case keyword:
            return "changed" if keyword == ANNOTATION else kind
