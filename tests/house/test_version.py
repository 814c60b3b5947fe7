"""One version: of the three distributions, of the changelog, of what is installed."""

import json
import re
import tomllib
from importlib.metadata import version

import pytest

from .conftest import PROJECTS, ROOT

DISTRIBUTIONS = [tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in PROJECTS]
NAMES = {project["name"] for project in DISTRIBUTIONS}
VERSION = DISTRIBUTIONS[0]["version"]


def test_npm_package():
    """The package for npm runs the program of its own version."""
    assert json.loads((ROOT / "channels" / "npm" / "package.json").read_text())["version"] == VERSION


def test_changelog_has_the_version():
    """The newest release of the changelog is the version of the project."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert releases[0] == VERSION


@pytest.mark.parametrize("project", DISTRIBUTIONS, ids=lambda project: project["name"])
def test_installed_version(project):
    """What is installed, from the wheel in tox, says the same, as does what requires it."""
    assert project["version"] == version(project["name"]) == VERSION
    extras = project.get("optional-dependencies", {}).values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    siblings = [line for line in lines if re.match(r"[\w-]+", line)[0] in NAMES]
    assert [line for line in siblings if not line.endswith(f"=={VERSION}")] == []
