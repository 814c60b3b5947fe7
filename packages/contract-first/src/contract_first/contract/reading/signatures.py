"""Whether files have changed, by their sizes and times."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

Signature = dict[str, tuple[int, int]]


def signature(files: Iterable[Path]) -> Signature:
    """Return size and time of files."""
    times = {}
    for file in files:
        with suppress(OSError):  # it goes while an editor saves it
            status = file.stat()
            times[str(file)] = status.st_mtime_ns, status.st_size
    return times
