"""Reads products from files.

Columns have our names or those of Open Food Facts, whose dumps can be read as they are.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import IO, Any, Final

import msgspec

from .rows import BadRow, Row, read_rows


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the catalogue.

    Attributes:
        gtin: 14 digits.
        brick: GS1 GPC brick code of 8 digits, or empty.
        images: URL of a picture, or empty.
    """

    gtin: str
    name: str
    brand_name: str = ""
    category: str = ""
    brick: str = ""
    description: str = ""
    ingredients: str = ""
    images: str = ""


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "gtin": ("gtin", "code"),
    "name": ("name", "product_name"),
    "brand_name": ("brand_name", "brand", "brands"),
    "category": ("category", "main_category_en", "categories"),
    "brick": ("brick", "gpc_brick", "gpc_category_code"),
    "description": ("description", "generic_name"),
    "ingredients": ("ingredients", "ingredients_text"),
    "images": ("images", "image_url"),
}
"""The columns of each field, in order of precedence; Open Food Facts' names are the last."""

GTIN_LENGTH: Final = 14
BRICK: Final = re.compile(r"1[0-9]{7}|")
"""A brick code of GS1's Global Product Classification, or none."""
_MAX_LENGTHS: Final = {"name": 300, "brand_name": 200, "category": 300, "images": 2048}
_MAX_LENGTH: Final = 10_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_products(stream: IO[bytes], filename: str) -> Iterator[Product | BadRow]:
    """Yield the products of an open file, and in place of an invalid row its error.

    Raises:
        FileError: the file is of no known format.
    """
    for row in read_rows(stream, filename):
        yield row if isinstance(row, BadRow) else _product(row)


def shipped_products() -> Iterator[Product]:
    """Yield the products in the package: fictitious ones, under GS1's numbers for examples.

    A test validates them by :func:`read_products`, so no start has to.
    """
    with files(__package__).joinpath("catalogue.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            yield Product(**{**row, "gtin": row["gtin"].zfill(GTIN_LENGTH)})


def _product(row: Row) -> Product | BadRow:
    from scanner_api.scanning.codes import gtin  # noqa: PLC0415 -- biip takes 0.1 s to import, which a start can do without

    values = {field: _first_filled(row.fields, names) for field, names in _COLUMNS.items()}
    try:
        values["gtin"] = gtin.normalise(values["gtin"])
    except gtin.GtinError as error:
        return BadRow(row.line, str(error))
    if not values["name"]:
        return BadRow(row.line, "The product has no name.")
    if not BRICK.fullmatch(values["brick"]):
        return BadRow(row.line, "A GPC brick code has 8 digits and starts with 1.")
    for field, value in values.items():
        if reason := _unfit(field, value):
            return BadRow(row.line, reason)
    return Product(**values)


def _first_filled(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of the named fields that is not empty; GTINs are also written as numbers."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and (text := value.strip()):
            return text
    return ""


def _unfit(field: str, value: str) -> str:
    limit = _MAX_LENGTHS.get(field, _MAX_LENGTH)
    if len(value) > limit:
        return f"The {field} has {len(value)} characters; at most {limit} fit."
    return f"The {field} has control characters." if _CONTROL.search(value) else ""
