"""constraints.txt pins all that is installed, so that next year's run is this year's."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, LINES)}
WANTED = [
    *PYPROJECT["build-system"]["requires"],
    *PYPROJECT["project"]["dependencies"],
    *(line for extra in PYPROJECT["project"]["optional-dependencies"].values() for line in extra),
    *(line for group in PYPROJECT["dependency-groups"].values() for line in group),
]


@pytest.mark.parametrize("line", WANTED)
def test_requirement_is_pinned(line):
    """Every requirement is pinned to a version that it allows."""
    wanted = Requirement(line)
    pin = str(PINS[canonicalize_name(wanted.name)].specifier)
    assert wanted.specifier.contains(pin.removeprefix("=="))


def test_lines_are_exact():
    """Every line is one exact version, and none names a host."""
    assert [line for line in LINES if not re.fullmatch(r"[\w.-]+==[\w.]+( ; [^/]+)?", line)] == []
