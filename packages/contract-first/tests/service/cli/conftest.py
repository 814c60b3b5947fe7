"""What commands of ``contract`` are called with."""

from __future__ import annotations

import runpy
from pathlib import Path

commands = runpy.run_path(str(Path(__file__).parents[2] / "contract_first.contract" / "cli" / "conftest.py"))
contract, pets = commands["contract"], commands["pets"]
