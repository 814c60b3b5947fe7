"""Type and size of uploaded images, by their headers and without decoding them."""

import re
import struct
from contextlib import suppress
from io import SEEK_CUR, BytesIO
from typing import IO, Final, NamedTuple

MAX_PIXELS: Final = 50_000_000
"""A decoded photo of this size takes 200 MB."""
MAX_SIDE: Final = 16_384
MAX_SCANS: Final = 32
"""Of a JPEG; usual are ten."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_GIF: Final = (b"GIF87a", b"GIF89a")
_TIFF: Final = (b"II*\0", b"MM\0*")
_TIFF_SIDES: Final = 256, 257
"""Tags of width and height."""
_NO_DIRECTORY: Final = "The image/tiff file is damaged: its size cannot be read."
_TIFF_SHORT: Final = 3
"""The type of a number of two bytes; of four bytes otherwise."""
_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)
"""Of HEIF (ISO/IEC 23008-12), with HEVC or AV1 in it."""
_EXTENTS: Final = re.compile(rb"ispe.{4}(.{8})", re.DOTALL)
"""Width and height of each image in a HEIF file."""
_HEAD_BYTES: Final = 30
_MAX_SEGMENTS: Final = 1000
_FILL: Final = 0xFF
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that start a frame: SOF0 to SOF15 without DHT, JPG and DAC."""
_MARKER: Final = re.compile(rb"\xff+([\x02-\xcf\xd9-\xfe])")
"""Of a segment; others stand alone, or mean an 0xFF or a restart within a scan."""
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_CHUNK: Final = 65_536
_SCAN: Final = frozenset({_END_OF_IMAGE, _START_OF_SCAN})
"""Markers after which there is no frame header."""


class ImageError(ValueError):
    """A file that is not accepted as an image; the message says why."""


class ImageTooLarge(ImageError):  # noqa: N818 -- says what the image is
    """An image that would take too much memory, or time, to decode."""


class ImageHeader(NamedTuple):
    """The type and size of an image, in pixels."""

    media_type: str
    width: int
    height: int


