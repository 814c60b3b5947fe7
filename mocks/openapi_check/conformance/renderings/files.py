"""Reports as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .junit import junit
from .page import page

if TYPE_CHECKING:
    from pathlib import Path

    from openapi_check.conformance.report import Report


def write_json(report: Report, path: Path) -> None:
    """Write the report as it is, as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def write_junit(report: Report, path: Path) -> None:
    """Write the report as JUnit XML."""
    path.write_bytes(junit(report))


def write_page(report: Report, path: Path) -> None:
    """Write the report as an HTML page that needs nothing else."""
    path.write_text(page(report), "utf-8")
