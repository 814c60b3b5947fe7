"""Faults of the mock of a small contract, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contract_first.mock.server import ContractMock

THING = {"application/json": {"example": {"id": "a", "text": "x" * 200}}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
PROBLEM = {"application/problem+json": {"schema": {"type": "object"}}}
OPERATION = {
    "operationId": "get_thing",
    "responses": {
        "200": {"description": "A thing.", "content": THING},
        "400": {"description": "It is wrong.", "content": PROBLEM},
        "503": {"description": "Not now.", "content": PROBLEM},
    },
}
THINGS = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {"/things/{id}": {"parameters": [ID], "get": OPERATION}},
}


@pytest.fixture(scope="package")
def things() -> Iterator[ContractMock]:
    """Run the mock."""
    with contract_mock(Contract(THINGS, "things.json"), seed=7) as running:
        yield running


@pytest.fixture
def control(things: ContractMock) -> Iterator[httpx2.Client]:
    """Return a client of its control API; it starts again."""
    with httpx2.Client(base_url=things.control, timeout=60, trust_env=False) as control:
        control.post("/state/reset").raise_for_status()
        yield control


@pytest.fixture
def api(things: ContractMock) -> Iterator[httpx2.Client]:
    """Return a client of its API."""
    with httpx2.Client(base_url=things.api, timeout=60, trust_env=False) as api:
        yield api


@pytest.fixture
def get(api: httpx2.Client) -> Callable[..., httpx2.Response]:
    """Return what reads a thing, with header fields."""
    return lambda **headers: api.get("/things/a", headers=headers)


@pytest.fixture
def fault(control: httpx2.Client) -> Iterator[Callable[..., dict]]:
    """Return what switches a fault on, given its effect and whatever else it has; all go at the end."""

    def switch_on(effect, **more):
        response = control.post("/faults", json={"effect": effect, **more})
        assert response.status_code == 201, response.text
        return response.json()

    yield switch_on
    assert control.delete("/faults").status_code == 204
