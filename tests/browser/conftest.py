"""What pages are tried with."""

from __future__ import annotations

import runpy
from pathlib import Path

node = runpy.run_path(str(Path(__file__).parents[1] / "services" / "node.py"))
npm_project, chromium = node["npm_project"], node["chromium"]
