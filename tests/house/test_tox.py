"""tox is the one command for all checks, and lists them."""

import configparser
import re
import runpy
from types import SimpleNamespace

from .conftest import ROOT

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini")
ENVIRONMENTS = {name.removeprefix("testenv:") for name in TOX.sections() if name.startswith("testenv:")}
PATHS = re.compile(r"(?:packages|tests)/[\w/-]+")
PACKAGING = {name for name in ENVIRONMENTS if name.startswith(".pkg")}


def test_descriptions():
    """Every environment has a description."""
    undescribed = [name for name in TOX.sections() if name != "tox" and "description" not in TOX[name]]
    assert undescribed == []


def test_default_environments():
    """A bare tox runs what neither measures, rewrites nor releases, and each test once, untraced."""
    default = {name.strip() for name in TOX["tox"]["env_list"].split(",")}
    apart = {"audit", "bench", "build", "coverage", "docs", "ledger", "lock", "quick"}
    assert default == ENVIRONMENTS - PACKAGING - apart
    commands = {name: TOX[f"testenv:{name}"]["commands"] for name in default}
    assert [name for name in default if "coverage" in commands[name] or " -m " in commands[name]] == []
    ran = [PATHS.findall(commands[name]) for name in ("house", "strict-s3", "contract-first")]
    assert ran == [["tests/house"], ["packages/strict-s3/tests"], ["packages/contract-first/tests"]]
    assert commands["tests"].endswith("{posargs:tests --ignore tests/house}")
    assert TOX["testenv:tests"]["base_python"].startswith("python3.11")


def test_coverage():
    """The tests of all packages are traced in the workflows, and fail under the bar."""
    traced = TOX["testenv:coverage"]
    assert traced["base_python"].startswith("python3.13")
    assert "coverage run -m pytest" in traced["commands"]
    assert "{[testenv]packages}" in traced["commands"]
    assert traced["commands"].endswith("coverage report")
    assert {*PATHS.findall(TOX["testenv"]["packages"])} == {
        "packages/strict-s3/tests",
        "packages/contract-first/tests",
        *(f"tests/{name}" for name in ("scanner_contract", "scanner_api", "scanner_mocks", "toolkit")),
    }
    workflows = [
        (ROOT / ".github" / "workflows" / name).read_text() for name in ("tests.yaml", "release.yaml")
    ]
    assert all(re.search(r"tox -e coverage\b", text) for text in workflows)


def test_quick():
    """Before a commit ruff and import-linter run, and of each file the first test that starts no programs."""
    quick = TOX["testenv:quick"]["commands"].split("\n")
    checks = [
        *TOX["testenv:lint"]["commands"].replace(" {posargs}", "").split("\n"),
        "lint-imports --no-logo",
    ]
    assert quick[:-1] == checks
    assert "--quick {posargs:packages tests}" in quick[-1]
    markers = [None, None, "programs", None, None]
    ours, others = [SimpleNamespace()] * 4, [SimpleNamespace(subprocess=None)]
    items = [
        SimpleNamespace(path=path, module=module, get_closest_marker={"programs": marker}.get)
        for path, module, marker in zip("aabbc", ours + others, markers, strict=True)
    ]
    left_out = {}
    config = SimpleNamespace(
        getoption={"quick": True}.get,
        hook=SimpleNamespace(pytest_deselected=left_out.update),
    )
    first, second, whole, inner, other = items
    runpy.run_path(str(ROOT / "conftest.py"))["pytest_collection_modifyitems"](config, items)
    assert (items, left_out["items"]) == ([first, inner], [second, whole, other])


def test_contributing():
    """CONTRIBUTING.md names every environment."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    unnamed = [name for name in ENVIRONMENTS - PACKAGING if f"`{name}`" not in contributing]
    assert unnamed == []
