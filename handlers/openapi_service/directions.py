"""What openapi-core is to make of OpenAPI 3.0's ``readOnly`` and ``writeOnly``.

It looks for them in a property's schema, and not in what that refers to: a required property that is marked
there could neither be sent nor left out. And it refuses what is read-only in requests, where it only *should
not* be sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema.validators import extend
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator

from .shapes import properties_marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schemas import SchemaCompiler


def of_requests(compiler: SchemaCompiler) -> SchemaValidatorsFactory:
    """Return what makes openapi-core's validators of requests: read-only properties may be there or not."""
    keywords = {**_keywords("readOnly", OAS30WriteValidator, compiler), "readOnly": lambda *_: ()}
    return SchemaValidatorsFactory(extend(OAS30WriteValidator, keywords))


def of_answers(compiler: SchemaCompiler) -> SchemaValidatorsFactory:
    """Return what makes openapi-core's validators of answers: write-only properties are not there."""
    return SchemaValidatorsFactory(
        extend(OAS30ReadValidator, _keywords("writeOnly", OAS30ReadValidator, compiler))
    )


def _keywords(mark: str, kind: Any, compiler: SchemaCompiler) -> dict[str, Any]:
    """Return the keywords that tell what is required, for all properties but those that are marked."""

    def required(validator: Any, names: list[str], instance: Any, schema: Any) -> Iterator[Any]:
        judged = kind.VALIDATORS["required"]
        if any(judged(validator, names, instance, schema)):  # what is marked takes a while to find
            wanted = _unmarked(names, properties_marked(mark, schema, compiler))
            yield from judged(validator, wanted, instance, schema)

    def all_of(validator: Any, parts: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
        if any("required" in part for part in parts):
            marked = properties_marked(mark, schema, compiler)
            parts = [
                {**part, "required": _unmarked(part["required"], marked)} if "required" in part else part
                for part in parts
            ]
        yield from kind.VALIDATORS["allOf"](validator, parts, instance, schema)

    return {"required": required, "allOf": all_of}


def _unmarked(names: list[str], marked: frozenset[str]) -> list[str]:
    return [name for name in names if name not in marked]
