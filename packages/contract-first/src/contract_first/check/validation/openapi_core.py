"""openapi-core as the validator of responses, which decides about those of the service too."""

import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

from contract_first.check.exchange import MessageViolation
from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.violations import holds_more
from contract_first.service.messages.response import Rendered
from contract_first.service.response.response_validation import ResponseValidator, detail_of

from .schemas import MOST_VIOLATIONS, SchemaValidator

UNDECIDED = Exception("openapi-core did not validate this")
"""Its error where it cannot validate, or would take too long."""
MOST_VALUES = 5000
"""openapi-core takes some 20 µs for each value in a body, and holds up everything else for as long."""


class OpenapiCore:
    """Validates responses of a known operation with openapi-core."""

    def __init__(self, contract: Contract) -> None:
        self._validator = ResponseValidator(contract)

    def errors(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[Any]:
        """Return openapi-core's errors in a response; `UNDECIDED` if it cannot validate it."""
        try:
            with warnings.catch_warnings():  # such as that a header which was sent is deprecated
                warnings.filterwarnings("ignore", module=r"openapi_core\.")
                return self._validator.errors_of(operation, rendered, media_type)
        except Exception:  # noqa: BLE001 -- whatever openapi-core stumbles over, the other engine still validates
            return [UNDECIDED]


def violations_of(error: Exception, schema: SchemaValidator) -> Iterator[MessageViolation]:
    """Yield the violations of an error of openapi-core, without the value."""
    if error is UNDECIDED:
        return
    cause = error.__cause__
    schema_errors = getattr(cause, "schema_errors", ()) or getattr(error, "schema_errors", ())
    for schema_error in islice(schema_errors, MOST_VIOLATIONS):
        path, keywords = schema_error.absolute_path, schema_error.absolute_schema_path
        yield schema.violation_at(path, str(schema_error.validator), detail_of(schema_error), keywords)
    if not schema_errors:
        reason = type(cause or error).__name__
        yield schema.violation("schema", f"cannot be read as the contract has it ({reason})")


def is_large(value: Any) -> bool:
    """Tell whether a value holds more values than openapi-core is asked about."""
    return holds_more(value, MOST_VALUES)
