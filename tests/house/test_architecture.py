"""ARCHITECTURE.md is true to the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
PACKAGES = [package for ring in ("spec", "handlers", "mocks") for package in (ROOT / ring).iterdir()]
SOURCES = [file for package in PACKAGES for file in package.rglob("*.py")]
ROWS = {
    package: next((line for line in TEXT.splitlines() if line.startswith(f"| `{package.name}` |")), "")
    for package in PACKAGES
}
PARTS = [
    (package, part.name)
    for package in PACKAGES
    for part in package.iterdir()
    if part.is_dir() and part.name[0] != "_" and package.name != "scanner_contract"
]
MODULES = [
    (package, module.name)
    for package in PACKAGES
    if package.name == "scanner_mocks"
    for module in package.glob("[a-z]*.py")
]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_each_package_has_a_row(package):
    """A reader finds what a package is for."""
    assert ROWS[package]


@pytest.mark.parametrize(("package", "part"), PARTS)
def test_each_part_is_in_the_row_of_its_package(package, part):
    """A reader finds what a folder of a package is for."""
    assert f"`{part}/`" in ROWS[package]


@pytest.mark.parametrize(("package", "module"), MODULES)
def test_each_module_of_the_scanners_mock_is_in_its_row(package, module):
    """So too for the modules of the Scanner's mock."""
    assert f"`{module}`" in ROWS[package]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z0-9_/]+\.py)`", TEXT))))
def test_each_module_that_is_named_exists(name):
    """A module that the page names is one of the tree's."""
    assert any(f"/{file.relative_to(ROOT).as_posix()}".endswith(f"/{name}") for file in SOURCES)
