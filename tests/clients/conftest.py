"""What clients of other people's making are made from, and what they send."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from scanner_mocks.drawings.pictures import draw_label

if TYPE_CHECKING:
    from scanner_mocks import Mock

npm_project = runpy.run_path(str(Path(__file__).parents[1] / "services" / "node.py"))["npm_project"]


@pytest.fixture(scope="session")
def document(scanner_mock_server: Mock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the contract as the mock serves it."""
    path = tmp_path_factory.mktemp("contract") / "openapi.json"
    path.write_bytes(httpx2.get(f"{scanner_mock_server.api}/openapi.json", trust_env=False).content)
    return path


@pytest.fixture(scope="session")
def label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a photo that ingredients can be read from."""
    path = tmp_path_factory.mktemp("photos") / "label.jpg"
    path.write_bytes(draw_label())
    return path
