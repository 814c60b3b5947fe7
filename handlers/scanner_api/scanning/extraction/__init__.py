"""Extractors of values from photos: knows labels, and not which photos to read."""

from decimal import Decimal
from typing import NamedTuple, Protocol


class ExtractionError(Exception):
    """One photo could not be read; the message says why, and the other photos are not concerned."""


class LabelPhoto(NamedTuple):
    """A photo of a session.

    Attributes:
        photo_type: its label, one of the contract's; it selects the reader of the photo.
        content: the whole file.
    """

    s3_key: str
    photo_type: str
    content: bytes


class PhotoValue(NamedTuple):
    """A value in a photo for a field of the product.

    Attributes:
        field_name: ``name``, ``brand_name``, ``category``, ``ingredients``, ``ai_summary`` or ``images``.
        confidence: from 0.00 to 1.00, two decimals.
        reasoning: why, quoting what was read.
    """

    field_name: str
    proposed_value: str
    confidence: Decimal
    reasoning: str


class Extractor(Protocol):
    """Reads photos.

    Attributes:
        source: names the extractor in proposals.
    """

    source: str

    async def extract(self, photo: LabelPhoto) -> list[PhotoValue]:
        """Return the findings in a photo; raises ExtractionError if it cannot be read."""
