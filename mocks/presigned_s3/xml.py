"""XML as S3 writes it: no namespace prefixes, no attributes, no surprises from outside strings."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/xml"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Element(str):
    """Finished XML; every other string is text that still has to be escaped."""

    __slots__ = ()


def element(name: str, *content: str | int) -> Element:
    """Return an element with text and elements inside."""
    inside = "".join(part if isinstance(part, Element) else _text(str(part)) for part in content)
    return Element(f"<{name}>{inside}</{name}>")


def document(root: Element) -> bytes:
    """Return a document with this root."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'.encode()


def readable(document: bytes) -> str:
    """Return a document with all that no XML may have replaced, which keys may have."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", document.decode())


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
