"""A verdict as header fields of the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openapi_mock.journal import Verdict, Violation

    from .fields import RawHeaders

COUNT = b"x-contract-violations"
FIRST = b"x-contract-violation"
MOST_TOLD = 5
LONGEST = 200
NOT_PLAIN = re.compile(r"[^ -~]")


def verdict_fields(verdict: Verdict) -> RawHeaders:
    """Return how many violations there are, and the first of them in words; nothing where there are none."""
    told = [f"request {_words(each)}" for each in verdict.request]
    told += [f"response {_words(each)}" for each in verdict.response]
    if not told:
        return []
    first = [(FIRST, NOT_PLAIN.sub("?", each)[:LONGEST].encode()) for each in told[:MOST_TOLD]]
    return [(COUNT, str(len(told)).encode()), *first]


def _words(violation: Violation) -> str:
    return f"{violation.part} {violation.where or '-'}: {violation.rule}; {violation.detail}"
