"""The wheel holds the packages whole, and is what the tests import."""

import importlib
import os
import re
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HIDDEN = re.compile(r"(^|/)(\.|__pycache__)")
PACKAGES = {"scanner_contract": "spec", "scanner_api": "handlers", "scanner_mocks": "mocks"}


@pytest.mark.parametrize(("package", "source"), PACKAGES.items())
def test_files_are_installed(package, source):
    """Every file of a package, data included, is installed as it is in the source tree."""
    folder = ROOT / source / package
    own = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not HIDDEN.search(path.relative_to(folder).as_posix())
    ]
    installed = files(package)
    changed = [
        str(path.relative_to(folder))
        for path in own
        if not (there := installed.joinpath(*path.relative_to(folder).parts)).is_file()
        or there.read_bytes() != path.read_bytes()
    ]
    assert own != []
    assert changed == []


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_the_wheel(package):
    """What the tests import is the installed wheel, not the source tree."""
    assert not Path(importlib.import_module(package).__file__).is_relative_to(ROOT / PACKAGES[package])


def test_metadata():
    """The distribution carries its licence and its commands."""
    metadata = distribution("scanner-api")
    assert metadata.metadata["License-Expression"] == "Apache-2.0"
    scripts = {each.name: each.value for each in metadata.entry_points if each.group == "console_scripts"}
    assert scripts == {
        "scanner-api": "scanner_api.__main__:main",
        "contract-first": "contract_first.__main__:main",
    }
