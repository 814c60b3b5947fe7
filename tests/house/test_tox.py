"""tox is the one command for all checks, and lists them."""

import configparser
import re

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
    """A bare tox runs what neither measures, rewrites nor releases, and each test once."""
    default = {name.strip() for name in TOX["tox"]["env_list"].split(",")}
    assert default == ENVIRONMENTS - PACKAGING - {"audit", "bench", "build", "docs", "ledger", "lock"}
    traced = [TOX[f"testenv:{name}"] for name in ("coverage", "contract-first", "strict-s3")]
    assert all(environment["base_python"].startswith("python3.13") for environment in traced)
    folders = [
        path
        for environment in traced
        for path in re.findall(r"(?:packages|tests)/[\w/-]+", environment["commands"])
    ]
    assert {*folders} == {*re.findall(r"(?:packages|tests)/[\w/-]+", TOX["testenv"]["packages"])}
    assert TOX["testenv:tests"]["base_python"].startswith("python3.11")
    assert "-m programs" in TOX["testenv:tests"]["commands"]


def test_contributing():
    """CONTRIBUTING.md names every environment."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    unnamed = [name for name in ENVIRONMENTS - PACKAGING if f"`{name}`" not in contributing]
    assert unnamed == []
