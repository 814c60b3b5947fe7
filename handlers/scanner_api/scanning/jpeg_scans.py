"""How often a JPEG is painted over.

Each scan of a progressive JPEG goes over the whole picture and may take a few bytes, so that decoding a small
file can take hours.
"""

from __future__ import annotations

import re
import struct
from io import SEEK_CUR
from typing import IO, Final

_MARKER: Final = re.compile(rb"\xff+([\x02-\xcf\xd9-\xfe])")
"""Of a segment; others stand alone, or mean an 0xFF or a restart within a scan."""
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_MAX_SEGMENTS: Final = 1000
_CHUNK: Final = 65_536


def has_more_scans(stream: IO[bytes], most: int) -> bool:
    """Tell whether a JPEG has more scans than that, or so many segments that no one would count them.

    What stands behind its end does not count: phones put films there.

    Args:
        stream: a seekable file.
        most: scans that it may have.
    """
    stream.seek(2)
    scans = 0
    for _ in range(_MAX_SEGMENTS):
        marker = _next_marker(stream)
        if marker in {None, _END_OF_IMAGE} or not _skip_segment(stream):
            return False
        scans += marker == _START_OF_SCAN
        if scans > most:
            return True
    return True


def _next_marker(stream: IO[bytes]) -> int | None:
    """Return the code of the next segment, with the file behind it; None if there is none."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        data = rest + chunk
        if found := _MARKER.search(data):
            stream.seek(found.end() - len(data), SEEK_CUR)
            return found[1][0]
        rest = data[-1:]
    return None


def _skip_segment(stream: IO[bytes]) -> bool:
    """Go to the end of a segment; False if the file ends where its length should stand."""
    length = stream.read(2)
    if len(length) < struct.calcsize(">H"):
        return False
    stream.seek(max(struct.unpack(">H", length)[0] - 2, 0), SEEK_CUR)
    return True
