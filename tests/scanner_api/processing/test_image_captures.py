"""Captures whose value is read from an uploaded image."""

import io
import sys

import pytest
from PIL import Image

from scanner_api.processing.captures import NO_VISION
from scanner_api.storage.photo_bucket.errors import ObjectTooLarge

from .conftest import picture, processed


def test_a_barcode_in_an_uploaded_image_is_read(in_shop, shelf, milk):
    """The barcode in an image is the capture's value, and goes on like a scan."""
    bucket = shelf(photo=picture())

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        return await processed(shop, capture_id, bucket)

    ended = in_shop(scenario)
    assert (ended.status, ended.raw_value, ended.product_name) == ("COMPLETED", "9521234000013", milk.name)
    assert bucket.asked == [("photo.png", 20 * 1024 * 1024)]


def test_a_value_that_was_sent_spares_the_image(in_shop, shelf):
    """An uploaded image is not fetched if the client sent what is in it."""
    bucket = shelf()

    async def scenario(shop):
        capture_id = await shop.scan(uploaded_image_key="photo.png")
        return await processed(shop, capture_id, bucket)

    assert in_shop(scenario).status == "COMPLETED"
    assert bucket.asked == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "The photo is no longer in the bucket."),
        (b"no image", "The file is not a JPEG, PNG or WebP image."),
        (ObjectTooLarge("The object has 21 bytes; at most 20 are read."), "The object has 21 bytes"),
    ],
)
def test_an_image_that_cannot_be_read_fails_with_its_reason(in_shop, shelf, content, message):
    """An image that is gone, broken or too large is FAILED, and the client learns which."""

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        return await processed(shop, capture_id, shelf(photo=content))

    ended = in_shop(scenario)
    assert ended.status == "FAILED"
    assert message in ended.error_message


def test_a_gtin_that_was_sent_is_enough_for_an_image_that_cannot_be_read(in_shop, shelf, milk):
    """With a GTIN from the client a broken image is no failure."""

    async def scenario(shop):
        capture_id = await shop.scan("", sent_gtin=milk.gtin, uploaded_image_key="photo.png")
        return await processed(shop, capture_id, shelf(photo=b"no image"))

    assert in_shop(scenario).status == "COMPLETED"


def test_an_image_without_a_barcode_is_not_found(in_shop, shelf):
    """An image in which there is no barcode says so."""
    blank = io.BytesIO()
    Image.new("RGB", (200, 200), "white").save(blank, "PNG")

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        return await processed(shop, capture_id, shelf(photo=blank.getvalue()))

    ended = in_shop(scenario)
    assert (ended.status, ended.error_message) == ("NOT_FOUND", "No barcode was found in the image.")


def test_without_vision_an_image_fails_with_what_is_missing(in_shop, shelf, monkeypatch):
    """A server without its extra says that this is why no barcode was read."""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        return await processed(shop, capture_id, shelf(photo=picture()))

    ended = in_shop(scenario)
    assert (ended.status, ended.error_message) == ("FAILED", NO_VISION)
