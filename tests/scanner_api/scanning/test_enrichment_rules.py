from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scanner_api.scanning.extraction import PhotoValue
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import Capture, CaptureStatus
from scanner_api.scanning.scans.enrichment import capture_for, news

NOW = datetime(2026, 4, 9, tzinfo=UTC)


def capture(id_, status=CaptureStatus.COMPLETED, product="milk"):
    """Return a capture that has ended."""
    return Capture(
        id=id_,
        session_id="s",
        status=status,
        capture_type="BARCODE",
        created=NOW,
        product_short_id=product,
    )


def photo(capture_id=None):
    """Return a photo that may name a capture."""
    return Photo(
        id="p",
        session_id="s",
        photo_type="front",
        s3_key="k",
        original_filename="k",
        file_size=1,
        media_type="image/png",
        sort_order=0,
        metadata={},
        created=NOW,
        capture_id=capture_id,
    )


LOST = capture("lost", CaptureStatus.NOT_FOUND, None)
BROKEN = capture("broken", CaptureStatus.FAILED)


@pytest.mark.parametrize(
    ("named", "captures", "chosen"),
    [
        (None, [], None),
        (None, [LOST], None),
        (None, [LOST, capture("a")], "a"),
        (None, [LOST, BROKEN], "broken"),
        (None, [BROKEN, capture("a"), capture("b")], "a"),
        ("b", [capture("a"), capture("b")], "b"),
        ("lost", [LOST, capture("a")], "lost"),
        ("gone", [capture("a")], None),
    ],
)
def test_a_photo_speaks_for_one_capture(named, captures, chosen):
    """It is the one that it names, else the only linked one, else the first completed one, else none."""
    found = capture_for(photo(named), captures)
    assert (found and found.id) == chosen


def finding(value):
    """Return a finding for a name."""
    return PhotoValue("name", value, Decimal("0.90"), f'The label says "{value}".')


def test_a_value_for_an_empty_field_is_the_extractors():
    """What the product has not is proposed as it was found."""
    assert news(finding("Oat Drink"), "", "local_ocr") == (finding("Oat Drink"), "local_ocr")


@pytest.mark.parametrize("current", ["Oat Drink", "OAT DRINK", " oat\n drink "])
def test_what_the_product_has_is_no_news(current):
    """The same words are the same, in whatever case and lines."""
    assert news(finding("Oat Drink"), current, "local_ocr") is None


def test_what_contradicts_the_catalogue_is_reported_with_both_values():
    """A difference names the catalogue as its source, and quotes the two values and what was read."""
    proposal, source = news(finding("Oat Drink"), "Oat Milk", "local_ocr")
    assert source == "local_database"
    assert proposal.reasoning == (
        'The catalogue has "Oat Milk", the photo "Oat Drink". The label says "Oat Drink".'
    )
    assert (proposal.proposed_value, proposal.confidence) == ("Oat Drink", Decimal("0.90"))


def test_quotes_are_bounded():
    """A long value is quoted by its beginning."""
    proposal, _ = news(finding("x"), "y" * 5000, "local_ocr")
    assert f'"{"y" * 200}..."' in proposal.reasoning
    assert len(proposal.reasoning) < 400
