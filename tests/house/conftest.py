"""Where the source is."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = (
    "packages/contract-first/src",
    "packages/strict-s3/src",
    "spec",
    "handlers",
    "mocks",
)
PACKAGES = sorted(path.parent for top in SOURCE_ROOTS for path in (ROOT / top).glob("*/__init__.py"))
"""The folder of each package that is imported."""
PROJECTS = tuple(ROOT / folder for folder in (".", "packages/contract-first", "packages/strict-s3"))
"""The folder of each distribution."""
