"""constraints.txt pins all that is installed, so that next year's run is this year's; its twin has hashes."""

import configparser
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import PROJECTS, ROOT

PYPROJECTS = [tomllib.loads((folder / "pyproject.toml").read_text()) for folder in PROJECTS]
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, LINES)}
OURS = {project["project"]["name"] for project in PYPROJECTS}
REQUIRED = [
    line
    for pyproject in PYPROJECTS
    for line in [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
        *(line for extra in pyproject["project"].get("optional-dependencies", {}).values() for line in extra),
        *(line for group in pyproject.get("dependency-groups", {}).values() for line in group),
    ]
]


@pytest.mark.parametrize("line", sorted({line for line in REQUIRED if Requirement(line).name not in OURS}))
def test_requirement_is_pinned(line):
    """Every requirement is pinned to a version that it allows."""
    expected = Requirement(line)
    pin = str(PINS[canonicalize_name(expected.name)].specifier)
    assert expected.specifier.contains(pin.removeprefix("=="))


def test_lines_are_exact():
    """Every line is one exact version, and none names a host."""
    assert [line for line in LINES if not re.fullmatch(r"[\w.-]+==[\w.]+( ; [^/]+)?", line)] == []


def hashed(file):
    """Return the lines of a lock with hashes, each with its hashes."""
    text = "".join(line for line in (ROOT / file).read_text().splitlines(keepends=True) if line[0] != "#")
    entries = text.replace(" \\\n    ", " ").splitlines()
    return {entry.partition(" --hash=")[0]: entry.split(" --hash=")[1:] for entry in entries}


def pins(lines):
    """Return what is pinned, without what it is for."""
    return {line.partition(" ;")[0] for line in lines}


def test_the_lock_with_hashes_is_the_same():
    """Each pin has hashes, and there are no others; `tox -e lock` writes all locks."""
    assert sorted(hashed("constraints-hashed.txt")) == sorted(LINES)
    assert pins(hashed(".ci/tox-hashed.txt")) < pins(LINES)


@pytest.mark.parametrize("file", ["constraints-hashed.txt", ".ci/tox-hashed.txt"])
def test_hashes(file):
    """Every line has hashes of SHA-256, and none names a host."""
    hashes = [each for entry in hashed(file).values() for each in entry or [""]]
    assert [each for each in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", each)] == []


def test_ci_installs_by_hashes():
    """CI installs tox by the hashes of its lock, and tox everything else by those of the other."""
    assert "pip install -q --require-hashes -r .ci/tox-hashed.txt\n" in (ROOT / ".ci" / "run").read_text()
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    others = {tox[name].get("constraints") for name in tox.sections()} - {None, ""}
    assert others == {"{tox_root}/constraints-hashed.txt"}


def test_actions_are_pinned():
    """Each action in a workflow, of the examples or of `contract new`, is a commit with its version."""
    files = [file for top in (".github", "examples", "packages") for file in (ROOT / top).rglob("*.yaml*")]
    files.append(ROOT / "action.yml")
    lines = [line.strip() for file in files for line in file.read_text().splitlines() if "uses:" in line]
    assert lines
    pinned = re.compile(r"(?:- )?uses: [\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
    assert [line for line in lines if not pinned.fullmatch(line)] == []
