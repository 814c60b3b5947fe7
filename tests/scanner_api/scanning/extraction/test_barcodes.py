import io
from contextlib import suppress

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanner_api.operations.photos import BEGINNING_BYTES
from scanner_api.scanning.codes.raw_values import read
from scanner_api.scanning.extraction import ExtractionError
from scanner_api.scanning.extraction.pixels import decode_barcodes
from scanner_api.scanning.photos.images import check_beginning

GTIN = "09521234000013"


def drawn(*values, form="PNG", turned=0, **options):
    """Return an image file with barcodes of (format, text) under each other on white."""
    page = Image.new("RGB", (900, 500 * len(values)), "white")
    for place, (kind, text) in enumerate(values):
        barcode = zxingcpp.create_barcode(text, kind)
        page.paste(Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=5)), (60, 60 + 500 * place))
    file = io.BytesIO()
    page.rotate(turned, expand=True, fillcolor="white").save(file, form, **options)
    return file.getvalue()


EAN13 = (zxingcpp.BarcodeFormat.EAN13, "9521234000013")
QR = (zxingcpp.BarcodeFormat.QRCode, f"https://id.gs1.org/01/{GTIN}?17=261231")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("turned", [0, 90, 180, 7])
def test_a_barcode_is_read_in_every_image_type_and_position(form, turned):
    """An EAN-13 is found in each type of image, upright, upside down or askew."""
    assert decode_barcodes(drawn(EAN13, form=form, turned=turned)) == ["9521234000013"]


def test_all_barcodes_of_an_image_are_read():
    """A label with two codes gives both values, and both name the product."""
    values = decode_barcodes(drawn(EAN13, QR))
    assert sorted(values) == [EAN13[1], QR[1]]
    assert {read(value).gtin for value in values} == {GTIN}


@pytest.mark.parametrize(
    ("kind", "text", "gtin"),
    [
        (zxingcpp.BarcodeFormat.EAN8, "96385074", "00000096385074"),
        (zxingcpp.BarcodeFormat.UPCA, "614141000043", "00614141000043"),
        (zxingcpp.BarcodeFormat.ITF14, "19521234000010", "19521234000010"),
        (zxingcpp.BarcodeFormat.Code128, "9521234000013", GTIN),
    ],
)
def test_what_is_decoded_names_the_product(kind, text, gtin):
    """The symbols of retail and of cases lead to the GTIN that they were drawn for."""
    assert [read(value).gtin for value in decode_barcodes(drawn((kind, text)))] == [gtin]


def test_an_image_without_barcodes_has_none(draw):
    """A label with text alone gives no values."""
    assert decode_barcodes(draw([(50, 50, 60, "Whole Milk")])) == []


@settings(max_examples=30)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=50))
def test_a_damaged_photo_is_an_error_of_that_photo(place, damage):
    """Whatever bytes a file is damaged with, reading it gives values or an ExtractionError."""
    content = bytearray(drawn(EAN13, form="JPEG"))
    content[place : place + len(damage)] = damage
    with suppress(ExtractionError):
        assert isinstance(decode_barcodes(bytes(content)), list)


@pytest.mark.parametrize("content", [b"", b"GIF89a", drawn(EAN13)[:200], drawn(EAN13, form="JPEG")[:300]])
def test_what_is_no_photo_is_an_error(content):
    """Other types and cut files are refused."""
    with pytest.raises(ExtractionError):
        decode_barcodes(content)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_what_was_registered_unchecked_is_bounded_where_it_is_decoded(form, monkeypatch):
    """A size that stands behind what is read at registration is checked before a pixel is decoded."""
    if form == "JPEG":
        segments = (b"\xff\xe2\xff\xff" + bytes(0xFFFD)) * 5
        content = b"\xff\xd8" + segments + b"\xff\xc0\0\x11\x08" + (20_000).to_bytes(2) * 2 + b"\3"
        assert check_beginning(content[:BEGINNING_BYTES], is_whole=False) is None
    else:
        content = drawn(EAN13, form="TIFF")
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(ExtractionError, match=r"20000 x 20000 pixels|not a JPEG, PNG or WebP"):
        decode_barcodes(content)
