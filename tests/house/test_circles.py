"""No module imports itself by way of others, and no package does."""

from __future__ import annotations

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

from .conftest import PACKAGES


def circle(arrows):
    """Return a circle among importer -> imported arrows, [] where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def imports():
    """Return what each module imports, for types alone as well; a package's `__init__` is its own module."""
    graph = grimp.build_graph(*(package.name for package in PACKAGES))
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_circle_of_modules(imports):
    """Modules can be read from the ground up."""
    assert circle(imports) == []


def test_no_circle_of_packages(imports):
    """So can packages."""
    arrows = defaultdict(set)
    for module, imported in imports.items():
        package = module.partition(".")[0]
        arrows[package] |= {other.partition(".")[0] for other in imported} - {package}
    assert circle(arrows) == []


def test_a_circle_is_found():
    """Two modules that import each other are a circle."""
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == {"b", "c"}
