"""The scans of a JPEG are counted as a decoder comes upon them."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from scanner_api.scanning.photos.images import MAX_SCANS, ImageTooLarge, has_more_scans, read_header

SCAN = b"\xff\xda\x00\x04\x01\x00data\xff\x00\xff\xd0more"
END = b"\xff\xd9"


def drawn(**options):
    """Return a real JPEG of noise, written by Pillow."""
    file = io.BytesIO()
    Image.effect_noise((300, 200), 80).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def segment(code, payload):
    """Return a segment."""
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def scans_of(content):
    """Return how many scans are counted."""
    return next(most for most in range(1000) if not has_more_scans(io.BytesIO(content), most))


@pytest.mark.parametrize(("options", "scans"), [({}, 1), ({"progressive": True}, 10)])
@pytest.mark.parametrize("quality", [5, 100])
def test_real_jpegs_have_few(options, scans, quality):
    """A baseline JPEG has one, a progressive one ten, however much their data looks like markers."""
    assert scans_of(drawn(quality=quality, **options)) == scans


@pytest.mark.parametrize(
    ("content", "scans"),
    [
        (SCAN * 5 + END, 5),
        (SCAN * 5, 5),
        (SCAN + END + SCAN * 50, 1),
        (segment(0xE1, b"thumbnail" + SCAN * 50) + SCAN + END, 1),
        (SCAN + b"\xff\xff\xff" + SCAN[1:] + END, 2),
        (SCAN + b"\xff\x01\xff\xff" + SCAN + END, 2),
        (SCAN + b"x" * 65_525 + SCAN + END, 2),
        (SCAN + b"x" * 65_531 + SCAN + END, 2),
        (b"", 0),
        (SCAN[:3], 0),
    ],
)
def test_what_a_decoder_would_paint_counts(content, scans):
    """Neither thumbnails nor what stands behind the end counts, wherever in the file a marker falls."""
    assert scans_of(b"\xff\xd8" + content) == scans


def test_too_many_segments_are_too_many():
    """A file of nothing but tiny segments is given up: counting them would take long, too."""
    assert has_more_scans(io.BytesIO(b"\xff\xd8" + segment(0xFE, b"") * 1001), 10)


def test_a_jpeg_that_takes_hours_is_refused():
    """A picture that is painted over and over is too large, though it has few pixels and bytes."""
    painted = drawn(progressive=True)
    last = painted[painted.rindex(b"\xff\xda") : -2]
    bomb = painted[:-2] + last * MAX_SCANS + painted[-2:]
    with pytest.raises(ImageTooLarge, match="more than 32 scans"):
        read_header(io.BytesIO(bomb))
