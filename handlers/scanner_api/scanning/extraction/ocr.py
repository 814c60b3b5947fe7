"""Text in photos, read by rapidocr with the models in its wheel (extra ``vision``)."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from .pixels import open_pixels

_SETTINGS: Final = {
    "Global.log_level": "error",
    "Global.use_cls": False,  # photos are upright by then
    "Det.limit_side_len": 960,
    "Det.limit_type": "max",
}


class Line(NamedTuple):
    """A line of text on a label; places are pixels from the top left corner.

    Attributes:
        confidence: how sure the reading is, from 0 to 1.
    """

    text: str
    confidence: float
    left: float
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """Where the line ends."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half-way down the line."""
        return self.top + self.height / 2


class TextReader:
    """Reads text, from one thread: loading the models takes two seconds, reading a photo one or two."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR  # noqa: PLC0415 -- an extra; the service runs without it

        self._engine = RapidOCR(params=_SETTINGS)

    def read(self, content: bytes) -> list[Line]:
        """Return the lines of text in an image, from top to bottom.

        Raises:
            ExtractionError: the image cannot be decoded.
        """
        result: Any = self._engine(open_pixels(content))
        if result.boxes is None:
            return []
        lines = _lines(zip(result.boxes, result.txts, result.scores, strict=True))
        return sorted(lines, key=lambda line: line.top)


def _lines(boxes: Iterable[tuple[Any, str, float]]) -> Iterable[Line]:
    """Yield lines from their corners, which go clockwise from the top left."""
    for corners, text, score in boxes:
        left, top = corners.min(axis=0)
        _, bottom = corners.max(axis=0)
        yield Line(text.strip(), float(score), float(left), float(top), float(bottom - top))
