"""Barcodes in photos, read by zxing-cpp (extra ``vision``)."""

from __future__ import annotations

from .pixels import open_pixels


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
