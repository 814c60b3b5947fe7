"""The mock of a small contract to control: what is done to it disturbs no other test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_first.mock.server import ContractMock

PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {"/pets": {"get": {"responses": {"200": {"description": "All of them."}}}}},
}


@pytest.fixture(scope="session")
def pets() -> Contract:
    """Return the contract."""
    return Contract(PETS, "pets")


@pytest.fixture(scope="package")
def stage(pets: Contract) -> Iterator[ContractMock]:
    """Run a mock."""
    with contract_mock(pets, stateful=True) as running:
        yield running


@pytest.fixture
def control(stage: ContractMock) -> Iterator[httpx2.Client]:
    """Return a client of the control API of a mock that starts again."""
    with httpx2.Client(base_url=stage.control, timeout=60, trust_env=False) as control:
        control.post("/state/reset").raise_for_status()
        yield control


@pytest.fixture
def api(stage: ContractMock) -> Iterator[httpx2.Client]:
    """Return a client of its API."""
    with httpx2.Client(base_url=stage.api, timeout=60, trust_env=False) as api:
        yield api
