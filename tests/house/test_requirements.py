"""What the packages import is what they say they require."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {package.name for ring in ("spec", "handlers", "mocks") for package in (ROOT / ring).iterdir()}
HOST = {"pytest"}
"""What loads a plugin of ours, which is of no use without it."""
LATER = {"compression"}
"""Of the standard library from Python 3.14 on."""


def imported(source):
    """Return the top-level packages that a module imports and that come from elsewhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - LATER - OURS - HOST - {"_typeshed"}


def distributions(lines):
    """Return the names in a list of requirements."""
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.parametrize(
    ("package", "extras"),
    [
        ("packages/contract-first/src/contract_first/contract", []),
        ("spec/scanner_contract", []),
        ("packages/contract-first/src/contract_first/service", ["otel"]),
        ("handlers/scanner_api", ["postgresql", "redis", "vision"]),
        ("packages/strict-s3/src/strict_s3", ["mock"]),
        ("packages/contract-first/src/contract_first/check", ["check"]),
        ("packages/contract-first/src/contract_first/mock", ["mock", "locales"]),
        ("mocks/scanner_mocks", ["mock", "vision", "check"]),
    ],
)
def test_imports_are_required(package, extras):
    """A package imports only what its requirements, or the extras that it may need, bring by name."""
    required = distributions(
        [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    )
    installed = packages_distributions()
    names = set().union(*(imported(path.read_text()) for path in (ROOT / package).rglob("*.py")))
    undeclared = {
        name
        for name in names
        if not required & {canonicalize_name(each) for each in installed.get(name, [name])}
    }
    assert undeclared == set()


def test_an_import_is_seen_wherever_it_stands():
    """An import inside a function counts like any other."""
    assert imported("def f():\n    import numpy.linalg\n    from redis.asyncio import Redis") == {
        "numpy",
        "redis",
    }


def test_readme_names_every_extra():
    """The README says what each extra is for."""
    readme = (ROOT / "README.md").read_text()
    assert [extra for extra in EXTRAS if not re.search(rf"\| `{extra}` \|", readme)] == []
