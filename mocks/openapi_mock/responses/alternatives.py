"""Values told apart where two alternatives of ``oneOf`` allow them: contracts often mean ``anyOf`` by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .generation import Generator

ODD: tuple[Any, ...] = (None, 0, "", [], {})
"""One of them breaks nearly every schema of a property."""


def told_apart(value: Any, schemas: list[Any], generator: Generator) -> Iterator[Any]:
    """Yield objects with one property more, which takes all alternatives of a ``oneOf`` away but one."""
    if not isinstance(value, dict):
        return
    for schema in (each for one in schemas for each in generator.beside(one)):
        fitting = [each for each in schema.get("oneOf", ()) if generator.is_valid(each, value)]
        for kept in fitting if len(fitting) > 1 else ():
            yield _without([each for each in fitting if each is not kept], value, generator)


def _without(alternatives: list[Any], value: dict[str, Any], generator: Generator) -> dict[str, Any]:
    """Return the object with a property that each alternative names, and refuses."""
    told = dict(value)
    for alternative in alternatives:
        told |= next(_refused(alternative, told, generator), {})
    return told


def _refused(alternative: Any, value: dict[str, Any], generator: Generator) -> Iterator[dict[str, Any]]:
    for each in generator.beside(alternative):
        for name, schema in each.get("properties", {}).items():
            odd = (one for one in ODD if name not in value and not generator.is_valid(schema, one))
            yield from ({name: one} for one in odd)
