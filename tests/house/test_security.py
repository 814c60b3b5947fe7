"""The pages on security name tests that exist, and SECURITY.md the version that is supported."""

import re
import tomllib

from .conftest import ROOT

FOLDERS = [ROOT / "tests", *ROOT.glob("packages/*/tests")]
PAGE = (ROOT / "docs" / "security.md").read_text()
ATTACKS = "".join(page.read_text() for page in sorted((ROOT / "docs" / "security").glob("*.md")))
OWASP_RISKS = 10


def entries(text):
    """Return the entries of the lists of a text whose first words are bold: an attack, or a risk."""
    return re.findall(r"^- \*\*.*(?:\n  .*)*", text, re.MULTILINE)


def test_every_entry_names_a_test():
    """Each attack, and each risk of OWASP's, has a test."""
    assert entries(ATTACKS)
    assert [entry for entry in entries(PAGE + ATTACKS) if "::test_" not in entry] == []


def test_every_named_test_exists():
    """Each test that the pages name is a function of the file that they name."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE + ATTACKS)
    assert len(named) == (PAGE + ATTACKS).count("::")
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


def test_each_risk_has_one_entry():
    """OWASP's ten risks of 2023 stand in their order, one entry each."""
    risks = re.findall(r"^- \*\*API(\d+) ", PAGE, re.MULTILINE)
    assert risks == [str(number) for number in range(1, OWASP_RISKS + 1)]


def test_this_version_is_supported():
    """The version of the project is among those that get security fixes."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    minor = ".".join(version.split(".")[:2])
    assert re.search(rf"^\| {re.escape(minor)} \| yes", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
