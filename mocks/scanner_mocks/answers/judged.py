"""The judge of a contract's answers: the same that judges handlers, and another where that has no word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scanner_api.binding.accept_filter import AcceptFilter
from scanner_api.binding.media_types import essence, is_json

if TYPE_CHECKING:
    from scanner_api.binding.answers import Rendered
    from scanner_api.binding.assembly import Assembly
    from scanner_contract import Operation

    from .generation import Generator


class AnswerJudge:
    """Judges the answers of one operation."""

    def __init__(self, operation: Operation, assembly: Assembly, generator: Generator) -> None:
        self._operation = operation
        self._filter = AcceptFilter(operation, assembly.compiler)
        self._judge = assembly.judge
        self._generator = generator

    def errors(self, sent: Rendered, media_type: str | None, schema: Any) -> list[str]:
        """Return what is wrong with an answer, as it will be sent.

        openapi-core has the last word. What it stumbles over, such as an anchor or a pattern that Python
        does not have, jsonschema-rs decides.
        """
        if self._filter.accepts(sent, media_type) or (media_type and not _is_read_back(media_type)):
            return []
        try:
            found = self._judge.found(self._operation, sent, media_type)
        except Exception:  # noqa: BLE001 -- whatever it stumbles over
            valid = media_type is None or self._generator.is_valid(schema, msgspec.json.decode(sent.body))
            return [] if valid else ["its body breaks its schema"]
        return self._judge.errors(self._operation, sent, media_type) if found else []


def _is_read_back(media_type: str) -> bool:
    """Tell whether openapi-core reads a body of a media type as the value that was written."""
    kind = essence(media_type)
    return is_json(kind) or kind == "text/plain"
