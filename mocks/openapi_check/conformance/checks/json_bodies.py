"""JSON in the body of an answer, which may be anything."""

from __future__ import annotations

import json
from typing import Any


def json_of(body: bytes) -> Any:
    """Return the JSON value of a body; None if it has none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def object_of(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a body; None if it has none."""
    found = json_of(body)
    return found if isinstance(found, dict) else None
