import asyncio
import struct
from decimal import Decimal

import pytest

from scanner_api.scanning.extraction import ExtractionError, LabelPhoto
from scanner_api.scanning.extraction.local import LocalExtractor
from scanner_api.scanning.extraction.pixels import MAX_SIDE, open_pixels

FRONT = [(60, 60, 50, "Alder Farm"), (60, 200, 120, "Whole Milk"), (60, 600, 30, "1 litre")]
INGREDIENTS = [
    (60, 100, 36, "Ingredients: Whole milk,"),
    (60, 150, 36, "vitamin D."),
    (60, 230, 36, "Keep refrigerated."),
]
NUTRITION = [
    (60, 100, 36, "Nutrition per 100 ml"),
    (60, 160, 36, "Fat"),
    (450, 160, 36, "3.6 g"),
    (60, 220, 36, "Protein"),
    (450, 220, 36, "3.4 g"),
]


@pytest.fixture(scope="module")
def extractor():
    """Return one extractor, so that the models are loaded once."""
    return LocalExtractor()


@pytest.fixture(scope="module")
def extract(extractor, draw):
    """Return what draws a label, has it read, and returns the values by field."""

    def read(photo_type, texts):
        photo = LabelPhoto("scanner/photos/a.png", photo_type, draw(texts))
        return {finding.field_name: finding for finding in asyncio.run(extractor.extract(photo))}

    return read


def test_a_front_gives_name_brand_category_and_image(extract):
    """A drawn front label is read, with a confidence and a reasoning that quotes the text."""
    findings = extract("front", FRONT)
    assert {name: finding.proposed_value for name, finding in findings.items()} == {
        "name": "Whole Milk",
        "brand_name": "Alder Farm",
        "category": "Milk",
        "images": "scanner/photos/a.png",
    }
    assert findings["name"].confidence > Decimal("0.8")
    assert '"Whole Milk"' in findings["name"].reasoning


def test_ingredients_and_nutrition_go_to_their_own_readers(extract):
    """The photo's type decides what is looked for."""
    assert extract("ingredients", INGREDIENTS)["ingredients"].proposed_value == "Whole milk, vitamin D."
    summary = extract("nutrition", NUTRITION)["ai_summary"].proposed_value
    assert summary == "Nutrition per 100 ml: fat 3.6 g, protein 3.4 g."
    assert extract("nutrition", INGREDIENTS) == {}


def test_any_other_side_is_searched_for_both(extract):
    """A back label may hold ingredients and nutrition together."""
    below = [(left, top + 300, height, text) for left, top, height, text in NUTRITION]
    assert set(extract("back", INGREDIENTS + below)) == {"ingredients", "ai_summary"}


@pytest.mark.parametrize("photo_type", ["barcode", "recycling", "certification"])
async def test_photos_without_text_of_a_product_are_not_read(extractor, photo_type):
    """Such photos suggest nothing, whatever they hold."""
    assert (await extractor.extract(LabelPhoto("k", photo_type, b"not even an image"))) == []


def test_a_blank_photo_suggests_itself_alone(extract):
    """A front without text is still a picture of the product."""
    assert set(extract("front", [])) == {"images"}


def test_a_broken_photo_is_an_error_of_that_photo(extractor, draw):
    """A file that cannot be decoded raises, and the next one is read."""
    with pytest.raises(ExtractionError):
        asyncio.run(extractor.extract(LabelPhoto("k", "front", draw(FRONT)[:500])))
    assert asyncio.run(extractor.extract(LabelPhoto("k", "front", draw(FRONT))))


def test_large_photos_are_scaled_down(draw):
    """Pixels beyond what a label needs are not kept."""
    assert open_pixels(draw([], size=(4000, 1000))).shape == (MAX_SIDE // 4, MAX_SIDE, 3)


def test_a_decompression_bomb_is_not_decoded(draw):
    """A photo that says to have more pixels than are taken is refused by its header."""
    small = draw([], size=(100, 60))
    bomb = small.replace(struct.pack(">II", 100, 60), struct.pack(">II", 10_000, 6_000), 1)
    with pytest.raises(ExtractionError, match="at most 50,000,000"):
        open_pixels(bomb)
