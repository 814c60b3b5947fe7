"""The control API of the Scanner's mock: its own contract, and what it leaves to the API."""

from __future__ import annotations

import json

import httpx2

from contract_first.contract import load_contract
from scanner_mocks.faults import EXTENSION


def test_the_document_with_the_scanners_overlay_is_valid(tmp_path):
    """What the Scanner's mock adds leaves the document one that needs no completion."""
    extended = EXTENSION.control_contract().document
    (tmp_path / "control.json").write_text(json.dumps(extended))
    assert load_contract(tmp_path / "control.json").document == extended


def test_neither_credentials_nor_limits_are_asked_for(stage, control):
    """It needs no API key, and no rate limit counts it."""
    responses = [control.get("/seeds") for _ in range(20)]
    assert {response.status_code for response in responses} == {200}
    assert "RateLimit-Limit" not in responses[0].headers
    assert responses[0].json()["api_key"] == stage.api_key
    assert len(responses[0].json()["organizations"]) == 2


def test_what_lies_beside_it_is_the_apis(stage):
    """Only /_mock and what is below it is control."""
    response = httpx2.get(f"{stage.api}/_mocks", trust_env=False)
    assert (response.status_code, "RateLimit-Limit" in response.headers) == (404, True)


def test_the_document_is_served(control):
    """It is at /_mock/openapi.json."""
    response = control.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == EXTENSION.control_contract().document
