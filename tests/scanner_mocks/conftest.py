"""The mock, running in the tests' own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from scanner_mocks import scanner_mock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_mocks import Mock


@pytest.fixture(scope="session")
def mock() -> Iterator[Mock]:
    """Run one mock for all tests; what uses up or changes a seed starts another."""
    with scanner_mock() as running:
        yield running


@pytest.fixture(scope="session")
def client(mock: Mock) -> Iterator[httpx.Client]:
    """Return a client of the API that sends no credential by itself."""
    with httpx.Client(base_url=f"{mock.api}/scanner/api/v1", trust_env=False) as client:
        yield client
