"""Secrets in JSON, XML, queries and forms: what stands under the name of one, at any depth, even cut."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from .tokens import mask

IsSecret = Callable[[bytes], bool]
Masked = Callable[[bytes, bytes], bytes]
Span = tuple[int, int]
JSON: Final = re.compile(
    rb'"((?:[^"\\\r\n]|\\.)*+)(?:"(\s*+:)?+|(?=[\r\n])|\Z)|([\[{])|([\]}])|(-?[0-9][0-9.]*+)', re.DOTALL
)
"""A text, with a colon behind it if it is a name; the beginning of a structure; its end; a number."""
MEMBER: Final = re.compile(rb'"((?:[^"\\\r\n]|\\.){1,64}+)"\s*+:', re.DOTALL)
XML: Final = re.compile(
    rb"<!\[CDATA\[((?:(?!\]\]>).)*+)|<(/?)(?:[\w.-]*+:)?+([\w.-]++)([^<>]*+)>|([^<]++)|<", re.DOTALL
)
"""A section of text; a tag; text."""
ATTRIBUTE: Final = re.compile(rb"""(?<![\w.-])([\w.-]{1,100}+)\s*+=\s*+(?:"([^"]*+)|'([^']*+))""")
PARAMETER: Final = re.compile(rb"(?:(?<=[?&;#])|^|(?<=\\u0026))([^\s=&?;#<>\"'/]{1,100}+)=", re.MULTILINE)
VALUE: Final = re.compile(rb"(?:(?!\\u0026)[^&\s])++")
IN_QUOTES: Final = re.compile(rb"""(?:[^&\s"'<>\\]|\\(?!u0026).)++""")
LONGEST_NAME: Final = 64
NAMING: Final = frozenset({b"name", b"key"})
"""Attributes that have the name of an element's content."""
DIGIT: Final = re.compile(rb"[0-9]")
NUMBER: Final = re.compile(rb"-?[0-9][0-9.]*")


def in_json(content: bytes, is_secret: IsSecret) -> bytes:
    """Mask the texts and numbers of secret members; the digits of a number become nines."""
    if not any(map(is_secret, set(MEMBER.findall(content)))):
        return content
    return _spliced(content, _json_spans(content, is_secret), _scalar)


def _json_spans(content: bytes, is_secret: IsSecret) -> Iterator[Span]:
    depth, is_armed = 0, False
    for match in JSON.finditer(content):
        kind = match.lastindex
        if kind == 2:  # noqa: PLR2004 -- a name
            is_armed = bool(depth) or is_secret(match[1])
        elif kind == 3:  # noqa: PLR2004 -- a structure begins
            depth += depth > 0 or is_armed
        elif kind == 4:  # noqa: PLR2004 -- it ends
            depth -= depth > 0
            is_armed = depth > 0
        elif is_armed:
            yield match.span(kind or 0)
            is_armed = depth > 0


def in_xml(content: bytes, is_secret: IsSecret) -> bytes:
    """Mask the texts of secret elements and the values of secret attributes."""
    return _spliced(content, _xml_spans(content, is_secret), _scalar)


def _xml_spans(content: bytes, is_secret: IsSecret) -> Iterator[Span]:
    depth = 0
    for match in XML.finditer(content):
        section, end, name, attributes, _ = match.groups()
        if name and end:
            depth -= depth > 0
        elif name:
            named = {name[-LONGEST_NAME:]}
            for attribute in ATTRIBUTE.finditer(attributes):
                value = attribute.lastindex or 0
                if attribute[1] in NAMING:
                    named.add(attribute[value])
                elif depth or is_secret(attribute[1]):
                    start, stop = attribute.span(value)
                    yield match.start(4) + start, match.start(4) + stop
            depth += not attributes.endswith(b"/") and (depth > 0 or any(map(is_secret, named)))
        elif depth and match[0].strip():
            yield match.span(1 if section is not None else 0)


def in_query(content: bytes, is_secret: IsSecret, *, in_quotes: bool = False) -> bytes:
    """Mask the values of secret parameters; ``in_quotes``, a quotation mark ends them."""
    if b"=" not in content or not any(map(is_secret, set(PARAMETER.findall(content)))):
        return content
    spans = _query_spans(content, is_secret, IN_QUOTES if in_quotes else VALUE)
    return _spliced(content, spans, lambda value, _: mask(value, unquote_to_bytes(value.replace(b"+", b" "))))


def _query_spans(content: bytes, is_secret: IsSecret, values: re.Pattern[bytes]) -> Iterator[Span]:
    end = 0
    for match in PARAMETER.finditer(content):
        if match.start() >= end and is_secret(match[1]) and (value := values.match(content, match.end())):
            yield value.span()
            end = value.end()


def _spliced(content: bytes, spans: Iterable[Span], masked: Masked) -> bytes:
    """Return a text with masks in these places; ``masked`` takes what is there, and the byte before it."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [content[end:start], masked(content[start:stop], content[start - 1 : start])]
        end = stop
    return b"".join((*pieces, content[end:]))


def _scalar(value: bytes, before: bytes) -> bytes:
    is_number = before != b'"' and NUMBER.fullmatch(value)
    return DIGIT.sub(b"9", value) if is_number else mask(value)
