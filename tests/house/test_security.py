"""docs/security.md names tests that exist, and SECURITY.md the version that is supported."""

import re
import tomllib

from .conftest import ROOT

FOLDERS = [ROOT / "tests", *ROOT.glob("packages/*/tests")]
PAGE = (ROOT / "docs" / "security.md").read_text()
THREATS = PAGE.split("## What stops them")[1].split("## What is left")[0]
OWASP_RISKS = 10


def rows(text):
    """Return the rows of the tables of a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line for line in lines if "---" not in line and not line.endswith("| test |")]


def test_every_row_names_a_test():
    """Each attack, and each risk of OWASP's, has a test."""
    assert rows(THREATS)
    assert [row for row in rows(THREATS) if "::test_" not in row] == []


def test_every_named_test_exists():
    """Each test that the page names is a function of the file that it names."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) == PAGE.count("::")
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not any(
            re.search(rf"^ *(?:async )?def {name}\(", (folder / path).read_text(), re.MULTILINE)
            for folder in FOLDERS
            if (folder / path).is_file()
        )
    ]
    assert missing == []


def test_each_risk_has_one_row():
    """OWASP's ten risks of 2023 stand in their order, one row each."""
    risks = re.findall(r"^\| API(\d+) ", PAGE, re.MULTILINE)
    assert risks == [str(number) for number in range(1, OWASP_RISKS + 1)]


def test_this_version_is_supported():
    """The version of the project is among those that get security fixes."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    minor = ".".join(version.split(".")[:2])
    assert re.search(rf"^\| {re.escape(minor)} \| yes", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
