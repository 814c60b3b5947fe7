r"""The JSON that S3 reads in a POST policy: JSON, and a little more.

S3 takes a comma after the last member of a list or object (its own documentation's example has one) and the
escape ``\$``, and it prints strings in its errors as they were written. Python's reader does none of that: it
gets the document without such commas, and with numbers in the strings' places.
"""

import json
import re
from typing import Any

_PARTS = re.compile(
    r"""
      "(?P<string>(?:[^"\\\x00-\x1f]|\\.)*)"
    | (?P<nothing>[\[{,:]\s*,)
    | ,(?=\s*[\]}])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "$": "$",
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_MAX_DEPTH = 16
_MAX_DIGITS = 18


class Text(str):
    """A string of the document, which remembers how it was written."""

    __slots__ = ("written",)
    written: str


class NotJSON(ValueError):  # noqa: N818 -- what it says is the error
    """The document is not JSON, not even relaxed."""


def loads(document: str) -> Any:
    """Return the document's value, with strings that are `Text`, or raise NotJSON."""
    texts: list[Text] = []

    def replaced(part: re.Match[str]) -> str:
        if part["nothing"]:
            raise NotJSON
        if part["string"] is None:
            return ""
        texts.append(_unescaped_text(part["string"]))
        return f'"{len(texts) - 1}"'

    def restored(value: Any, depth: int) -> Any:
        if not isinstance(value, dict | list):
            return texts[int(value)] if isinstance(value, str) else value
        if depth > _MAX_DEPTH:
            raise NotJSON
        if isinstance(value, list):
            return [restored(member, depth + 1) for member in value]
        return {texts[int(name)]: restored(member, depth + 1) for name, member in value.items()}

    try:
        plain = json.loads(_PARTS.sub(replaced, document), parse_int=_integer, parse_constant=_integer)
    except (ValueError, RecursionError):
        raise NotJSON from None
    return restored(plain, 1)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise NotJSON
    return int(digits)


def _unescaped_text(written: str) -> Text:
    text = Text(
        _ESCAPE.sub(_unescaped, written).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    text.written = written
    return text


def _unescaped(match: re.Match[str]) -> str:
    code, letter = match.groups()
    if code:
        return chr(int(code, 16))
    if letter not in _ESCAPES:
        raise NotJSON
    return _ESCAPES[letter]
