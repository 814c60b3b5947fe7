"""Alternatives beside each other: objects of one alone, and the object that an identifier stands for."""

from collections.abc import Iterable, Iterator
from typing import Any

from contract_first.contract.schemas.merging import Merger
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning

UNUSUAL: tuple[Any, ...] = (None, 0, "", [], {})
"""One of them violates nearly every schema of a property."""


def of_one_alternative(value: Any, schemas: list[Any], merger: Merger) -> Iterator[dict[str, Any]]:
    """Yield objects with more properties, so that all alternatives of a ``oneOf`` refuse them but one.

    Many contracts say ``oneOf`` and mean ``anyOf``.
    """
    if not isinstance(value, dict):
        return
    for branches in (group for schema in schemas for group in merger.of(schema).exclusive):
        valid = [branch for branch in branches if branch.conforms(value)]
        for chosen in valid if len(valid) > 1 else ():
            extended = dict(value)
            for other in valid:
                if other is not chosen:
                    extended |= next(_refused(other, extended), {})
            yield extended


def _refused(alternative: Schema, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield properties that an alternative names, with values that it refuses."""
    for name, schema in alternative.properties.items():
        if name not in value:
            yield from ({name: unusual} for unusual in UNUSUAL if not schema.conforms(unusual))


def identified(alternatives: Iterable[Schema]) -> Schema | None:
    """Return the alternative that is an object with an identifier, which another one may be; None without."""
    objects = (schema for schema in alternatives if "object" in schema.types)
    return next(
        (schema for schema in objects if any(map(Meaning.IDENTIFIER.__contains__, schema.members))), None
    )
