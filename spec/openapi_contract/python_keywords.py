"""Keywords that jsonschema-rs is to read as openapi-core does, which decides about responses.

Both agree on JSON Schema 2020-12 but for regular expressions, formats, fractions and a few keywords.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOT_ALIKE = frozenset({"patternProperties", "dependencies", "discriminator"})
"""Keywords that the engines read differently."""


@cache
def format_checker() -> Any:
    """Return openapi-core's checker of formats."""
    from openapi_core.validation.schemas import (  # noqa: PLC0415 -- slow to import, seldom needed
        oas31_schema_validators_factory,
    )

    return oas31_schema_validators_factory.format_checker


class PythonKeyword:
    """A keyword, validated by openapi-core's own means; jsonschema-rs makes one for each use."""

    def __init__(self, parent: dict[str, Any], value: Any, path: list[str | int]) -> None:  # noqa: ARG002 -- jsonschema-rs's signature
        self._holds = self.check(value)

    def validate(self, instance: Any) -> None:
        """Raise ValueError if the keyword does not hold."""
        if not self._holds(instance):
            raise ValueError

    @staticmethod
    def check(value: Any) -> Callable[[Any], bool]:
        """Return what tells whether an instance conforms to this keyword."""
        raise NotImplementedError


class Pattern(PythonKeyword):
    """``pattern``: openapi-core's regular expressions are Python's."""

    @staticmethod
    def check(value: str) -> Callable[[Any], bool]:
        """Search as openapi-core does; where Python cannot read the pattern, it does not validate."""
        try:
            search = re.compile(value).search
        except re.error:
            return jsonschema_rs.Draft202012Validator({"pattern": value}).is_valid
        return lambda instance: not isinstance(instance, str) or search(instance) is not None


class Format(PythonKeyword):
    """``format``: openapi-core checks some, and some of them on numbers."""

    @staticmethod
    def check(value: str) -> Callable[[Any], bool]:
        """Ask openapi-core's checker."""
        conforms = format_checker().conforms
        return lambda instance: bool(conforms(instance, value))


class MultipleOf(PythonKeyword):
    """``multipleOf``: openapi-core divides binary fractions, jsonschema-rs decimal ones."""

    @staticmethod
    def check(value: float) -> Callable[[Any], bool]:
        """Ask openapi-core's validator."""
        from openapi_schema_validator import OAS31Validator  # noqa: PLC0415 -- slow to import, seldom needed

        is_valid: Callable[[Any], bool] = OAS31Validator({"multipleOf": value}).is_valid
        return is_valid


PYTHON_KEYWORDS = {"pattern": Pattern, "format": Format, "multipleOf": MultipleOf}


def reads_alike(bundle: Any) -> bool:
    """Tell whether the engines agree on all keywords of a schema, but for those above."""
    if isinstance(bundle, dict):
        alike = NOT_ALIKE.isdisjoint(bundle) and bundle.get("$schema", DIALECT) == DIALECT
        return alike and all(reads_alike(value) for value in bundle.values())
    return not isinstance(bundle, list) or all(reads_alike(item) for item in bundle)
