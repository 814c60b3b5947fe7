"""The functions that are hard to read become fewer."""

import runpy
import tomllib

from .conftest import ROOT

COMPLEXITY = runpy.run_path(str(ROOT / "tools" / "complexity.py"))
SOURCE = """
class A:
    async def hard(self):
        if a:
            for b in c:
                if b:
                    while d:
                        if e and f:
                            g()

    def easy(self):
        if a:
            b()
"""


def test_a_hard_function_is_found():
    """A function is found by its branches and their depth, wherever it is defined; an easy one is not."""
    assert [*COMPLEXITY["functions"](SOURCE, "a.py")] == [(16, "a.py:3", "hard")]


def test_hard_functions_only_become_fewer():
    """The ceiling in pyproject.toml is how many there are: none is added, and one that goes lowers it."""
    ceiling = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ledger"]["most_complex_functions"]
    hard = COMPLEXITY["listed"]()
    count = len(hard.splitlines())
    assert count <= ceiling, f"expected at most {ceiling} functions, got {count}:\n{hard}"
    assert count == ceiling, f"lower most_complex_functions in pyproject.toml to {count}"
