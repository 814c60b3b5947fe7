"""Findings in the lines of text on a label: one reader for each kind of label."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from . import PhotoValue
from .ocr import Line

_LARGE: Final = 0.8
"""Lines of at least this part of the largest height belong to the name."""
_GAP: Final = 1.2
"""A gap of more line heights than this ends a paragraph."""
_MAX_QUOTE: Final = 200
_MAX_VALUE: Final = 2000

_INGREDIENTS: Final = re.compile(
    r"\s*(?:ingredients?|ingr[eé]dients|ingredienti|ingredientes|zutaten)\b\s*[:.]?\s*", re.IGNORECASE
)
_OTHER_HEADING: Final = re.compile(
    r"\s*(?:nutrition|typical values|storage|store|keep|best before|use by|allergy|allergens|net|produced|"
    r"made|distributed|directions|serving)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(r"\d+(?:[.,]\d+)?\s?(?:kJ|kcal|mg|µg|g)(?:\s?/\s?\d+\s?kcal)?", re.IGNORECASE)
_QUANTITY: Final = re.compile(r"[\d.,x\s]+(?:[mck]?[gl]|(?:fl\.?\s)?oz|lb)s?\b.*", re.IGNORECASE)
"""How much is in the pack, which is often set larger than the brand."""
_PER: Final = re.compile(r"\bper\s+(?:\d+\s?(?:ml|g)|serving|portion)", re.IGNORECASE)
_NUTRIENTS: Final = (
    "energy", "saturates", "saturated", "trans", "fat", "carbohydrate", "sugars", "starch", "fibre", "fiber",
    "protein", "salt", "sodium", "cholesterol", "calcium", "iron", "vitamin",
)  # fmt: skip


def read_front(lines: Sequence[Line], categories: Sequence[str]) -> list[PhotoValue]:
    """Find the name (the largest letters), the brand (the next largest) and a category that is named."""
    if not lines:
        return []
    largest = max(line.height for line in lines)
    name = [line for line in lines if line.height >= largest * _LARGE]
    others = [line for line in lines if line not in name and _may_be_brand(line.text)]
    findings = [_finding("name", _joined(name), name, "The largest letters of the front label say")]
    if others:
        brand = max(others, key=lambda line: line.height)
        findings.append(
            _finding("brand_name", brand.text, [brand], "The next largest letters of the front label say")
        )
    if category := category_in(_joined(lines), categories):
        # a word that is broken at the end of a line is in none of them
        naming = [line for line in lines if _stems(line.text) & _stems(category)] or lines
        findings.append(_finding("category", category, naming, f"The label names {category.lower()}:"))
    return findings


def _may_be_brand(text: str) -> bool:
    return any(map(str.isalpha, text)) and not _QUANTITY.fullmatch(text)


def read_ingredients(lines: Sequence[Line]) -> list[PhotoValue]:
    """Find the paragraph that is headed as the list of ingredients."""
    paragraph: list[Line] = []
    for line in lines:
        if not paragraph:
            if _INGREDIENTS.match(line.text):
                paragraph.append(line)
        elif _OTHER_HEADING.match(line.text) or line.top - paragraph[-1].bottom > line.height * _GAP:
            break
        else:
            paragraph.append(line)
    value = _INGREDIENTS.sub("", _joined(paragraph), count=1)
    return [_finding("ingredients", value, paragraph, "The label lists")] if value else []


def read_nutrition(lines: Sequence[Line]) -> list[PhotoValue]:
    """Find the rows of the nutrition table, and write them as one sentence."""
    rows = [row for row in _rows(lines) if _nutrient(row) and _AMOUNT.search(_joined(row))]
    if not rows:
        return []
    per = _PER.search(_joined(lines))
    amounts = ", ".join(f"{_nutrient(row)} {_amount(row)}" for row in rows)
    summary = f"Nutrition {per[0] if per else 'as declared'}: {amounts}."
    used = [line for row in rows for line in row]
    return [_finding("ai_summary", summary, used, "The nutrition table says")]


def category_in(text: str, categories: Sequence[str]) -> str:
    """Return the category, of those given, whose words all stand in the text: the longest, or none."""
    words = _stems(text)
    named = [category for category in categories if _stems(category) <= words]
    return max(named, key=len, default="")


def _stems(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower())} - {"and", "other"}


def _rows(lines: Sequence[Line]) -> Iterable[list[Line]]:
    """Yield lines that stand beside each other, from left to right."""
    row: list[Line] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if row and abs(line.middle - row[0].middle) > row[0].height / 2:
            yield sorted(row, key=lambda cell: cell.left)
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda cell: cell.left)


def _nutrient(row: Sequence[Line]) -> str:
    words = re.findall(r"[a-z]+", _joined(row).lower())
    return next((nutrient for nutrient in _NUTRIENTS if nutrient in words), "")


def _amount(row: Sequence[Line]) -> str:
    match = _AMOUNT.search(_joined(row))
    return match[0] if match else ""


def _joined(lines: Sequence[Line]) -> str:
    """Return the lines as one; a hyphen at the end of a line joins the halves of a word."""
    return re.sub(r"(?<=[a-z])- (?=[a-z])", "", " ".join(line.text for line in lines)).strip()


def _finding(field_name: str, value: str, lines: Sequence[Line], reason: str) -> PhotoValue:
    confidence = min(line.confidence for line in lines)
    quote = _joined(lines)
    text = quote if len(quote) <= _MAX_QUOTE else f"{quote[:_MAX_QUOTE]}..."
    return PhotoValue(field_name, value[:_MAX_VALUE], two_decimals(confidence), f'{reason} "{text}".')


def two_decimals(confidence: float) -> Decimal:
    """Return a confidence as proposals have it: from 0.00 to 1.00."""
    return Decimal(min(max(confidence, 0.0), 1.0)).quantize(Decimal("0.01"))
