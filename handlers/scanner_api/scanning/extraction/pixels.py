"""Untrusted photos as pixels (bounded in size, upright, opaque), and barcodes in them (extra ``vision``)."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Final

from scanner_api.scanning.photos.images import ImageError, read_header

from . import ExtractionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

MAX_SIDE: Final = 2000
"""Larger photos are scaled down to it: letters and bars of a label stay large enough."""


def open_pixels(content: bytes) -> Pixels:
    """Decode a JPEG, PNG or WebP into rows of RGB pixels.

    Raises:
        ExtractionError: it is none, too large, or broken.
    """
    import numpy as np  # noqa: PLC0415 -- an extra; the service runs without it
    from PIL import Image, ImageOps  # noqa: PLC0415 -- the same

    try:
        read_header(BytesIO(content))
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            image.thumbnail((MAX_SIDE, MAX_SIDE))  # before all else: a copy of a large photo takes 200 MB
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except ImageError as error:
        raise ExtractionError(str(error)) from error
    except (OSError, ValueError, SyntaxError, TypeError, struct.error) as error:
        raise ExtractionError("The photo is damaged and cannot be decoded.") from error


def decode_barcodes(content: bytes) -> list[str]:
    """Return the values of all barcodes in an image, as a scanner would send them; takes tens of ms.

    Values of GS1 symbols start with the symbology identifier, so that their FNC1 counts.

    Raises:
        ExtractionError: the image cannot be decoded.
    """
    import zxingcpp  # noqa: PLC0415 -- an extra; the service runs without it

    pixels = open_pixels(content)
    barcodes = zxingcpp.read_barcodes(pixels, text_mode=zxingcpp.TextMode.Plain)
    return [_as_scanned(barcode.text, barcode.symbology_identifier) for barcode in barcodes if barcode.valid]


def _as_scanned(text: str, symbology: str) -> str:
    return f"{symbology}{text}" if symbology in {"]C1", "]e0", "]d2", "]Q3", "]J1"} else text
