"""Corrects how openapi-core reads writeOnly, discriminators, patterns, multiples, formats.

It looks for a mark in a property's schema, and not in what that refers to: a required property that has one
there could neither be sent nor left out. Of a discriminator it takes all alternatives for references, and
refuses any value of others, which a discriminator does not consider (3.0.3, section 4.7.25); one beside
``allOf`` is for the schemas that extend the whole, and not for the parts. It searches with Python's ``re``,
which may backtrack without end. It divides binary fractions, by which 0.07 is no multiple of 0.01. It has
formats of its own. In 3.0 it takes 1.0 for no integer.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs
import openapi_schema_validator as oas
from jsonschema import ValidationError
from jsonschema.validators import extend
from openapi_core.validation.schemas.factories import DialectSchemaValidatorsFactory, SchemaValidatorsFactory

from contract_first.contract.document.anatomy import ALTERNATIVES, mapping_targets
from contract_first.contract.document.json_types import is_integer
from contract_first.contract.document.patterns import longest_text, matches

from .keywords import format_check
from .schema import Schemas


class _AnyDialect(DialectSchemaValidatorsFactory):
    """Makes the validators of OpenAPI 3.1 and 3.2, in any dialect."""

    def __init__(self, schemas: Schemas, kind: Any, dialect: str) -> None:
        super().__init__(kind, dialect)
        self._corrected = cache(lambda kind: _corrected(kind, schemas))

    def get_validator_cls(self, spec: Any, schema: Any) -> Any:
        """Return the class of the dialect, with the keywords that are corrected in all of them."""
        kind: Any = super().get_validator_cls(spec, schema)
        return self._corrected(kind)


def of_responses(schemas: Schemas, version: str) -> SchemaValidatorsFactory:
    """Return the factory of validators of responses, for a version of OpenAPI such as ``3.1``."""
    match version:
        case "3.0":
            return SchemaValidatorsFactory(_corrected(oas.OAS30ReadValidator, schemas))
        case "3.1":
            return _AnyDialect(schemas, oas.OAS31Validator, oas.OAS31_BASE_DIALECT_ID)
        case _:
            return _AnyDialect(schemas, oas.OAS32Validator, oas.OAS32_BASE_DIALECT_ID)


def _composed(keyword: str, kind: Any) -> Callable[..., Iterator[ValidationError]]:
    """Return a keyword that composes schemas, with the discriminator of references alone."""

    def check(validator: Any, branches: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
        are_references = all(isinstance(branch, dict) and "$ref" in branch for branch in branches)
        if "discriminator" in schema and (keyword == "allOf" or not are_references):
            schema = {name: value for name, value in schema.items() if name != "discriminator"}
        elif "discriminator" in schema:
            targets = mapping_targets(schema["discriminator"])
            schema = {**schema, "discriminator": {**schema["discriminator"], "mapping": targets}}
        yield from kind.VALIDATORS[keyword](validator, branches, instance, schema)

    return check


def _multiple_of(validator: Any, step: float, instance: Any, _: Any) -> Iterator[ValidationError]:
    """Validate the keyword ``multipleOf`` as in requests: numbers of JSON are decimal (RFC 8259)."""
    if validator.is_type(instance, "number") and not _multiples(step).is_valid(instance):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


@lru_cache
def _multiples(step: float) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"multipleOf": step})


def _pattern(kind: Any) -> Callable[..., Iterator[ValidationError]]:
    """Return the keyword ``pattern``, which takes another engine where Python's may never end."""

    def pattern(validator: Any, value: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, str) or len(instance) <= longest_text(value):
            yield from kind.VALIDATORS["pattern"](validator, value, instance, schema)
        elif not matches(value, instance):
            yield ValidationError(f"{instance!r} does not match {value!r}")

    return pattern


def _format(_: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Validate the keyword ``format`` as in requests."""
    conforms, detail = format_check(name, schema)
    if not conforms(instance):
        yield ValidationError(detail)


def _corrected(kind: Any, schemas: Schemas) -> Any:
    """Return a class of validators that require nothing ``writeOnly``, and for which 1.0 is an integer."""
    marks = schemas.one_way & {"writeOnly"}
    merged = _composed("allOf", kind)

    def required(validator: Any, names: list[str], instance: Any, schema: Any) -> Iterator[Any]:
        original = kind.VALIDATORS["required"]
        if any(original(validator, names, instance, schema)):  # what is marked takes a while to find
            unmarked = _unmarked(names, schemas.marked(schema, marks))
            yield from original(validator, unmarked, instance, schema)

    def all_of(validator: Any, parts: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
        if any("required" in part or "allOf" in part for part in parts):
            marked = schemas.marked(schema, marks)
            parts = [_not_requiring(part, marked) for part in parts] if marked else parts
        yield from merged(validator, parts, instance, schema)

    keywords = {keyword: _composed(keyword, kind) for keyword in ALTERNATIVES}
    keywords |= {"allOf": all_of, "required": required, "format": _format}
    keywords |= {"pattern": _pattern(kind), "multipleOf": _multiple_of}
    types = kind.TYPE_CHECKER.redefine("integer", lambda _, value: is_integer(value))
    return extend(kind, keywords, type_checker=types)


def _not_requiring(part: dict[str, Any], marked: frozenset[str]) -> dict[str, Any]:
    """Return a part of an ``allOf``, and the parts of its own, without what need not be there."""
    changed = dict(part)
    if "required" in part:
        changed["required"] = _unmarked(part["required"], marked)
    if "allOf" in part:
        changed["allOf"] = [_not_requiring(inner, marked) for inner in part["allOf"]]
    return changed


def _unmarked(names: list[str], marked: frozenset[str]) -> list[str]:
    return [name for name in names if name not in marked]
