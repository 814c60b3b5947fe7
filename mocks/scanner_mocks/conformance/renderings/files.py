"""Reports as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from scanner_mocks.conformance.report import Report


def write_json(report: Report, path: Path) -> None:
    """Write the report as it is, as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
