"""The list of ingredients on the tin's back, newer than the catalogue's."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (900, 600)
INGREDIENTS: Final = "Tomatoes (65 %), tomato juice, sea salt, basil."
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
    label = Image.new("RGB", SIZE, "#f7ead0")
    pencil = ImageDraw.Draw(label)
    pencil.rectangle((20, 20, SIZE[0] - 20, SIZE[1] - 20), outline="#7a1c14", width=6)
    pencil.rectangle((20, 500, SIZE[0] - 20, SIZE[1] - 20), fill="#c0291f")
    for top, height, text in LINES:
        pencil.text((70, top), text, "#3b1a12", ImageFont.load_default(height))
    file = BytesIO()
    label.save(file, "JPEG", quality=92)
    return file.getvalue()
