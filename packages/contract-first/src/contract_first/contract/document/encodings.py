"""The text of a document's bytes: UTF-8, or Windows-1252 where bytes are not UTF-8."""

from typing import Final

UTF_8: Final = "utf-8-sig"
"""UTF-8 with or without a byte order mark."""
WINDOWS = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
"""The characters of Windows-1252, by the surrogates as which Python escapes bytes that are not UTF-8."""


def text_of(raw: bytes) -> str:
    """Return the text of bytes in UTF-8, those that are not read as Windows-1252."""
    return raw.decode(UTF_8, "surrogateescape").translate(WINDOWS)
