"""What the tests of the Scanner share: a running mock and its clients."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.execute import FORWARDED
from scanner_api.cli import app
from scanner_mocks import scanner_mock
from scanner_mocks.cli.mock import ScannerMocks
from scanner_mocks.drawings.pictures import PIXEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner_mocks import Mock


WHOLE = ("browser", "clients", "contract", "examples", "pages")
"""Folders of tests that all run whole programs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of whole programs by their folder."""
    folders = [Path(__file__).with_name(name) for name in WHOLE]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            item.add_marker(pytest.mark.programs)


@pytest.fixture(scope="session")
def mock() -> Iterator[Mock]:
    """Run one mock for all tests; what uses up or changes a seed starts another."""
    with scanner_mock() as running:
        yield running


@pytest.fixture(scope="session")
def client(mock: Mock) -> Iterator[httpx2.Client]:
    """Return a client of the API that sends no credential by itself."""
    with httpx2.Client(base_url=f"{mock.api}/scanner/api/v1", trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def control(mock: Mock) -> Iterator[httpx2.Client]:
    """Return a client of the control API, with the patience to wait for an exchange."""
    with httpx2.Client(base_url=mock.control, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def api(mock: Mock) -> Iterator[httpx2.Client]:
    """Return a client of the API with a key that no rate limit hinders."""
    headers = {"X-API-Key": mock.keys["unlimited"]}
    base_url = f"{mock.api}/scanner/api/v1"
    with httpx2.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def upload(mock: Mock, api: httpx2.Client) -> Callable[..., httpx2.Response]:
    """Return what asks for a presigned upload and sends a photo there."""

    def send(**headers):
        query = {"photo_type": "front", "original_filename": "can.jpg"}
        url = f"/sessions/{mock.session_id}/presigned-upload-url"
        form = api.get(url, params=query).json()
        photo = {"file": ("can.jpg", PIXEL, "image/jpeg")}
        return httpx2.post(
            form["upload_url"], data=form["upload_fields"], files=photo, headers=headers, trust_env=False
        )

    return send


@pytest.fixture
def invoke(monkeypatch):
    """Return what runs ``scanner-api mock`` in this process, with a mock that runs already if it is given."""
    numbers = [signal.SIGCHLD, *(signal.Signals[name] for name in FORWARDED)]
    handlers = {number: signal.getsignal(number) for number in numbers}

    def run(*arguments, mock=None):
        if mock is not None:
            monkeypatch.setattr(ScannerMocks, "open", lambda *_, **__: nullcontext(mock))
        return CliRunner().invoke(app, ["mock", *arguments], catch_exceptions=False)

    yield run
    # what a command takes of its process, it takes to its end
    signal.set_wakeup_fd(-1)
    for number, handler in handlers.items():
        signal.signal(number, handler)
