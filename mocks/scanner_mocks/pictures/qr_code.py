"""The QR code on the tin (extra ``vision``)."""

from io import BytesIO

from PIL import Image

from . import GTIN


def digital_link(domain: str) -> str:
    """Return the GS1 Digital Link URI of a lot of the product, with the day it is best before.

    Args:
        domain: URL of the domain that resolves it.
    """
    return f"{domain}/01/{GTIN}/10/L2611A?15=271130"


def draw_qr_code(text: str) -> bytes:
    """Return a PNG of a QR code that says a text."""
    import zxingcpp  # noqa: PLC0415 -- an extra; the rest is drawn without it

    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    file = BytesIO()
    Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=8)).save(file, "PNG")
    return file.getvalue()
