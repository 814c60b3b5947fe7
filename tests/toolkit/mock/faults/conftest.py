"""Faults of the running mock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2


@pytest.fixture
def fault(control: httpx2.Client) -> Iterator[Callable[..., dict]]:
    """Return what switches a fault on, given its effect and whatever else it has; all go at the end."""

    def switch_on(effect, **more):
        response = control.post("/faults", json={"effect": effect, **more})
        assert response.status_code == 201, response.text
        return response.json()

    yield switch_on
    assert control.delete("/faults").status_code == 204
