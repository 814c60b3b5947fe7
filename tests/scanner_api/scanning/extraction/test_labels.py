from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.extraction import PhotoValue
from scanner_api.scanning.extraction.labels import (
    category_in,
    read_front,
    read_ingredients,
    read_nutrition,
    two_decimals,
)
from scanner_api.scanning.extraction.ocr import Line

CATEGORIES = ["Milk", "Milk substitutes", "Biscuits and cookies", "Bread"]


def lines(*rows):
    """Return lines of (text, top, height, left), each read with 0.9."""
    return [Line(text, 0.9, left, top, height) for text, top, height, left in rows]


def paragraph(*texts, step=50):
    """Return lines of one height under each other."""
    return lines(*((text, 100 + step * place, 40, 50) for place, text in enumerate(texts)))


def test_the_largest_letters_are_the_name():
    """The front gives the name, the brand in the next largest letters, and the category that is named."""
    front = lines(
        ("Alder Farm", 50, 60, 0), ("Whole", 150, 120, 0), ("Milk", 290, 118, 0), ("1 L", 450, 70, 0)
    )
    front.append(Line("from grass-fed cows", 0.5, 0, 600, 30))
    assert read_front(front, CATEGORIES) == [
        PhotoValue(
            "name", "Whole Milk", Decimal("0.90"), 'The largest letters of the front label say "Whole Milk".'
        ),
        PhotoValue(
            "brand_name",
            "Alder Farm",
            Decimal("0.90"),
            'The next largest letters of the front label say "Alder Farm".',
        ),
        PhotoValue("category", "Milk", Decimal("0.90"), 'The label names milk: "Milk".'),
    ]


@pytest.mark.parametrize("quantity", ["1 L", "400 g", "0,75l", "6 x 330 ml", "12 fl oz", "2.5 kg e"])
def test_how_much_is_in_the_pack_is_no_brand(quantity):
    """A quantity is often the next largest; the brand is what comes after it."""
    front = lines(("Milk", 50, 120, 0), (quantity, 200, 80, 0), ("7UP", 300, 60, 0))
    assert [finding.proposed_value for finding in read_front(front, [])] == ["Milk", "7UP"]


def test_a_category_quotes_the_lines_that_name_it():
    """The confidence and the quotation are those of the lines that the category was read from."""
    front = lines(("Crunch", 50, 120, 0), ("Wholesome", 200, 60, 0))
    front.append(Line("biscuits & cookies", 0.4, 0, 300, 30))
    *_, category = read_front(front, CATEGORIES)
    assert (category.proposed_value, str(category.confidence)) == ("Biscuits and cookies", "0.40")
    assert category.reasoning == 'The label names biscuits and cookies: "biscuits & cookies".'


def test_a_category_in_a_broken_word_is_named_all_the_same():
    """A word that is broken at the end of a line is in none of the lines, but on the label."""
    front = lines(("mi-", 50, 120, 0), ("lk", 200, 115, 0))
    assert read_front(front, CATEGORIES)[-1].proposed_value == "Milk"


@pytest.mark.parametrize("front", [[], lines(("Milk", 50, 60, 0))])
def test_a_front_with_little_on_it_suggests_little(front):
    """Without text there are no findings, and without a second line there is no brand."""
    assert not [finding for finding in read_front(front, []) if finding.field_name != "name"]


@pytest.mark.parametrize(
    "heading", ["Ingredients:", "INGREDIENTS", "Ingredient:", "Zutaten:", "Ingrédients :", "Ingredienti:"]
)
def test_the_list_of_ingredients_is_read_to_its_end(heading):
    """The paragraph behind the heading is the value, in any of the languages, up to the next heading."""
    label = paragraph(
        "Product of Spain", f"{heading} oats (60 %),", "rais-", "ins, salt.", "Keep dry.", "More"
    )
    (finding,) = read_ingredients(label)
    assert finding.field_name == "ingredients"
    assert finding.proposed_value == "oats (60 %), raisins, salt."
    assert 'The label lists "' in finding.reasoning


def test_a_gap_ends_the_list():
    """What stands further below is not part of the paragraph."""
    label = [*paragraph("Ingredients: oats,", "salt"), *lines(("Somewhere else", 400, 40, 50))]
    assert read_ingredients(label)[0].proposed_value == "oats, salt"


@pytest.mark.parametrize(
    "label", [[], paragraph("Whole milk"), paragraph("Ingredients:"), paragraph("No ingredients")]
)
def test_without_a_list_there_is_no_finding(label):
    """A label without the heading, or with nothing behind it, suggests no ingredients."""
    assert read_ingredients(label) == []


def test_the_rows_of_the_nutrition_table_are_put_together():
    """Cells beside each other are a row, and the rows become one sentence."""
    table = lines(
        ("3.6 g", 203, 40, 400),
        ("Fat", 200, 40, 50),
        ("Nutrition per 100 ml", 100, 40, 50),
        ("268 kJ / 64 kcal", 148, 40, 400),
        ("Energy", 150, 40, 50),
        ("of which saturates", 250, 40, 50),
        ("2,3g", 252, 40, 400),
        ("Our cows", 300, 40, 50),
        ("Protein", 350, 40, 50),
    )
    (finding,) = read_nutrition(table)
    assert finding.field_name == "ai_summary"
    assert (
        finding.proposed_value == "Nutrition per 100 ml: energy 268 kJ / 64 kcal, fat 3.6 g, saturates 2,3g."
    )


@pytest.mark.parametrize("label", [[], paragraph("Fat"), paragraph("5 g"), paragraph("Weight 5 g")])
def test_without_a_table_there_is_no_summary(label):
    """A row needs a nutrient and an amount."""
    assert read_nutrition(label) == []


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Whole Milk 1 L", "Milk"),
        ("a substitute for MILK", "Milk substitutes"),
        ("Cookie and biscuit tin", "Biscuits and cookies"),
        ("Milkshake", ""),
        ("", ""),
    ],
)
def test_the_category_with_the_most_words_in_the_text_counts(text, category):
    """A category is named if all its words are there, in singular or plural."""
    assert category_in(text, CATEGORIES) == category


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.987, "0.99"), (1.7, "1.00"), (-1, "0.00"), (0.5, "0.50")]
)
def test_a_confidence_has_two_decimals(confidence, text):
    """Confidences stay between 0.00 and 1.00."""
    assert str(two_decimals(confidence)) == text


@given(
    st.lists(
        st.builds(
            Line,
            text=st.text(max_size=300),
            confidence=st.floats(0, 1),
            left=st.floats(0, 2000),
            top=st.floats(0, 2000),
            height=st.floats(1, 500),
        ),
        max_size=8,
    )
)
def test_any_label_is_read(label):
    """Whatever stands on a label, the readers return findings within the bounds of proposals."""
    for finding in [*read_front(label, CATEGORIES), *read_ingredients(label), *read_nutrition(label)]:
        assert Decimal(0) <= finding.confidence <= Decimal(1)
        assert len(finding.proposed_value) <= 2000
        assert len(finding.reasoning) <= 300
