"""Lists the functions of the source that are hard to read: ``python tools/complexity.py``.

How hard is counted by cognitive complexity: each branch, more where it is nested. The bench and the tests are
not counted.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cognitive_complexity.api import get_cognitive_complexity

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCES = ("packages/contract-first/src", "packages/strict-s3/src", "spec", "handlers", "mocks")
MOST = 15
"""The complexity up to which a function is easy to read."""


class Function(NamedTuple):
    """A function, and how complex it is."""

    complexity: int
    place: str
    name: str


def functions(source: str, place: str) -> Iterator[Function]:
    """Yield the functions and methods of a module that are over the limit, those in others as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            complexity = get_cognitive_complexity(node)
            if complexity > MOST:
                yield Function(complexity, f"{place}:{node.lineno}", node.name)


def hard_functions() -> list[Function]:
    """Return the functions of the source that are over the limit, the hardest first."""
    files = (file for top in SOURCES for file in (ROOT / top).rglob("*.py"))
    hard = (
        function
        for file in files
        for function in functions(file.read_text("utf-8"), file.relative_to(ROOT).as_posix())
    )
    return sorted(hard, reverse=True)


def listed() -> str:
    """Return a line for each function that is over the limit."""
    return "".join(f"{row.complexity:4} {row.place} {row.name}\n" for row in hard_functions())


if __name__ == "__main__":
    sys.stdout.write(listed())
