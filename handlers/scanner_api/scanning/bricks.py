"""Bricks of GS1's Global Product Classification: what kind of product a product is."""

from __future__ import annotations

import re
from typing import Final

BRICK: Final = re.compile(r"1[0-9]{7}|")
"""A GPC brick code, or none."""
