"""Keywords that jsonschema-rs is to read as openapi-core does, which decides about responses.

Both agree on JSON Schema 2020-12 but for regular expressions, formats and a few keywords.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from .integers import INTEGERS, is_within, range_of
from .patterns import matcher

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


def _pattern(value: str, _schema: Any) -> Callable[[Any], bool]:
    """Search with Python's ``re``, as openapi-core does; it does not validate what that cannot read."""
    matches = matcher(value)
    return lambda instance: not isinstance(instance, str) or matches(instance)


def _format(value: str, schema: Any) -> Callable[[Any], bool]:
    """Ask openapi-core's checker, but about integers."""
    if value in INTEGERS:
        bounds = range_of(schema)
        return lambda instance: bounds is None or is_within(instance, bounds)
    conforms = format_checker().conforms
    return lambda instance: bool(conforms(instance, value))


class _Keyword:
    """One use of a keyword in a schema, as jsonschema-rs asks for it."""

    def __init__(
        self, check: Callable[[Any, Any], Callable[[Any], bool]], parent: Any, value: Any, _path: Any
    ) -> None:
        self._holds = check(value, parent)

    def validate(self, instance: Any) -> None:
        """Raise ValueError if the keyword does not hold."""
        if not self._holds(instance):
            raise ValueError


PYTHON_KEYWORDS: dict[str, Any] = {
    "pattern": partial(_Keyword, _pattern),
    "format": partial(_Keyword, _format),
}


def reads_alike(bundle: Any) -> bool:
    """Tell whether the engines agree on all keywords of a schema, but for those above."""
    if isinstance(bundle, dict):
        alike = NOT_ALIKE.isdisjoint(bundle) and bundle.get("$schema", DIALECT) == DIALECT
        return alike and all(reads_alike(value) for value in bundle.values())
    return not isinstance(bundle, list) or all(reads_alike(item) for item in bundle)
