"""The tin from the front."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE: Final = (960, 1280)
LEFT, RIGHT, TOP, BOTTOM = 230, 730, 260, 1080
BEND: Final = 45
"""Half the height of the ellipse that the tin's round edge is, seen from a little above."""
BARCODE: Final = "10100110101100110010110100011011001010101100110110100101100110100101101001100101"


def draw_tin() -> bytes:
    """Return a JPEG of a tin of tomatoes on a table, the same for one version of Pillow."""
    photo = ImageOps.colorize(Image.linear_gradient("L").resize(SIZE), "#f6f1e7", "#a9b7b4")
    pencil = ImageDraw.Draw(photo)
    pencil.rectangle((0, 960, *SIZE), fill="#8a6242")
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
    _darken_sides(photo)
    pencil.ellipse((LEFT, TOP - BEND, RIGHT, TOP + BEND), fill="#e3e6e8", outline="#9aa1a6", width=6)
    file = BytesIO()
    photo.save(file, "JPEG", quality=92)
    return file.getvalue()


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
    pencil.rectangle((560, 880, 700, 950), fill="white")
    for number, module in enumerate(BARCODE):
        if module == "1":
            pencil.rectangle((570 + number * 1.5, 888, 571 + number * 1.5, 942), fill="black")


def _darken_sides(photo: Image.Image) -> None:
    """Darken the tin towards its sides, as what is round looks in light from the front."""
    shade = Image.radial_gradient("L").crop((0, 127, 256, 129)).resize((RIGHT - LEFT, SIZE[1]))
    area = (LEFT, 0, RIGHT, SIZE[1])
    tin = Image.new("L", SIZE)
    _draw_tin_up_to(ImageDraw.Draw(tin), BOTTOM, "white")
    mask = Image.composite(shade, Image.new("L", shade.size), tin.crop(area))
    photo.paste("#000000", area, mask.point(lambda value: value * 0.6))
