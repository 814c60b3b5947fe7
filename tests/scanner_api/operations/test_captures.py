"""Scanner Captures, over HTTP: a scan goes through its pipeline to a product, or says why not."""

from __future__ import annotations

import pytest

from scanner_api.scanning.catalogue.products import shipped_products

PRODUCT = next(shipped_products())
UNKNOWN_GTIN = "09506000134352"


def test_a_scan_is_stored_at_once_and_finds_its_product(api):
    """The response is PENDING; in the background the GTIN finds the catalogue's product."""
    session_id = api.session()
    submitted = api.capture(session_id, PRODUCT.gtin.lstrip("0"), metadata={"aisle": "7"})
    assert (submitted["status"], submitted["product_name"]) == ("PENDING", None)
    capture = api.finished(submitted["id"])
    assert (capture["status"], capture["gtin"]) == ("COMPLETED", PRODUCT.gtin)
    assert (capture["product_name"], capture["metadata"]) == (PRODUCT.name, {"aisle": "7"})
    assert capture["processed_at"] >= capture["created"]


@pytest.mark.parametrize(
    ("raw_value", "gtin", "identifiers"),
    [
        (f"https://id.example/01/{PRODUCT.gtin}/10/LOT7", PRODUCT.gtin, {"01": PRODUCT.gtin, "10": "LOT7"}),
        (f"(01){PRODUCT.gtin}(10)LOT7", PRODUCT.gtin, {"01": PRODUCT.gtin, "10": "LOT7"}),
        (f"01{PRODUCT.gtin}10LOT7\x1d17270101", PRODUCT.gtin, {"10": "LOT7", "17": "270101"}),
    ],
)
def test_application_identifiers_are_kept(api, raw_value, gtin, identifiers):
    """A Digital Link, a bracketed and an FNC1 element string give their GTIN and their identifiers."""
    capture = api.finished(api.capture(api.session(), raw_value)["id"])
    assert capture["gtin"] == gtin
    assert identifiers.items() <= capture["gs1_dl_data"].items()


def test_a_wrong_check_digit_is_not_found_with_a_message(api):
    """A GTIN with a wrong check digit is no exception: NOT_FOUND, saying what is wrong."""
    capture = api.finished(api.capture(api.session(), "4006381333932")["id"])
    assert capture["status"] == "NOT_FOUND"
    assert "check digit" in capture["error_message"]


def test_a_gtin_without_a_product_is_not_found_and_may_be_retried(api):
    """NOT_FOUND can be retried: the capture runs again from PENDING, its old error cleared."""
    capture = api.finished(api.capture(api.session(), UNKNOWN_GTIN)["id"])
    assert (capture["status"], bool(capture["error_message"])) == ("NOT_FOUND", True)
    again = api.post(f"/captures/{capture['id']}/retry")
    assert (again.status_code, again.json()["status"], again.json()["error_message"]) == (200, "PENDING", "")
    assert api.finished(capture["id"])["status"] == "NOT_FOUND"


def test_a_completed_capture_is_not_retried(api):
    """Retry of a COMPLETED capture is a 409 that names the state."""
    capture = api.finished(api.capture(api.session(), PRODUCT.gtin)["id"])
    refused = api.post(f"/captures/{capture['id']}/retry")
    assert refused.status_code == 409
    assert "COMPLETED" in refused.json()["detail"]


def test_a_url_is_followed_and_analysed(api, mock):
    """A URL that is no Digital Link gets its redirect chain analysed."""
    capture = api.finished(api.capture(api.session(), f"{mock.api}/healthz")["id"])
    analysis = capture["qr_analysis"]
    assert (analysis["initial_url"], analysis["final_url"]) == (f"{mock.api}/healthz",) * 2
    assert (analysis["hop_count"], analysis["hops"][0]["status_code"]) == (1, 200)
    assert capture["status"] == "NOT_FOUND"


@pytest.mark.parametrize("raw_value", ["\0", "\x1d" * 500, "🥫" * 500, "%00", "(01)", "http://", "]d2"])
def test_any_value_ends(api, raw_value):
    """Whatever was scanned, the capture ends in a final state and keeps the value as it was."""
    capture = api.finished(api.capture(api.session(), raw_value)["id"])
    assert (capture["status"], capture["raw_value"]) == ("NOT_FOUND", raw_value)


def test_a_capture_of_another_organization_is_not_there(api, other):
    """Foreign captures are 404 for reading, retrying, proposals, applying and saving a redirect."""
    capture_id = api.capture(api.session(), "x")["id"]
    for foreign in (
        other.get(f"/captures/{capture_id}"),
        other.post(f"/captures/{capture_id}/retry"),
        other.get(f"/captures/{capture_id}/proposals"),
        other.post(f"/captures/{capture_id}/apply"),
        other.post(f"/captures/{capture_id}/save-redirect", json={"url": "https://example.com/"}),
    ):
        assert foreign.status_code == 404


def test_a_scan_needs_a_session_of_the_caller(api, other):
    """Scanning into a foreign or unknown session is a 404, and counts nowhere."""
    session_id = api.session()
    for target in (session_id, "unknown", "\0"):
        scan = {"session_short_id": target, "capture_type": "BARCODE", "raw_value": "1"}
        assert other.post("/captures", json=scan).status_code == 404
    assert api.get(f"/sessions/{session_id}").json()["captures"] == []
