"""The notes of a release say which contract it serves."""

import runpy
from pathlib import Path

from scanner_contract import load_contract

ROOT = Path(__file__).parents[2]
BUILD = runpy.run_path(str(ROOT / "tools" / "build.py"))


def test_notes():
    """They name the contract's version and digest, and what the changelog says of the version, alone."""
    contract = load_contract()
    version = contract.document["info"]["version"]
    notes = BUILD["notes"]({"version": version, "digest": contract.digest})
    assert f"version {version}, SHA-256 `{contract.digest}`" in notes
    assert "\n### New\n" in notes
    assert "\n## " not in notes


def test_page():
    """docs/releasing.md is about this way to release."""
    page = (ROOT / "docs" / "releasing.md").read_text()
    assert "tox -e build" in page
    assert "notes.md" in page
