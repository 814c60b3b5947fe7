"""A running mock, and its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner_mocks import Mock


@pytest.fixture(scope="session")
def control(mock: Mock) -> Iterator[httpx.Client]:
    """Return a client of the control API."""
    with httpx.Client(base_url=mock.control, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def api(mock: Mock) -> Iterator[httpx.Client]:
    """Return a client of the API with a key that no rate limit hinders."""
    headers = {"X-API-Key": mock.keys["unlimited"]}
    with httpx.Client(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def fault(control: httpx.Client) -> Iterator[Callable[..., dict]]:
    """Return what switches a fault on, given its effect and whatever else it has; all go at the end."""

    def switch_on(effect, **more):
        answer = control.post("/faults", json={"effect": effect, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    yield switch_on
    assert control.delete("/faults").status_code == 204


@pytest.fixture
def upload(mock: Mock, api: httpx.Client) -> Callable[..., httpx.Response]:
    """Return what asks for a presigned upload and sends a photo there."""

    def send(**headers):
        query = {"photo_type": "front", "original_filename": "can.jpg"}
        url = f"/sessions/{mock.session_id}/presigned-upload-url"
        form = api.get(url, params=query, headers=headers).json()
        photo = {"file": ("can.jpg", b"a photo", "image/jpeg")}
        return httpx.post(
            form["upload_url"], data=form["upload_fields"], files=photo, headers=headers, trust_env=False
        )

    return send
