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
PARAMETER: Final = re.compile(rb"(?:(?<=[?&;#'\"])|^|(?<=\\u0026))([^\s=&?;#<>\"'/]{1,100}+)=", re.MULTILINE)
VALUE: Final = re.compile(rb"""(?:\\(?!u0026)[^&\s]?+|(?!["'>](?:[\s,;:)}\]>/]|\Z)|</)[^&\s\\])++""")
"""Of a parameter in a text, up to the quotation mark or the tag in which the text ends."""
FORM: Final = re.compile(rb"[^\s=&?<>{}\"']{1,1000}=(?![\"'])")
VALUE_OF_FORM: Final = re.compile(rb"[^&\s]++")
"""A quotation mark in it is a character like any other."""
FIELDS: Final = {
    re.compile(
        rb'\bname="?+([^"\r\n;]{1,100}+)"?+[^\r\n]*+\r?\n(?:[^\r\n]{1,1000}+\r?\n){0,9}+\r?\n'
    ): re.compile(rb"(?:(?!\r?\n--).)++", re.DOTALL),
    re.compile(rb'\\"([^"\\]{1,64}+)\\"\s*+:\s*+\\"'): re.compile(rb'(?:[^"\\]|\\[^"])++'),
}
"""A part of a multipart body, a member of JSON in a text of JSON: the name, and the value behind it."""
BEGINNING_OF_XML: Final = re.compile(rb"(?:\A|\r?\n\r?\n)(?:\xef\xbb\xbf)?\s*<")
"""As a body or in a part of one."""
LONGEST_NAME: Final = 64
NAMING: Final = frozenset({b"name", b"key"})
"""Attributes that have the name of an element's content."""
DIGIT: Final = re.compile(rb"[0-9]")
NUMBER: Final = re.compile(rb"-?[0-9][0-9.]*")


def without_named(content: bytes, is_secret: IsSecret) -> bytes:
    """Return a text, what has the name of a secret masked; the digits of a number become nines."""
    values = VALUE_OF_FORM if FORM.match(content) else VALUE
    content = _spliced(content, _values(content, PARAMETER, values, is_secret), _decoded)
    for names, values in FIELDS.items():
        content = _spliced(content, _values(content, names, values, is_secret), _scalar)
    if any(map(is_secret, set(MEMBER.findall(content)))):
        content = _spliced(content, _json_spans(content, is_secret), _scalar)
    if BEGINNING_OF_XML.search(content):
        content = _spliced(content, _xml_spans(content, is_secret), _scalar)
    return content


def _values(
    content: bytes, names: re.Pattern[bytes], values: re.Pattern[bytes], is_secret: IsSecret
) -> Iterator[Span]:
    end = 0
    for match in names.finditer(content):
        if match.start() >= end and is_secret(match[1]) and (value := values.match(content, match.end())):
            yield value.span()
            end = value.end()


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


def _xml_spans(content: bytes, is_secret: IsSecret) -> Iterator[Span]:
    depth = 0
    for match in XML.finditer(content):
        section, end, name, attributes, _ = match.groups()
        if name and end:
            depth -= depth > 0
        elif name:
            pairs = [*ATTRIBUTE.finditer(attributes)]
            for start, stop in _attribute_spans(pairs, is_secret, is_within=depth > 0):
                yield match.start(4) + start, match.start(4) + stop
            if not attributes.endswith(b"/"):
                named = (pair[pair.lastindex or 0] for pair in pairs if pair[1] in NAMING)
                depth += depth > 0 or any(map(is_secret, (name[-LONGEST_NAME:], *named)))
        elif depth and match[0].strip():
            yield match.span(1 if section is not None else 0)


def _attribute_spans(
    pairs: Iterable[re.Match[bytes]], is_secret: IsSecret, *, is_within: bool
) -> Iterator[Span]:
    """Yield where the values of secret attributes are; of all but names within what is secret."""
    for pair in pairs:
        if pair[1] not in NAMING and (is_within or is_secret(pair[1])):
            yield pair.span(pair.lastindex or 0)


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


def _decoded(value: bytes, _: bytes) -> bytes:
    return mask(value, unquote_to_bytes(value.replace(b"+", b" ")))
