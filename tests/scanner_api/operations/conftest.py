"""The API over HTTP, as the mock runs it: real stores, a real S3, and callers of two organizations."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from scanner_mocks import scanner_mock, seeds
from scanner_mocks.drawings.pictures import PIXEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner_mocks import Mock

PATIENCE_SECONDS = 60


class Api(httpx2.Client):
    """A client of the API that knows the way to what the tests need."""

    def session(self, **body: Any) -> str:
        """Open a session and return its id."""
        return self.post("/sessions", json=body).raise_for_status().json()["id"]

    def capture(self, session_id: str, raw_value: str, **more: Any) -> dict[str, Any]:
        """Submit a scan and return the capture."""
        scan = {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": raw_value, **more}
        return self.post("/captures", json=scan).raise_for_status().json()

    def finished(self, capture_id: str) -> dict[str, Any]:
        """Return a capture once its pipeline has ended."""
        ended = {"COMPLETED", "NOT_FOUND", "FAILED"}
        return self.polled(f"/captures/{capture_id}", lambda capture: capture["status"] in ended)

    def polled(self, path: str, is_done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return a resource once it is as it is waited for."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            resource = self.get(path).raise_for_status().json()
            if is_done(resource):
                return resource
        raise AssertionError(f"{path} is still {resource}")

    def uploaded(self, session_id: str, content: bytes = PIXEL, filename: str = "a.png") -> str:
        """Put an object into S3 with a presigned upload, and return its key."""
        query = {"photo_type": "front", "original_filename": filename}
        path = f"/sessions/{session_id}/presigned-upload-url"
        form = self.get(path, params=query).raise_for_status().json()
        files = {"file": (filename, content)}
        httpx2.post(form["upload_url"], data=form["upload_fields"], files=files).raise_for_status()
        return form["s3_key"]

    def photo(self, session_id: str, **more: Any) -> dict[str, Any]:
        """Upload and register a photo, and return it."""
        body = {"s3_key": self.uploaded(session_id), **more}
        return self.post(f"/sessions/{session_id}/photos", json=body).raise_for_status().json()


@pytest.fixture(scope="session")
def mock() -> Iterator[Mock]:
    """Run one mock for all tests of operations; its own pages may be called while following redirects."""
    with scanner_mock(redirect_allowed=("127.0.0.0/8",)) as running:
        yield running


def _client(mock: Mock, headers: dict[str, str]) -> Api:
    return Api(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False)


@pytest.fixture(scope="session")
def api(mock: Mock) -> Iterator[Api]:
    """Return a client of the first organization that no rate limit stops."""
    with _client(mock, {"X-API-Key": mock.keys["unlimited"]}) as client:
        yield client


@pytest.fixture(scope="session")
def other(mock: Mock) -> Iterator[Api]:
    """Return a client of the second organization."""
    with _client(mock, {"X-API-Key": mock.keys["other_organization"]}) as client:
        yield client


@pytest.fixture(scope="session")
def of_both(mock: Mock) -> Iterator[Api]:
    """Return a client of the user who is a member of both organizations."""
    with _client(mock, {"X-API-Key": seeds.USER_KEY}) as client:
        yield client


@pytest.fixture(scope="session")
def publishable(mock: Mock) -> Iterator[Api]:
    """Return a client with a publishable key of the first organization."""
    with _client(mock, {"X-API-Key": mock.keys["publishable"]}) as client:
        yield client


@pytest.fixture(scope="session")
def anonymous(mock: Mock) -> Iterator[Api]:
    """Return a client without a credential."""
    with _client(mock, {}) as client:
        yield client
