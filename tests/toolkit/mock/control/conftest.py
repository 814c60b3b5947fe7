"""A mock of one's own to control: what is done to it disturbs no other test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from scanner_mocks import scanner_mock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_mocks import Mock


@contextmanager
def clients_of(mock: Mock) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """Return a client of the control API, and one of the API."""
    headers = {"X-API-Key": mock.keys["unlimited"]}
    api = f"{mock.api}/scanner/api/v1"
    with (
        httpx2.Client(base_url=mock.control, timeout=60, trust_env=False) as control,
        httpx2.Client(base_url=api, headers=headers, timeout=60, trust_env=False) as client,
    ):
        yield control, client


@pytest.fixture(scope="package")
def stage() -> Iterator[Mock]:
    """Run a mock."""
    with scanner_mock(seed=7) as running:
        yield running


@pytest.fixture(scope="package")
def clients(stage: Mock) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """Return clients of it."""
    with clients_of(stage) as clients:
        yield clients


@pytest.fixture
def control(clients: tuple[httpx2.Client, httpx2.Client]) -> httpx2.Client:
    """Return a client of the control API of a mock that starts again."""
    clients[0].post("/state/reset").raise_for_status()
    return clients[0]


@pytest.fixture
def api(clients: tuple[httpx2.Client, httpx2.Client]) -> httpx2.Client:
    """Return a client of its API with a key that no rate limit hinders."""
    return clients[1]
