"""The contract's named schemas, for a handler that judges the parts of a body one by one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from .defaults import Defaults
from .problems import ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_contract.schemas import Schemas, Validator

MOST_VIOLATIONS = 10
"""In a part: a body may have hundreds of parts."""


class NamedSchemas:
    """The schemas in ``components``, each compiled when it is first asked for.

    Args:
        document: the contract.
        schemas: its schemas, as requests are read.
    """

    def __init__(self, document: Mapping[str, Any], schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._compiled: dict[str, tuple[Validator, Defaults]] = {}

    def read(self, name: str, value: Any) -> Any:
        """Return a JSON value with the defaults of the schema put into it.

        Raises:
            ValidationFailed: it breaks the schema; pointers are into the value.
            KeyError: the contract has no schema of this name.
        """
        validator, defaults = self._compiled.get(name) or self._compile(name)
        if not validator.is_valid(value):
            raise ValidationFailed(list(islice(validator.violations(value, "body"), MOST_VIOLATIONS)))
        defaults.fill(value)
        return value

    def _compile(self, name: str) -> tuple[Validator, Defaults]:
        schema = self._schemas.of(self._document["components"]["schemas"][name])
        compiled = schema.validator, Defaults.of(schema)
        self._compiled[name] = compiled
        return compiled
