"""XML as S3 writes it, without namespace prefixes and attributes, and as it comes from outside."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from .errors import refusal

MEDIA_TYPE = "application/xml"
MOST_TAGS = 250_000
"""Of a document from outside: a list of 10,000 parts with all their checksums has 160,000."""
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Element(str):
    """Finished XML; every other string is text that still has to be escaped."""

    __slots__ = ()


def elements(content: Mapping[str, Any]) -> Element:
    """Return elements by name: with text, a number, a truth or elements inside.

    A list is of several elements of one name; what is None is left out.
    """
    return Element(
        "".join(
            f"<{name}>{_inside(member)}</{name}>"
            for name, value in content.items()
            for member in (value if isinstance(value, list) else [value])
            if member is not None
        )
    )


def document(root: str, *content: Mapping[str, Any] | Element, is_qualified: bool = True) -> bytes:
    """Return a document with a root of this name, in S3's namespace or in none."""
    namespace = f' xmlns="{_NAMESPACE}"' if is_qualified else ""
    inside = "".join(map(_inside, content))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{namespace}>{inside}</{root}>'.encode()


def parse(text: str | bytes) -> ET.Element:
    """Return the root of a document.

    Raises:
        S3Error: MalformedXML. What has too many tags, each of which takes some hundred bytes, is not parsed,
            nor is a document type, whose entities take up to a hundred times its size.
    """
    try:
        plain = text.encode() if isinstance(text, str) else text.replace(b"\0", b"")  # as in UTF-16
        if plain.count(b"<") > MOST_TAGS or b"<!DOCTYPE" in plain:
            raise refusal("MalformedXML")
        return ET.fromstring(text)  # noqa: S314 -- without a document type it has no entities of its own
    except (ET.ParseError, LookupError, ValueError):  # the last two of an encoding
        raise refusal("MalformedXML") from None


def readable(text: str) -> str:
    """Return text in which all that no XML may have is replaced; keys may have it."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _inside(content: Any) -> str:
    if isinstance(content, Mapping):
        return elements(content)
    if isinstance(content, bool):
        return str(content).lower()
    return content if isinstance(content, Element) else escape(readable(str(content)))
