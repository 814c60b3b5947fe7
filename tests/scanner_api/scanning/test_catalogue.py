import io
import json
from importlib.resources import files

import pytest

from scanner_api.scanning.catalogue.freshness import shipped_rules
from scanner_api.scanning.catalogue.products import Product, read_products, shipped_products
from scanner_api.scanning.catalogue.rows import BadRow
from scanner_api.scanning.codes.gtin import normalise

MILK = Product(gtin="09521234000013", name="Milk")


def read(content, name="products.csv"):
    """Return what a file with this text holds."""
    return list(read_products(io.BytesIO(content.encode()), name))


def test_our_own_columns_are_read():
    """A file with the names of the catalogue's fields fills all of them."""
    fields = {
        "gtin": "9521234000013",
        "name": "Whole milk",
        "brand_name": "Alder Farm",
        "category": "Milk",
        "brick": "10000025",
        "description": "In a carton.",
        "ingredients": "Whole milk.",
        "images": "https://example.com/milk.jpg",
    }
    product = Product(**{**fields, "gtin": "09521234000013"})
    assert read(json.dumps(fields), "x.jsonl") == [product]
    assert read(",".join(fields) + "\n" + ",".join(fields.values())) == [product]


def test_the_columns_of_open_food_facts_are_read():
    """A line of their dump becomes a product; columns that we do not keep are ignored."""
    line = {
        "code": 9521234000013,
        "product_name": " Whole milk ",
        "brands": "Alder Farm",
        "categories": "Dairies,Milks",
        "generic_name": "Milk",
        "ingredients_text": "Whole milk",
        "image_url": "https://example.com/milk.jpg",
        "nutriments": {"fat": 3.5},
        "creator": None,
    }
    assert read(json.dumps(line), "x.jsonl") == [
        Product(
            gtin="09521234000013",
            name="Whole milk",
            brand_name="Alder Farm",
            category="Dairies,Milks",
            description="Milk",
            ingredients="Whole milk",
            images="https://example.com/milk.jpg",
        )
    ]


def test_our_name_of_a_column_goes_first():
    """Where a file has both names of a field, the first that says something counts."""
    assert read("code,gtin,name,product_name\n96385074,9521234000013,,Milk") == [MILK]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("9521234000014,Milk,", "The check digit of GTIN-13 9521234000014 should be 3."),
        ("952123400001,Milk,", "The check digit of GTIN-12 952123400001 should be 0."),
        (",Milk,", "A GTIN has 8, 12, 13 or 14 digits."),
        ("abc,Milk,", "A GTIN has 8, 12, 13 or 14 digits."),
        ("9521234000013, ,", "The product has no name."),
        ("9521234000013,Milk,123", "A GPC brick code has 8 digits and starts with 1."),
        ("9521234000013," + "x" * 301 + ",", "The name has 301 characters; at most 300 fit."),
        ("9521234000013,Mi\0lk,", "The name has control characters."),
        ("9521234000013,Milk", "The line has 2 fields, the header has 3."),
    ],
)
def test_a_bad_row_is_reported_and_the_next_one_read(row, reason):
    """A row that is no product is left out with its line and the reason."""
    assert read(f"gtin,name,brick\n{row}\n9521234000013,Milk,\n") == [BadRow(2, reason), MILK]


@pytest.mark.parametrize("value", [True, 1.5, None, [], {}])
def test_values_of_other_types_say_nothing(value):
    """JSON values that are neither text nor whole numbers count as missing."""
    assert read(json.dumps({"code": value, "product_name": "Milk"}), "x.jsonl") == [
        BadRow(1, "A GTIN has 8, 12, 13 or 14 digits.")
    ]


def test_the_shipped_catalogue_is_sound():
    """Every shipped product has a GTIN of its own, a brand, ingredients and a brick with a rule."""
    products = list(shipped_products())
    bricks = {rule.brick: rule.category_label for rule in shipped_rules()}
    assert len(products) >= 60
    assert len({product.gtin for product in products}) == len(products)
    for product in products:
        assert normalise(product.gtin) == product.gtin
        assert product.brand_name
        assert product.ingredients
        assert bricks[product.brick] == product.category


def test_the_shipped_catalogue_is_read_as_any_file():
    """What a start takes as it stands is what the reader of files would make of it, with no row refused."""
    file = files("scanner_api.scanning.catalogue").joinpath("catalogue.csv").read_bytes()
    assert list(shipped_products()) == list(read_products(io.BytesIO(file), "catalogue.csv"))


def test_the_shipped_catalogue_has_gtins_of_several_lengths():
    """GTIN-8, GTIN-12 and GTIN-13 can all be tried out."""
    lengths = {len(product.gtin.lstrip("0")) for product in shipped_products()}
    assert lengths == {8, 12, 13}
