"""The checks that know more than a schema can say: one module a check.

A check is a class with a ``name`` and one or both methods that Schemathesis calls:

- ``after_response(self, ctx, response, case)`` for each answer. It may be called again for the same case
  (Hypothesis shrinks and replays), so what it remembers must bear that.
- ``after_run(self, ctx)`` once, when all else is done; it makes its own requests with ``self.target.client``.

Both raise `Violated` (or a `FailureGroup` of them) for what is wrong.
"""

from __future__ import annotations

from .check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks, in the order in which they are told."""

__all__ = ["CHECKS", "Check"]
