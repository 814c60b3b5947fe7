"""The judge of a contract's answers: the same that judges handlers, and another where that has no word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_service.accept_filter import AcceptFilter
from openapi_service.media_types import essence, is_json
from openapi_service.response_validation import sentences

if TYPE_CHECKING:
    from openapi_contract import Operation
    from openapi_service.assembly import Assembly
    from openapi_service.responses import Rendered

    from .generation import Generator


class AnswerJudge:
    """Judges the answers of one operation."""

    def __init__(self, operation: Operation, assembly: Assembly, generator: Generator) -> None:
        self._operation = operation
        self._filter = AcceptFilter(operation, assembly.contract.schemas)
        self._judge = assembly.judge
        self._generator = generator

    def errors(self, sent: Rendered, media_type: str | None, value: Any, schema: Any) -> list[str]:
        """Return what is wrong with an answer, as it will be sent.

        openapi-core has the last word on JSON. What it stumbles over there, such as an anchor or a pattern
        that Python does not have, and what it would not read back as the value that was written,
        jsonschema-rs decides; text that is no JSON may spell anything.

        Args:
            sent: the answer.
            media_type: of its body.
            value: that the body spells.
            schema: of the value.
        """
        if not is_json(essence(media_type or "")):
            return self._errors_in_value(value, schema) if not isinstance(value, str) else []
        try:
            accepted = self._filter.accepts(sent, media_type)
            return [] if accepted else sentences(self._judge.found(self._operation, sent, media_type))
        except Exception:  # noqa: BLE001 -- whatever it stumbles over
            return self._errors_in_value(value, schema)

    def _errors_in_value(self, value: Any, schema: Any) -> list[str]:
        return [] if self._generator.is_valid(schema, value) else ["its body breaks its schema"]
