"""ARCHITECTURE.md is true to the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
SOURCES = [file for top in ("spec", "handlers", "mocks") for file in (ROOT / top).rglob("*.py")]
ROOMS = sorted(
    module.name
    for module in (ROOT / "mocks" / "scanner_mocks").iterdir()
    if module.name[0] != "_" and (module.is_dir() or module.suffix == ".py")
)


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_of_the_mock_is_there(room):
    """Whoever looks for a module or a package of the mock finds what it is for."""
    assert f"| `{room}`" in TEXT or f", `{room}`" in TEXT


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z0-9_/]+\.py)`", TEXT))))
def test_each_module_that_is_named_exists(name):
    """A module that the page names is one of the tree's."""
    assert any(f"/{file.relative_to(ROOT).as_posix()}".endswith(f"/{name}") for file in SOURCES)
