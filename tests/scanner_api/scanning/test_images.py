import contextlib
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scanner_api.scanning.photos.images import (
    ImageError,
    ImageHeader,
    ImageTooLarge,
    check_beginning,
    check_directory,
    read_header,
)


def drawn(form, size=(123, 45), **options):
    """Return a real image file, written by Pillow."""
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, form, **options)
    return file.getvalue()


def png(width, height):
    """Return the start of a PNG of any size, a decompression bomb in full dress."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def jpeg(*segments, width=123, height=45, marker=0xC0):
    """Return the start of a JPEG with these segments before its frame header."""
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 17, 8, height, width, 3)
    return b"\xff\xd8" + b"".join(segments) + frame


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (drawn("JPEG"), "image/jpeg"),
        (drawn("JPEG", progressive=True), "image/jpeg"),
        (drawn("JPEG", icc_profile=b"x" * 200_000, comment=b"y" * 60_000), "image/jpeg"),
        (drawn("PNG"), "image/png"),
        (drawn("WEBP"), "image/webp"),
        (drawn("WEBP", lossless=True), "image/webp"),
        (drawn("WEBP", exif=b"Exif\0\0" + b"x" * 100), "image/webp"),
    ],
)
def test_real_images_are_recognised(content, media_type):
    """Each form of JPEG, PNG and WebP is recognised with its size, and the file is left at its start."""
    file = io.BytesIO(content)
    assert read_header(file) == ImageHeader(media_type, 123, 45)
    assert file.tell() == 0


@given(st.integers(1, 16_383), st.integers(1, 3000), st.sampled_from(["PNG", "JPEG"]))
def test_the_size_is_read_right(width, height, form):
    """Any size within the limits is read as it was written."""
    content = png(width, height) if form == "PNG" else jpeg(width=width, height=height)
    assert read_header(io.BytesIO(content))[1:] == (width, height)


@pytest.mark.parametrize("marker", sorted(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}))
def test_every_frame_of_a_jpeg_has_a_size(marker):
    """All kinds of frame header are read."""
    assert read_header(io.BytesIO(jpeg(marker=marker))) == ImageHeader("image/jpeg", 123, 45)


def test_segments_and_fill_bytes_before_the_frame_are_skipped():
    """A frame-like pattern inside another segment does not count, and markers may be padded."""
    decoy = b"\xff\xe1" + struct.pack(">H", 2 + 9) + jpeg(width=9, height=9)[2:11]
    assert read_header(io.BytesIO(jpeg(decoy, b"\xff\xff\xff"))) == ImageHeader("image/jpeg", 123, 45)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"GIF89a" + b"\0" * 40,
        b"BM" + b"\0" * 40,
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"PK\x03\x04",
        b"\0\0\0\x18ftypheic",
        b"x" + drawn("PNG"),
        "photo.jpg".encode("utf-16"),
    ],
)
def test_anything_else_is_no_image(content):
    """Content decides, not a name: what is none of the three types is refused."""
    with pytest.raises(ImageError, match="not a JPEG, PNG or WebP"):
        read_header(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xe0\x00\x00" * 3,
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 100,
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff\xe0\x00\x04abcd",
        jpeg()[:8],
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2000 + jpeg()[2:],
        drawn("PNG")[:20],
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dJUNK" + b"\0" * 20,
        drawn("WEBP")[:20],
        b"RIFF\0\0\0\0WEBPJUNK" + b"\0" * 40,
    ],
)
def test_a_broken_header_is_refused(content):
    """A file that begins like an image and then is none does not pass, and does not loop."""
    with pytest.raises(ImageError, match="damaged: its size cannot be read"):
        read_header(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        png(50_001, 1),
        png(1, 16_385),
        png(10_000, 5_001),
        png(0xFFFFFFFF, 0xFFFFFFFF),
        jpeg(width=60_000, height=60_000),
    ],
)
def test_a_decompression_bomb_is_refused(content):
    """More than 50 megapixels, or a side beyond 16,384, is refused before anything is decoded."""
    with pytest.raises(ImageTooLarge, match="at most 50,000,000 in all and 16,384 a side"):
        read_header(io.BytesIO(content))


@pytest.mark.parametrize("content", [png(0, 5), png(5, 0), jpeg(width=0), jpeg(height=0)])
def test_an_image_without_pixels_is_refused(content):
    """A size of zero is no image."""
    with pytest.raises(ImageError, match="no pixels"):
        read_header(io.BytesIO(content))


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X"]),
    st.binary(max_size=200),
)
def test_any_bytes_are_an_image_or_refused(start, rest):
    """Whatever the bytes, reading them gives a header within the limits or an ImageError."""
    try:
        header = read_header(io.BytesIO(start + rest))
    except ImageError:
        return
    assert 0 < header.width * header.height <= 50_000_000


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def extent(width, height):
    """Return the box with the size of an image in a HEIF file."""
    return b"\0\0\0\x14ispe" + bytes(4) + width.to_bytes(4) + height.to_bytes(4)


@pytest.mark.parametrize(
    "beginning",
    [
        *map(drawn, ["JPEG", "PNG", "WEBP", "GIF", "TIFF"]),
        HEIC + extent(512, 512) + extent(4032, 3024),
        HEIC.replace(b"heic", b"avif"),
        b"MM\0*" + bytes(100),
        drawn("JPEG")[:40],
    ],
)
def test_the_beginning_of_an_image_is_accepted(beginning):
    """Of each type that photos may have, also where the size in pixels stands further behind."""
    check_beginning(beginning, is_whole=False)


@pytest.mark.parametrize(
    ("beginning", "problem"),
    [
        (b"a text", "is not an image"),
        (b"", "is not an image"),
        (b"\0\0\0\x18ftypmp42", "is not an image"),
        (drawn("JPEG")[:40], "is damaged"),
        (b"GIF89a", "no pixels"),
        (b"GIF89a\xff\xff\xff\xff", "65535 x 65535 pixels"),
        (HEIC + extent(512, 512) + extent(20_000, 20_000), "20000 x 20000 pixels"),
        (png(20_000, 20_000), "20000 x 20000 pixels"),
        (drawn("TIFF", (20_000, 1)), "20000 x 1 pixels"),
        (
            b"MM\0*" + struct.pack(">IHHHIHHHHII", 8, 2, 256, 3, 1, 9000, 0, 257, 4, 1, 9000),
            "9000 x 9000 pixels",
        ),
        (b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 256, 3, 2, 1, 9000, 0), "more than one width or height"),
        (
            b"MM\0*" + struct.pack(">IHHHIHHHHIHH", 8, 2, 256, 3, 1, 9000, 0, 256, 3, 1, 1, 0),
            "more than one width or height",
        ),
    ],
)
def test_what_is_no_photo_is_refused_by_its_beginning(beginning, problem):
    """What is no image, and one that would take too much memory."""
    with pytest.raises(ImageError, match=problem):
        check_beginning(beginning, is_whole=True)


@given(st.sampled_from([b"", b"GIF89a", HEIC, b"II*\0", b"\xff\xd8\xff"]), st.binary(), st.booleans())
def test_any_beginning_is_accepted_or_refused(start, rest, is_whole):
    """Nothing else is raised, with any rest."""
    with contextlib.suppress(ImageError):
        check_beginning(start + rest, is_whole=is_whole)


def test_a_directory_behind_the_beginning():
    """The beginning says where it is; it is checked once it is there, and damaged if it goes on."""
    directory = struct.pack(">HHHIHHHHII", 2, 256, 3, 1, 9000, 0, 257, 4, 1, 9000)
    beginning = b"MM\0*" + struct.pack(">I", 200) + bytes(100)
    assert check_beginning(beginning, is_whole=False) == 200
    with pytest.raises(ImageError, match="is damaged"):
        check_beginning(beginning, is_whole=True)
    with pytest.raises(ImageError, match="is damaged"):
        check_directory(beginning, directory[:20])
    with pytest.raises(ImageTooLarge, match="9000 x 9000 pixels"):
        check_directory(beginning, directory)


@pytest.mark.parametrize("width", [90, 9000])
def test_a_directory_that_is_longer_than_what_is_read_of_it(width):
    """Its entries are sorted: once both sides are known, the rest does not matter."""
    directory = struct.pack(">HHHIHHHHII", 6000, 256, 3, 1, width, 0, 257, 4, 1, width)
    is_large = pytest.raises(ImageTooLarge) if width > 90 else contextlib.nullcontext()
    with is_large:
        check_directory(b"MM\0*" + struct.pack(">I", 200), directory + bytes(65_536 - len(directory)))
