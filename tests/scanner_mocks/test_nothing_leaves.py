"""What is scanned, or sent to be resolved, leads nowhere but to the mock itself."""

from __future__ import annotations

import time

import pytest

GTIN = "09521234000013"


def ended(client, headers, session_id, raw_value):
    """Scan a value, and return the capture once it has ended."""
    scan = {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": raw_value}
    capture = client.post("/captures", json=scan, headers=headers).raise_for_status().json()
    deadline = time.monotonic() + 30
    while capture["processed_at"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        capture = client.get(f"/captures/{capture['id']}", headers=headers).json()
    return capture


@pytest.fixture(scope="module")
def headers(mock):
    """The credential of the mock's organization."""
    return {"X-API-Key": mock.api_key}


def test_a_link_to_elsewhere_is_analysed_and_not_called(mock, client, headers):
    """A Digital Link gets its product, its type and its GTIN, and no name server learns of its host."""
    capture = ended(client, headers, mock.session_id, f"https://id.gs1.org/01/{GTIN}")
    analysis = capture["qr_analysis"]
    assert (capture["status"], capture["gtin"]) == ("COMPLETED", GTIN)
    assert (analysis["resolver_type"], analysis["extracted_gtin"], analysis["hops"]) == ("GS1_DL", GTIN, [])
    assert analysis["error_message"] == "id.gs1.org may not be called on port 443 here."


@pytest.mark.parametrize("url", ["https://example.com/", "http://8.8.8.8/", "http://127.0.0.1:9/"])
def test_a_url_of_elsewhere_is_not_resolved(client, headers, url):
    """The internet and this machine's other servers are out of reach, which is a result like any failure."""
    resolution = client.post("/resolve-url", json={"url": url}, headers=headers).json()
    assert (resolution["succeeded"], resolution["hops"]) == (False, 0)
    assert resolution["error_message"].endswith(" here.")


def test_a_url_of_the_mock_is_followed(mock, client, headers):
    """The mock's own pages can be resolved, so that the operation can be seen to work."""
    resolution = client.post("/resolve-url", json={"url": f"{mock.api}/healthz"}, headers=headers).json()
    assert (resolution["succeeded"], resolution["chain"]) == (True, [f"{mock.api}/healthz"])
