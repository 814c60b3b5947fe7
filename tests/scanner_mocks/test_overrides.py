"""Overrides and overlays of the Scanner's mock."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import ContractError
from scanner_mocks import scanner_mock
from scanner_mocks.cli.mock import ScannerMocks

OVERLAY = """
overlay: 1.0.0
info: {title: Ours, version: 1.0.0}
actions:
  - target: $.info
    update: {title: Overlaid}
  - target: $.paths
    update: {/ours: {get: {operationId: get_ours, responses: {"200": {description: Ours.}}}}}
"""
OVERRIDES = """
- match: {operation: get_session, session: SESSION}
  effect: {patch: {body: {status: EXPIRED}}}
"""


@pytest.fixture
def overlay(tmp_path):
    """Return the file of an overlay."""
    file = tmp_path / "overlay.yaml"
    file.write_text(OVERLAY)
    return file


@pytest.fixture
def overridden(control):
    """Remove all overrides at the end."""
    yield
    control.delete("/overrides").raise_for_status()


def test_overlays_and_a_file(overlay, tmp_path):
    """The packaged contract has the overlay, whose operations are mocked; a file overrides handlers."""
    opened = ScannerMocks().open(
        None,
        host="127.0.0.1",
        port=0,
        s3_port=0,
        watch=False,
        no_auth=False,
        overlays=[overlay],
    )
    with opened as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        assert client.get("/_mock/contract").json()["info"]["title"] == "Overlaid"
        assert client.get("/ours", headers={"X-API-Key": mock.api_key}).status_code == 200
    file = tmp_path / "overrides.yaml"
    with scanner_mock() as plain:
        session = plain.session_id
    file.write_text(OVERRIDES.replace("SESSION", session))
    with scanner_mock(overrides=file) as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        client.headers["X-API-Key"] = mock.api_key
        paths = [f"/scanner/api/v1/sessions/{name}" for name in (session, mock.completed_session_id)]
        assert [client.get(path).json()["status"] for path in paths] == ["EXPIRED", "COMPLETED"]


def test_an_overlay_that_is_wrong(tmp_path):
    """An overlay that is none ends the start, and is named."""
    file = tmp_path / "wrong.yaml"
    file.write_text("overlay: 1.0.0\n")
    with pytest.raises(ContractError, match=r"wrong\.yaml"), scanner_mock(overlays=[file]):
        pass


def test_python_overrides_handlers(mock, api, overridden):  # noqa: ARG001 -- it removes the override
    """What the handler would send is changed, by the Scanner's own selectors, too."""
    mock.override(session=mock.session_id, operation="get_session", patch={"body": {"status": 7}}, times=1)
    bodies = [api.get(f"/sessions/{mock.session_id}").json() for _ in range(2)]
    assert [body["status"] for body in bodies] == [7, "ACTIVE"]
    assert {**bodies[0], "status": "ACTIVE"} == bodies[1]
