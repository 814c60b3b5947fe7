"""Scanner Upload, over HTTP: images recognised by content, their barcodes read by the pipeline."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image

from scanner_api.scanning.catalogue.products import shipped_products
from scanner_mocks.drawings.pictures import PIXEL

PRODUCT = next(shipped_products())
MEBIBYTE = 1024 * 1024


def barcode_image(form="PNG", value=PRODUCT.gtin[1:]):
    """Draw an EAN-13 in a file of this form."""
    barcode = zxingcpp.create_barcode(value, zxingcpp.BarcodeFormat.EAN13)
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=4)).convert("RGB")
    file = io.BytesIO()
    drawn.save(file, form)
    return file.getvalue()


def upload(api, content, *, filename="a.bin", media_type="application/octet-stream", **fields):
    """Upload an image to a new session, under a name and type that say nothing."""
    fields.setdefault("session_short_id", api.session())
    return api.post("/captures/upload-image", data=fields, files={"image": (filename, content, media_type)})


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_barcode_in_an_image_finds_its_product(api, form):
    """The image is stored, its barcode read, and the scan goes on to the catalogue's product."""
    submitted = upload(api, barcode_image(form))
    assert (submitted.status_code, submitted.json()["capture_type"]) == (201, "IMAGE")
    capture = api.finished(submitted.json()["id"])
    assert (capture["status"], capture["gtin"]) == ("COMPLETED", PRODUCT.gtin)
    assert capture["product_name"] == PRODUCT.name
    assert capture["uploaded_image_key"].endswith({"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[form])


def test_an_image_without_a_barcode_is_not_found(api):
    """No barcode and no GTIN: NOT_FOUND, with a message."""
    capture = api.finished(upload(api, PIXEL).json()["id"])
    assert capture["status"] == "NOT_FOUND"
    assert "barcode" in capture["error_message"]


def test_a_gtin_beside_the_image_counts(api):
    """What the client read itself needs no barcode in the image."""
    submitted = upload(api, PIXEL, gtin=PRODUCT.gtin, capture_type="BARCODE")
    assert api.finished(submitted.json()["id"])["status"] == "COMPLETED"


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a" + b"\0" * 50, b"<svg/>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_what_is_no_image_is_refused_whatever_it_is_called(api, content):
    """Content decides: a name and a header of a JPEG do not make one."""
    refused = upload(api, content, filename="a.jpg", media_type="image/jpeg")
    assert refused.status_code in {415, 422}


def test_a_decompression_bomb_is_refused(api):
    """A small file of too many pixels is a 422 that says so, before it is decoded."""
    header = b"IHDR" + (50_000).to_bytes(4) * 2 + b"\x08\x06\0\0\0"
    bomb = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + b"\0\0\0\0"
    refused = upload(api, bomb)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/image"


def test_an_image_over_the_limit_is_too_large(api):
    """More than 20 MiB is a 413."""
    assert upload(api, PIXEL + b"\0" * (20 * MEBIBYTE)).status_code == 413


@pytest.mark.parametrize(("field", "length"), [("gtin", 15), ("raw_value", 501)])
def test_fields_have_the_limits_of_a_scan(api, field, length):
    """A field that is too long is named."""
    refused = upload(api, PIXEL, **{field: "1" * length})
    assert refused.json()["errors"][0]["pointer"] == f"/{field}"


def test_fields_that_the_form_does_not_have_are_left_out(api):
    """Metadata and GS1 data are a submitted scan's alone: what is called so here is not in the capture."""
    capture = upload(api, PIXEL, metadata='{"a": "b"}', gs1_dl_data="x").json()
    assert (capture["metadata"], capture["gs1_dl_data"]) == ({}, {})


def test_an_upload_needs_an_active_session_of_the_caller(api, other):
    """A foreign session is a 404, an ended one a 409."""
    session_id = api.session()
    assert upload(other, PIXEL, session_short_id=session_id).status_code == 404
    api.post(f"/sessions/{session_id}/end")
    assert upload(api, PIXEL, session_short_id=session_id).status_code == 409
