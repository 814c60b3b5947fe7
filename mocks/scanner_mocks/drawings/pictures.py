"""Pictures of one product of the shipped catalogue: drawn, so that they are ours to give away.

The label is the list of ingredients on the tin's back, newer than the catalogue's. A JPEG is the same for one
version of Pillow.
"""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A PNG of one pixel, the smallest photo that can be registered."""
GTIN: Final = "09521234000358"
"""Of the product: chopped tomatoes of Campo Bianco, 400 g."""
LABEL: Final = (900, 600)
LINES: Final = (
    (60, 46, "INGREDIENTS:"),
    (120, 46, "Tomatoes (65 %), tomato"),
    (180, 46, "juice, sea salt, basil."),
    (330, 34, "Store in a cool, dry place."),
    (390, 34, "Packed in Italy for Campo Bianco."),
)
"""Top, height of the letters, and text."""


def draw_label() -> bytes:
    """Return a JPEG of the label, the same for one version of Pillow."""
    label = Image.new("RGB", LABEL, "#f7ead0")
    pencil = ImageDraw.Draw(label)
    pencil.rectangle((20, 20, LABEL[0] - 20, LABEL[1] - 20), outline="#7a1c14", width=6)
    pencil.rectangle((20, 500, LABEL[0] - 20, LABEL[1] - 20), fill="#c0291f")
    for top, height, text in LINES:
        pencil.text((70, top), text, "#3b1a12", ImageFont.load_default(height))
    return _file(label, "JPEG")


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
    return _file(Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=8)), "PNG")


TIN: Final = (960, 1280)
LEFT, RIGHT, TOP, BOTTOM = 230, 730, 260, 1080
BEND: Final = 45
"""Half the height of the ellipse that the tin's round edge is, seen from a little above."""


def draw_tin() -> bytes:
    """Return a JPEG of a tin of tomatoes on a table, the same for one version of Pillow."""
    photo = ImageOps.colorize(Image.linear_gradient("L").resize(TIN), "#f6f1e7", "#a9b7b4")
    pencil = ImageDraw.Draw(photo)
    pencil.rectangle((0, 960, *TIN), fill="#8a6242")
    pencil.ellipse((150, 1010, 900, 1170), fill="#6b4a31")
    for height, colour in (
        (BOTTOM, "#c3c8cc"),
        (BOTTOM - 70, "#c0291f"),
        (TOP + 560, "#f7ead0"),
        (TOP + 330, "#c0291f"),
        (TOP + 100, "#c3c8cc"),
    ):
        _draw_tin_up_to(pencil, height, colour)
    _draw_print(pencil)
    pencil.ellipse((LEFT, TOP - BEND, RIGHT, TOP + BEND), fill="#e3e6e8", outline="#9aa1a6", width=6)
    return _file(photo, "JPEG")


def _draw_tin_up_to(pencil: ImageDraw.ImageDraw, height: int, colour: str) -> None:
    """Draw the tin from its lid down to a height, in one colour."""
    pencil.rectangle((LEFT, TOP, RIGHT, height), fill=colour)
    pencil.ellipse((LEFT, height - BEND, RIGHT, height + BEND), fill=colour)


def _draw_print(pencil: ImageDraw.ImageDraw) -> None:
    middle = (LEFT + RIGHT) // 2
    for text, height, size, colour in (
        ("Campo Bianco", TOP + 190, 54, "#fff4dc"),
        ("TOMATOES", TOP + 282, 84, "#fff4dc"),
        ("chopped, in tomato juice", TOP + 480, 36, "#7a1c14"),
        ("400 g", TOP + 690, 44, "#fff4dc"),
    ):
        pencil.text((middle, height), text, colour, ImageFont.load_default(size), anchor="mm")


def _file(picture: Image.Image, kind: str) -> bytes:
    file = BytesIO()
    picture.save(file, kind, quality=92)
    return file.getvalue()
