"""XML as S3 writes it, without namespace prefixes and attributes, and as it comes from outside."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat
from xml.sax.saxutils import escape

from .errors import S3Error, refusal

MEDIA_TYPE = "application/xml"
MOST_PIECES = 60_000
"""Elements, attributes and namespaces of a document from outside, and as many line breaks and references.

S3's longest is a list of 10,000 parts, each with its number, its ETag and its checksum: 40,000 elements.
"""
_LONG_TAG = re.compile(rb"<[^<]{65536}")
"""A tag with the text behind it; expat takes some hundred bytes for an attribute before it hands over any."""
_START_BYTES = 64 * 1024
"""Of a document, in which its root is."""
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
"""Namespace of the types of grantees."""
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


def check_pieces(document: bytes, most: int) -> None:
    """Raise MalformedXML, which S3 sends beyond a limit of its schema, if a document has more elements.

    Nothing is parsed. Line breaks and references, each a piece of text to a parser, may be as many again.
    """
    elements = document.count(b"<") - document.count(b"</")  # at least as many as there are
    pieces = document.count(b"&") + document.count(b"\n") + document.count(b"\r") - document.count(b"\r\n")
    if max(elements, pieces) > most:
        raise _too_many_pieces(most)


def parse(text: str | bytes) -> ET.Element:
    """Return the root of a document, whose elements and attributes have their local names.

    Namespaces are not resolved: with one of a megabyte each name would take a megabyte.

    Raises:
        S3Error: MalformedXML. What has more than `MOST_PIECES` is not parsed to its end; what has a very
            long tag, or a document type, whose entities take up to a hundred times its size, is not parsed.
    """
    plain = text.encode() if isinstance(text, str) else text
    check_pieces(plain, MOST_PIECES)
    is_utf_16 = b"\0" in plain  # in which no tag would be found; no client sends it
    if is_utf_16 or _LONG_TAG.search(plain) or b"<!DOCTYPE" in plain:
        raise refusal("MalformedXML")
    builder = ET.TreeBuilder()
    _parse(text, _start(builder), builder)
    return builder.close()


def serialize(root: ET.Element) -> bytes:
    """Return a parsed document as moto can read it: in S3's namespace, without prefixes, CDATA and comments.

    Raises:
        S3Error: MalformedXML; it is too deep.
    """
    for element in root.iter():
        element.attrib = {"xsi:type": kind} if (kind := element.get("type")) else {}
    root.attrib = {"xmlns": _NAMESPACE, "xmlns:xsi": SCHEMA_INSTANCE}
    try:
        return ET.tostring(root).replace(b"\r", b"&#13;")  # which parsers read as a line feed
    except (ValueError, RecursionError):
        raise refusal("MalformedXML") from None


def content_of(root: ET.Element) -> Element:
    """Return what is in the root of a parsed document.

    Raises:
        S3Error: MalformedXML; it is too deep.
    """
    try:
        children = (ET.tostring(child, "unicode", short_empty_elements=False) for child in root)
        return Element("".join(children).replace("\r", "&#13;"))  # which parsers read as a line feed
    except (ValueError, RecursionError):
        raise refusal("MalformedXML") from None


def has_root(document: bytes, root: str) -> bool:
    """Return whether the root of a document has this name, and its start is well-formed."""
    names: list[str] = []
    try:
        _parse(document[:_START_BYTES], lambda name, _: names.append(name), is_whole=False)
    except S3Error:
        return False
    return bool(names) and _local(names[0]) == root


def readable(text: str) -> str:
    """Return text in which all that no XML may have is replaced; keys may have it."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _inside(content: Any) -> str:
    if isinstance(content, Element):
        return content
    if isinstance(content, str | int):  # first, as most are
        return escape(readable(str(content).lower() if isinstance(content, bool) else str(content)))
    return elements(content) if isinstance(content, Mapping) else escape(readable(str(content)))


def _start(builder: ET.TreeBuilder) -> Callable[[str, dict[str, str]], object]:
    """Return what begins an element, and refuses prefixes that were not declared, and too many attributes."""
    start, prefixes, count = builder.start, {""}, 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if attributes:
            count += len(attributes)
            if count > MOST_PIECES:
                raise _too_many_pieces(MOST_PIECES)
            names = [key.rpartition(":") for key in attributes]
            prefixes.update(name for prefix, _, name in names if prefix == "xmlns")
            attributes = {name: attributes[key] for key, (_, _, name) in zip(attributes, names, strict=True)}
        prefix, _, local = name.rpartition(":")
        if prefix not in prefixes:
            raise refusal("MalformedXML")
        start(local, attributes)

    return begin


def _too_many_pieces(most: int) -> S3Error:
    limit = f"{most} elements and attributes, or line breaks and references"
    return refusal("MalformedXML", Limit=limit)


def _parse(
    text: str | bytes,
    start: Callable[[str, dict[str, str]], object],
    builder: ET.TreeBuilder | None = None,
    *,
    is_whole: bool = True,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True  # so that an element has one piece of text, and one behind it
    parser.StartElementHandler = start
    if builder is not None:
        parser.EndElementHandler, parser.CharacterDataHandler = builder.end, builder.data
    try:
        parser.Parse(text, is_whole)
    except (expat.ExpatError, LookupError, ValueError):  # the last two of an encoding
        raise refusal("MalformedXML") from None


def _local(name: str) -> str:
    return name.rpartition(":")[2]
