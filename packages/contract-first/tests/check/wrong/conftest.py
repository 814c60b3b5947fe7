"""Makes the table of wrong apps importable, which a program that measures imports as well."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
