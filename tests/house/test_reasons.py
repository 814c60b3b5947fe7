"""Anybody who switches a check off says why."""

import re

import pytest

from .conftest import ROOT

SOURCES = [
    *(ROOT / "conftest.py",),
    *(
        path
        for top in ("packages", "spec", "handlers", "mocks", "tests", "bench")
        for path in (ROOT / top).rglob("*.py")
    ),
]

SWITCH = re.compile(r"# (?:noqa|type: ignore|pragma: no)\b")
REASONED = re.compile(
    r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\]|pragma: no (?:cover|branch)) +(?:--|#) +\w"
)
IGNORED_RULE = re.compile(r'^ +"[A-Z]+[0-9]*",')


def unreasoned(source):
    """Return the lines that switch a check off and do not say why."""
    return [line for line in source.splitlines() if SWITCH.search(line) and not REASONED.search(line)]


@pytest.mark.parametrize(
    "line", ["x = 1  # " + "noqa", "x = 1  # " + "noqa: E501", "x = 1  # " + "type: ignore[misc]"]
)
def test_bare_switch_is_found(line):
    """A switch without a reason is found."""
    assert unreasoned(line) == [line]


@pytest.mark.parametrize(
    "line", ["x = 1  # noqa: E501 -- a URL", "x = 1  # type: ignore[misc]  # untyped decorator"]
)
def test_reasoned_switch_passes(line):
    """A switch that names its check and its reason passes."""
    assert unreasoned(line) == []


def test_sources():
    """Every check that a line of ours switches off has a reason beside it."""
    found = {str(path.relative_to(ROOT)): unreasoned(path.read_text()) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_ruff_ignores():
    """Every rule that ruff is asked to ignore has a reason beside it."""
    rules = [line for line in (ROOT / "pyproject.toml").read_text().splitlines() if IGNORED_RULE.match(line)]
    assert len(rules) > 10
    assert [line for line in rules if not re.search(r"# \w", line)] == []
