"""The extractor that works offline: OCR, and rules for the layout of labels."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final

from scanner_api.scanning.catalogue.freshness import shipped_rules

from . import LabelPhoto, PhotoValue
from .labels import read_front, read_ingredients, read_nutrition, two_decimals
from .ocr import Line, TextReader

_UNREAD: Final = frozenset({"barcode", "recycling", "certification"})
"""Labels on which no field of a product stands."""


class LocalExtractor:
    """Reads labels on this machine, one photo at a time, in a thread of its own."""

    source = "local_ocr"

    def __init__(self) -> None:
        self._categories = [rule.category_label for rule in shipped_rules() if rule.brick]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ocr")

    @cached_property
    def _reader(self) -> TextReader:
        """The models, loaded for the first photo."""
        return TextReader()

    async def extract(self, photo: LabelPhoto) -> list[PhotoValue]:
        """Return the findings in a photo; raises ExtractionError if it cannot be decoded."""
        if photo.photo_type in _UNREAD:
            return []
        loop = asyncio.get_running_loop()
        lines = await loop.run_in_executor(self._thread, self._read, photo.content)
        return self._interpret(photo, lines)

    def _read(self, content: bytes) -> list[Line]:
        return self._reader.read(content)

    def _interpret(self, photo: LabelPhoto, lines: list[Line]) -> list[PhotoValue]:
        match photo.photo_type:
            case "front":
                picture = PhotoValue("images", photo.s3_key, two_decimals(1), "It is the photo of the front.")
                return [*read_front(lines, self._categories), picture]
            case "ingredients":
                return read_ingredients(lines)
            case "nutrition":
                return read_nutrition(lines)
            case _:
                return [*read_ingredients(lines), *read_nutrition(lines)]
