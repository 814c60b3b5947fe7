import io

import pytest
from PIL import Image, ImageDraw, ImageFont


def _draw(texts, *, size=(700, 900), form="PNG"):
    image = Image.new("RGB", size, "white")
    canvas = ImageDraw.Draw(image)
    for left, top, height, text in texts:
        canvas.text((left, top), text, fill="black", font=ImageFont.load_default(height))
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


@pytest.fixture(scope="session")
def draw():
    """Return what draws texts (left, top, height, text) into an image file."""
    return _draw
