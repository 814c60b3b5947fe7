"""What is wrong with a value under its schema, part by part, as far as it is wise to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any

from . import pointers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from jsonschema_rs import Draft202012Validator, ValidationError

LONGEST_DETAIL = 300
HOLD_NAMED = {"properties", "patternProperties", "dependentSchemas"}
MOST_VIOLATIONS = 100
LONGEST_NAME = 100
MOST_NAMES = 30

# jsonschema-rs collects all errors before it gives the first, 10 µs for each, and those of propertyNames hold
# the whole object each: without these bounds a body of 1 MiB would take a quarter of a minute, or all memory
MOST_PLACES = 2000
MOST_PLACES_WITH_NAMES = 200

RULES_OF_LARGE = frozenset({"type", "maxItems", "maxProperties"})
"""What can be said of a value without looking into its parts."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One part of a request (or response) that violates the contract.

    Attributes:
        location: ``path``, ``query``, ``header``, ``cookie`` or ``body``.
        name: the parameter's name, or a JSON pointer (RFC 6901) into the body.
        rule: the JSON Schema keyword, or the OpenAPI rule, that is violated.
        detail: what was found and what the contract expects, in a sentence.
        pointer: JSON pointer of the keyword in the contract, where that is known.
    """

    location: str
    name: str
    rule: str
    detail: str
    pointer: str = field(default="", compare=False)

    def document(self) -> dict[str, str]:
        """Return the member of ``errors``: bodies have a ``pointer``, parameters a ``name``."""
        place = "pointer" if self.location == "body" else "name"
        return {"in": self.location, place: self.name, "rule": self.rule, "detail": self.detail}


def violations(
    validator: Draft202012Validator,
    schema: Any,
    value: Any,
    location: str,
    name: str,
    place: Callable[[str], str] | None = None,
    *,
    names: Callable[[list[str | int]], Collection[str]],
) -> Iterator[Violation]:
    """Yield what is wrong with a value, at most 100 parts; of a large value only what is near its top.

    Args:
        validator: the compiled schema.
        schema: the schema.
        value: a JSON value.
        location: where the value was (``body``, ``query`` ...).
        name: the parameter's name; violations within it are reported with a pointer behind it.
        place: returns the JSON pointer into the contract of the keyword at a URI, if it is known.
        names: returns the properties that the schema names of the object at a path.
    """
    most = MOST_PLACES_WITH_NAMES if _mentions(schema, "propertyNames") else MOST_PLACES
    if holds_more(value, most):
        causes = _of_outline(validator, value)
        if not causes:
            detail = f"is not valid; it holds more than {most} values, too many to say which is wrong"
            yield Violation(location, name, "schema", detail)
    else:
        causes = [cause for error in validator.iter_errors(value) for cause in _causes(error)]
    for cause in islice(causes, MOST_VIOLATIONS):
        at = pointers.join(name, *cause.instance_path)
        keyword = place(cause.absolute_keyword_location or "") if place else ""
        yield Violation(location, at, _rule(cause), _detail(cause, names), keyword)


def _of_outline(validator: Draft202012Validator, value: dict[str, Any] | list[Any]) -> list[ValidationError]:
    """Return what is wrong with a value and its parts, whatever is in the parts."""
    share = MOST_PLACES // len(value)
    outline = _mapped(value, lambda part: _mapped(part, _emptied, share), MOST_PLACES_WITH_NAMES)
    return [
        error
        for error in validator.iter_errors(outline)
        if error.kind.name in RULES_OF_LARGE and len(error.instance_path) <= 1
    ]


def _mapped(value: Any, change: Callable[[Any], Any], most: int) -> Any:
    """Return a copy of an object or array with its parts changed, and no more of them than that."""
    if isinstance(value, dict):
        most = min(most, MOST_PLACES_WITH_NAMES)
        return {name: change(part) for name, part in islice(value.items(), most)}
    return [change(part) for part in value[:most]] if isinstance(value, list) else value


def _emptied(value: Any) -> Any:
    return _mapped(value, _emptied, 0)


def holds_more(value: Any, most: int) -> bool:
    """Tell whether a value holds more values than that, without looking at many more."""
    pending, count = [value], 1
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list):
            count += len(node)
            if count > most:
                return True
            pending.extend(node.values() if isinstance(node, dict) else node)
    return False


def _mentions(node: Any, keyword: str) -> bool:
    if isinstance(node, dict):
        return keyword in node or any(_mentions(value, keyword) for value in node.values())
    return isinstance(node, list) and any(_mentions(item, keyword) for item in node)


def _causes(error: ValidationError) -> list[ValidationError]:
    """Look into ``anyOf`` and ``oneOf``: where one branch alone has the value's type, its errors say more."""
    context = getattr(error.kind, "context", None)
    if error.kind.name not in {"anyOf", "oneOf"} or not context:
        return [error]
    depth = len(error.instance_path)
    near = [
        branch
        for branch in context
        if not any(e.kind.name == "type" and len(e.instance_path) == depth for e in branch)
    ]
    return [cause for inner in near[0] for cause in _causes(inner)] if len(near) == 1 else [error]


def _rule(error: ValidationError) -> str:
    """Return the keyword that is broken; of the schema false it is the one that holds it."""
    if error.kind.name != "falseSchema":
        return error.kind.name
    keyword, step = ["", "", *error.schema_path][-2:]  # a path starts at the nearest $id
    if keyword == "$defs":
        return "false"
    return str(keyword) if keyword in HOLD_NAMED or isinstance(step, int) else str(step)


def _detail(error: ValidationError, names: Callable[[list[str | int]], Collection[str]]) -> str:
    """Word the error, with what the schema expects; the value itself is never repeated."""
    message = error.message
    detail = message if len(message) <= LONGEST_DETAIL else message[: LONGEST_DETAIL - 1] + "…"
    for name in getattr(error.kind, "unexpected", ())[:1]:
        detail += advice(name, names(error.instance_path))
    return detail


def advice(name: str, known: Collection[str]) -> str:
    """Return what follows an error about an unknown name: the nearest of those that are known, and these."""
    if not known or len(known) > MOST_NAMES:
        return ""
    close = get_close_matches(name, known, n=1) if len(name) <= LONGEST_NAME else []
    return f"{''.join(f'; close to it: {each}' for each in close)}; known are {', '.join(known)}"