def read_header(stream: IO[bytes]) -> ImageHeader:
    """Read the type and the size, in pixels, of a JPEG, PNG or WebP.

    Args:
        stream: a seekable file; it is left at its start.

    Raises:
        ImageError: it is none of them, or broken where its size stands.
        ImageTooLarge: it has more than 50 megapixels, a side of more than 16,384, or more than 32 scans.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    media_type = _media_type(head)
    try:
        width, height = _SIZES[media_type](head, stream)
    except (struct.error, ValueError) as error:
        raise ImageError(f"The {media_type} file is damaged: its size cannot be read.") from error
    finally:
        stream.seek(0)
    _check_size(width, height)
    if media_type == "image/jpeg":
        _check_scans(stream)
    return ImageHeader(media_type, width, height)


def check_beginning(beginning: bytes, *, is_whole: bool) -> int | None:
    """Check that a file is an image of a type that photos may have, as far as its beginning says.

    Args:
        is_whole: whether that is all of the file; else its size in pixels may stand behind it.

    Returns:
        Where in the file the directory of a TIFF begins that is not in the beginning, for `check_directory`.

    Raises:
        ImageError: it is no image, or broken where its size stands.
        ImageTooLarge: it would take too much memory, or time, to decode.
    """
    if beginning.startswith(_GIF):
        _check_size(*struct.unpack_from("<HH", beginning.ljust(_HEAD_BYTES, b"\0"), len(_GIF[0])))
        return None
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _BRANDS:
        for size in _EXTENTS.finditer(beginning):
            _check_size(*struct.unpack(">II", size[1]))
        return None
    if beginning.startswith(_TIFF):
        (offset,) = struct.unpack_from(f"{_order(beginning)}I", beginning.ljust(_HEAD_BYTES, b"\0"), 4)
        with suppress(struct.error):
            _check_directory(beginning, beginning[offset:])
            return None
        if is_whole:
            raise ImageError(_NO_DIRECTORY)
        return int(offset)
    try:
        read_header(BytesIO(beginning))
    except ImageTooLarge:
        raise
    except ImageError as error:
        is_known = beginning.startswith((_JPEG, _PNG, b"RIFF"))
        if not is_known:
            raise ImageError("The file is not an image: JPEG, PNG, WebP, HEIC, AVIF, GIF or TIFF.") from error
        if is_whole:
            raise
    return None


def check_directory(beginning: bytes, directory: bytes) -> None:
    """Check the size of a TIFF's first image.

    Args:
        beginning: of the file.
        directory: the file from where `check_beginning` says.

    Raises:
        ImageError: the directory is damaged, or goes on.
        ImageTooLarge: the image would take too much memory, or time, to decode.
    """
    try:
        _check_directory(beginning, directory)
    except struct.error:
        raise ImageError(_NO_DIRECTORY) from None


def _check_directory(beginning: bytes, directory: bytes) -> None:
    """Check the entries of a directory (TIFF 6.0, section 2), or raise struct.error where one is missing.

    They are sorted by tag, so that those behind width and height need not be there.
    """
    order = _order(beginning)
    sides: dict[int, int] = {}
    (entries,) = struct.unpack_from(f"{order}H", directory)
    for entry in range(2, 2 + 12 * entries, 12):
        if len(sides) == len(_TIFF_SIDES) and entry + 12 > len(directory):
            break
        tag, kind, count = struct.unpack_from(f"{order}HHI", directory, entry)
        if tag in _TIFF_SIDES:
            if count != 1 or tag in sides:  # readers differ on which value counts
                raise ImageError("The TIFF has more than one width or height.")
            value = "H" if kind == _TIFF_SHORT else "I"
            (sides[tag],) = struct.unpack_from(f"{order}{value}", directory, entry + 8)
    _check_size(*(sides.get(tag, 1) for tag in _TIFF_SIDES))


def _order(tiff: bytes) -> str:
    return "<" if tiff.startswith(_TIFF[0]) else ">"


def _media_type(head: bytes) -> str:
    if head.startswith(_JPEG):
        return "image/jpeg"
    if head.startswith(_PNG):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    raise ImageError("The file is not a JPEG, PNG or WebP image.")


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise ImageError("The image has no pixels.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageTooLarge(
            f"The image has {width} x {height} pixels; "
            f"at most {MAX_PIXELS:,} in all and {MAX_SIDE:,} a side are taken."
        )


def _check_scans(stream: IO[bytes]) -> None:
    has_more = has_more_scans(stream, MAX_SCANS)
    stream.seek(0)
    if has_more:
        raise ImageTooLarge(f"The JPEG has more than {MAX_SCANS} scans.")


def _png_size(head: bytes, _: IO[bytes]) -> tuple[int, int]:
    kind, width, height = struct.unpack_from(">4sII", head, 12)
    if kind != b"IHDR":
        raise ValueError("no IHDR at the start")
    return width, height


def _webp_size(head: bytes, _: IO[bytes]) -> tuple[int, int]:
    """Read the canvas of the extended form, or the frame of the lossless or the lossy one."""
    match head[12:16]:
        case b"VP8X":
            return _three_bytes(head, 24) + 1, _three_bytes(head, 27) + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no chunk with a size")


def _three_bytes(head: bytes, offset: int) -> int:
    low, high = struct.unpack_from("<HB", head, offset)
    return int(low) | int(high) << 16


def _jpeg_size(_: bytes, stream: IO[bytes]) -> tuple[int, int]:
    """Walk over the segments (thumbnails, colour profiles) to the frame header."""
    stream.seek(2)
    for _segment in range(_MAX_SEGMENTS):
        marker = _next_marker(stream)
        if marker in _SCAN:
            break
        (length,) = struct.unpack(">H", stream.read(2))
        if marker in _FRAMES:
            height, width = struct.unpack(">xHH", stream.read(5))
            return width, height
        stream.seek(max(length - 2, 0), SEEK_CUR)
    raise ValueError("no frame header")


def _next_marker(stream: IO[bytes]) -> int:
    """Return the next marker's code; fill bytes may stand before it."""
    lead, code = stream.read(2)
    if lead != _FILL:
        raise ValueError("no marker where one has to be")
    while code == _FILL:
        (code,) = stream.read(1)
    return code


_SIZES: Final = {"image/jpeg": _jpeg_size, "image/png": _png_size, "image/webp": _webp_size}


def has_more_scans(stream: IO[bytes], most: int) -> bool:
    """Tell whether a JPEG has more scans than that, or more than a thousand segments.

    Each scan of a progressive JPEG goes over the whole picture and may take a few bytes, so that decoding a
    small file can take hours. What stands behind its end does not count: phones put films there.
    """
    stream.seek(2)
    scans = 0
    for _ in range(_MAX_SEGMENTS):
        marker = _find_marker(stream)
        if marker in {None, _END_OF_IMAGE} or not _skip_segment(stream):
            return False
        scans += marker == _START_OF_SCAN
        if scans > most:
            return True
    return True


def _find_marker(stream: IO[bytes]) -> int | None:
    """Return the code of the next segment, with the file behind it; None if there is none."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        data = rest + chunk
        if match := _MARKER.search(data):
            stream.seek(match.end() - len(data), SEEK_CUR)
            return match[1][0]
        rest = data[-1:]
    return None


def _skip_segment(stream: IO[bytes]) -> bool:
    """Go to the end of a segment; False if the file ends where its length should stand."""
    length = stream.read(2)
    if len(length) < struct.calcsize(">H"):
        return False
    stream.seek(max(struct.unpack(">H", length)[0] - 2, 0), SEEK_CUR)
    return True
