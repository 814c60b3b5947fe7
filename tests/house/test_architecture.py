"""ARCHITECTURE.md is true to the tree, and the tree is one of small rooms."""

import ast
import re
import tomllib
from collections import defaultdict
from itertools import chain

import pytest
from packaging.requirements import Requirement

from .conftest import PACKAGES, PROJECTS, ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text()
ENTRIES = dict(re.findall(r"^- \*\*`([a-z0-9_.]+)`\*\*: (.*?)(?=\n\n|^- )", TEXT, re.DOTALL | re.MULTILINE))
"""What the page says of each package."""
TOOLKIT = next(package for package in PACKAGES if package.name == "contract_first")
ROOMS_OF_TOOLKIT = ("contract", "masking", "service", "mock", "check")
PARTED = {
    **{package.name: package for package in PACKAGES},
    **{f"contract_first.{name}": TOOLKIT / name for name in ROOMS_OF_TOOLKIT},
}
"""The folder of each package that the page describes by its rooms."""
ROOMS = [
    (name, room.parent.name)
    for name, package in PARTED.items()
    for room in package.glob("*/__init__.py")
    if package.name != "scanner_contract"
]
SOURCES = {
    file.relative_to(package.parent).as_posix(): file
    for package in PACKAGES
    for file in package.rglob("*.py")
}
FOLDERS = sorted({file.parent for file in SOURCES.values() if "migrations" not in file.parts})
MOST_LINES, MOST_CHARACTERS = 160, 119


@pytest.mark.parametrize("name", PARTED)
def test_each_package_has_an_entry(name):
    """A reader finds what a package is for."""
    assert ENTRIES[name]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_each_distribution_is_named(project):
    """The picture has all that can be installed."""
    name = tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"]
    assert name in TEXT.partition("```")[2].partition("```")[0]


@pytest.mark.parametrize(("name", "room"), ROOMS)
def test_each_room_is_in_the_entry_of_its_package(name, room):
    """A reader finds what a folder of a package is for."""
    assert f"`{room}/`" in ENTRIES[name]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_an_entry_names_modules_of_its_own_package(name):
    """A module that an entry names is in the package, or in a room of it."""
    modules = set(re.findall(r"`([a-z0-9_]+\.py)`", ENTRIES[name]))
    assert modules <= {file.name for file in PARTED[name].rglob("*.py")}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z0-9_/]+\.py)`", TEXT))))
def test_each_module_that_is_named_exists(name):
    """A module that the page names is one of the tree's."""
    assert any(f"/{path}".endswith(f"/{name}") for path in SOURCES)


def libraries():
    """Return the libraries that the table of dependencies names for each distribution."""
    named = defaultdict(set)
    rows = [line for line in TEXT.partition("## Dependencies")[2].splitlines() if line.startswith("|")]
    for row in rows[2:]:
        heading, names = (cell.strip() for cell in row.split("|")[1:3])
        if heading and not heading.startswith("extra"):
            distribution = heading
        named[distribution] |= set(names.split(", "))
    return named


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_each_dependency_has_its_reason(project):
    """What a distribution requires is in its rows of the table, and nothing else is."""
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    lines = chain(declared["dependencies"], *declared.get("optional-dependencies", {}).values())
    assert libraries()[declared["name"]] == {Requirement(line).name for line in lines}


def test_it_is_one_page():
    """It is read in one go."""
    lines = TEXT.splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > MOST_CHARACTERS] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.relative_to(ROOT)}")
def test_a_folder_says_what_it_knows(folder):
    """It has a docstring."""
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
