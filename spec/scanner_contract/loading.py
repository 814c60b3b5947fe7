"""Reads a contract from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from .contract import Contract

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGED = Path(__file__).with_name("openapi-scanner.json")


def load_contract(path: Path | str | None = None, overlays: Sequence[Path] | None = None) -> Contract:
    """Return the contract in a file (or at a URL), the packaged one by default, with overlays applied."""
    del overlays  # not yet applied
    source = Path(path or PACKAGED)
    return Contract(json.loads(source.read_bytes()), str(source))
