"""The file that tells whoever started the mock that it is ready, and where it is."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def ready_file(path: Path | None, line: str) -> Iterator[None]:
    """Keep a line in a file, whole from the moment that it is there; None keeps it nowhere.

    Raises:
        OSError: the file cannot be written.
    """
    if path is None:
        yield
        return
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        file.write(f"{line}\n")
    Path(file.name).replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
