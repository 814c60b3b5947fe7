"""tox is the one command for all checks, and lists them."""

import configparser

from .conftest import ROOT

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini")
ENVIRONMENTS = {name.removeprefix("testenv:") for name in TOX.sections() if name.startswith("testenv:")}
PACKAGING = {name for name in ENVIRONMENTS if name.startswith(".pkg")}


def test_descriptions():
    """Every environment has a description."""
    undescribed = [name for name in TOX.sections() if name != "tox" and "description" not in TOX[name]]
    assert undescribed == []


def test_default_environments():
    """A bare tox runs what neither measures, rewrites nor releases, and the packages on both Pythons."""
    default = {name.strip() for name in TOX["tox"]["env_list"].split(",")}
    assert default == ENVIRONMENTS - PACKAGING - {"audit", "bench", "build", "docs", "ledger", "lock"}
    for name in ("tests", "contract-first", "strict-s3"):
        assert TOX[f"testenv:{name}"]["base_python"].startswith("python3.11")
    assert TOX["testenv:coverage"]["base_python"].startswith("python3.13")


def test_contributing():
    """CONTRIBUTING.md names every environment."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    unnamed = [name for name in ENVIRONMENTS - PACKAGING if f"`{name}`" not in contributing]
    assert unnamed == []
