"""tox is the one door, and tells what is behind it."""

import configparser
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini")
ENVIRONMENTS = {name.removeprefix("testenv:") for name in TOX.sections() if name.startswith("testenv:")}


def test_descriptions():
    """Every environment has a description."""
    undescribed = [name for name in TOX.sections() if name != "tox" and "description" not in TOX[name]]
    assert undescribed == []


def test_default_environments():
    """A bare tox runs every environment but the bench and the lock."""
    default = {name.strip() for name in TOX["tox"]["env_list"].split(",")}
    assert default - {"py311", "py313"} == ENVIRONMENTS - {".pkg", "bench", "lock"}
    assert {"py311", "py313"} <= default


def test_contributing():
    """CONTRIBUTING.md names every environment."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    unnamed = [name for name in ENVIRONMENTS - {".pkg"} if f"`{name}`" not in contributing]
    assert unnamed == []
