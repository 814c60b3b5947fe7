"""Scanner Enrichment, over HTTP: what a label says is proposed, reviewed and applied."""

from __future__ import annotations

import io
import uuid

import pytest
from PIL import Image, ImageDraw, ImageFont

from scanner_api.scanning.catalogue.products import shipped_products

PRODUCTS = iter([product for product in shipped_products() if product.ingredients])


def label(text):
    """Draw a label as a PNG."""
    canvas = Image.new("RGB", (1100, 220), "white")
    ImageDraw.Draw(canvas).text((40, 80), text, fill="black", font=ImageFont.load_default(48))
    file = io.BytesIO()
    canvas.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def submitted(api):
    """Submit a session with a scan of a known product and a photo of its new ingredients; return both ids."""
    product = next(PRODUCTS)
    session_id = api.session(capture_mode="both")
    capture = api.finished(api.capture(session_id, product.gtin)["id"])
    key = api.uploaded(session_id, label("Ingredients: water, sugar, citric acid."))
    body = {"s3_key": key, "photo_type": "ingredients", "capture_short_id": capture["id"]}
    api.post(f"/sessions/{session_id}/photos", json=body).raise_for_status()
    api.post(f"/sessions/{session_id}/submit").raise_for_status()
    api.polled(f"/sessions/{session_id}/status", lambda status: status["extraction_status"] == "ready")
    return session_id, capture["id"]


def extraction_status(api, session_id):
    """Return how far the extraction of a session is."""
    return api.get(f"/sessions/{session_id}/status").json()["extraction_status"]


def test_a_label_is_proposed_reviewed_and_applied(api, submitted):
    """The story of a proposal: PENDING, decided, decided otherwise, applied once, and final from then on."""
    session_id, capture_id = submitted
    proposals = api.get(f"/captures/{capture_id}/proposals").json()
    proposal = next(each for each in proposals if each["field_name"] == "ingredients")
    assert "citric acid" in proposal["proposed_value"]
    assert "water" in proposal["reasoning"]
    assert 0 < float(proposal["confidence"]) <= 1
    assert proposal["status"] == "PENDING"

    path = f"/proposals/{proposal['id']}"
    assert api.patch(path, json={"status": "REJECTED"}).json()["status"] == "REJECTED"
    tries = [api.patch(path, json={"status": "ACCEPTED"}, headers={"Idempotency-Key": path}) for _ in "12"]
    accepted = tries[0].json()
    assert tries[1].json() == accepted
    assert accepted["reviewed_at"] >= accepted["created"]
    assert extraction_status(api, session_id) == "ready"

    applied = api.post(f"/captures/{capture_id}/apply").json()
    assert [each["id"] for each in applied] == [proposal["id"]]
    assert extraction_status(api, session_id) == "accepted"
    assert api.post(f"/captures/{capture_id}/apply").json() == []
    assert api.patch(path, json={"status": "REJECTED"}).status_code == 409


def test_the_status_counts_the_proposals(api, submitted):
    """The polling view has the number of proposals of each capture."""
    session_id, capture_id = submitted
    counted = api.get(f"/sessions/{session_id}/status").json()["captures"]
    listed = api.get(f"/captures/{capture_id}/proposals").json()
    assert [each["proposal_count"] for each in counted] == [len(listed)]
    assert listed == sorted(listed, key=lambda each: each["created"])


def test_proposals_of_another_organization_are_not_there(api, other, submitted):
    """A foreign, an unknown and a malformed proposal are the same 404."""
    _, capture_id = submitted
    proposal_id = api.get(f"/captures/{capture_id}/proposals").json()[0]["id"]
    for each in (proposal_id, str(uuid.uuid4()), "x", "%00"):
        assert other.patch(f"/proposals/{each}", json={"status": "ACCEPTED"}).status_code == 404


def test_apply_needs_a_product(api):
    """Applying without a linked product is a 400."""
    capture = api.finished(api.capture(api.session(), "nothing")["id"])
    refused = api.post(f"/captures/{capture['id']}/apply")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "bad_request")
