"""XML as S3 writes it, without namespace prefixes and attributes, and as it comes from outside."""

import re
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/xml"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Element(str):
    """Finished XML; every other string is text that still has to be escaped."""

    __slots__ = ()


def element(name: str, *content: str | int) -> Element:
    """Return an element with text and elements inside."""
    inside = "".join(part if isinstance(part, Element) else _text(str(part)) for part in content)
    return Element(f"<{name}>{inside}</{name}>")


def qualified(name: str, *content: str | int) -> Element:
    """Return an element, such as the root of a document, in S3's namespace."""
    return Element(element(name, *content).replace(">", f' xmlns="{_NAMESPACE}">', 1))


def document(root: Element) -> bytes:
    """Return a document with this root."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'.encode()


def parse(text: str | bytes) -> ET.Element:
    """Return the root of a document.

    Raises:
        ValueError: it is not well-formed.
    """
    try:
        return ET.fromstring(text)  # noqa: S314 -- expat itself limits how far entities expand
    except ET.ParseError as error:
        raise ValueError(str(error)) from None


def readable(text: str) -> str:
    """Return text in which all that no XML may have is replaced; keys may have it."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _text(text: str) -> str:
    return escape(readable(text))
