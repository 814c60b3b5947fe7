"""What a test does to the mock: its state, clock, faults and journal, below ``/_mock/``.

A little contract of its own (``openapi.yaml``), bound by the service's own binding: an operation is a
function in ``operations/`` that is handed its collaborators by name.
"""

from __future__ import annotations

from .app import Control
from .gate import ControlGate

__all__ = ["Control", "ControlGate"]
