"""Reads small files with a limit."""

from pathlib import Path


def read_bytes(path: Path, most_bytes: int, name: str = "") -> bytes:
    """Return the content of a file.

    Args:
        name: what errors call the file where its path is not for their readers.

    Raises:
        ValueError: it cannot be read, or is too large; in a sentence that begins with the name or the path.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ValueError(f"{name or path} cannot be read: {error.strerror}.") from None
    if len(content) > most_bytes:
        raise ValueError(f"{name or path} has more than {most_bytes} bytes.")
    return content


def read_text(path: Path, most_bytes: int) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark; raises as `read_bytes` does."""
    try:
        return read_bytes(path, most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 at byte {error.start}.") from None
