"""The wheels hold the packages whole, and are what the tests import."""

import importlib
import os
import re
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest

from .conftest import PACKAGES, ROOT

HIDDEN = re.compile(r"(^|/)(\.|__pycache__)")


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_files_are_installed(folder):
    """Every file of a package, data included, is installed as it is in the source tree."""
    sources = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not HIDDEN.search(path.relative_to(folder).as_posix())
    ]
    installed = files(folder.name)
    changed = [
        str(path.relative_to(folder))
        for path in sources
        if not (there := installed.joinpath(*path.relative_to(folder).parts)).is_file()
        or there.read_bytes() != path.read_bytes()
    ]
    assert sources != []
    assert changed == []


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheels")
@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_imports_are_the_wheel(folder):
    """What the tests import is the installed wheel, not the source tree."""
    assert not Path(importlib.import_module(folder.name).__file__).is_relative_to(folder)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("scanner-api", "scanner_api.__main__:main"),
        ("contract-first", "contract_first.__main__:main"),
        ("strict-s3", "strict_s3.cli:main"),
    ],
)
def test_metadata(name, script):
    """Each distribution carries its licence, and one command of its name."""
    metadata = distribution(name)
    assert metadata.metadata["License-Expression"] == "Apache-2.0"
    scripts = {entry.name: entry.value for entry in metadata.entry_points if entry.group == "console_scripts"}
    assert scripts == {name: script}


def test_licences_are_the_same():
    """Each distribution carries the licence of the repository."""
    licence = (ROOT / "LICENSE").read_text()
    assert [path for path in ROOT.glob("packages/*/LICENSE") if path.read_text() != licence] == []
