"""One version: of the project, of the changelog, of what is installed."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_changelog_has_the_version():
    """The newest release of the changelog is the version of the project."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert releases[0] == PROJECT["version"]


def test_installed_version():
    """What is installed, from the wheel in tox, says the same."""
    assert version(PROJECT["name"]) == PROJECT["version"]
