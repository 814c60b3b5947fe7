r"""The JSON that S3 reads in a POST policy: JSON, and a little more.

S3 takes a comma after the last member of a list or object (its own documentation's example has one) and the
escape ``\$``, and it prints strings in its errors as they were written. Python's reader does none of that.
"""

import re
from typing import Any

_TOKEN = re.compile(
    r"""[\x20\t\r\n]*(?:
        "(?P<string>(?:[^"\\\x00-\x1f]|\\.)*)"
      | (?P<number>-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9])
      | (?P<word>true|false|null)
      | (?P<sign>[\[\]{},:])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "$": "$",
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}
_MAX_DEPTH = 16


class Text(str):
    """A string of the document, which remembers how it was written."""

    __slots__ = ("written",)
    written: str


class NotJSON(ValueError):  # noqa: N818 -- what it says is the error
    """The document is not JSON, not even relaxed."""


def loads(document: str) -> Any:
    """Return the document's value; strings are `Text`.

    Raises:
        NotJSON: it cannot be read.
    """
    reader = _Reader(document)
    value = reader.value()
    reader.expect("end")
    return value


class _Reader:
    """Reads values off a document, token by token."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._at = 0
        self._depth = 0
        self._kind = self._token = ""
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.match(self._document, self._at)
        if match is None or match.lastgroup is None:
            raise NotJSON
        self._at, self._kind, self._token = match.end(), match.lastgroup, match[match.lastgroup]

    def expect(self, kind: str, token: str = "") -> str:
        """Take the next token, which must be this one."""
        taken = self._token
        if self._kind != kind or (token and taken != token):
            raise NotJSON
        if kind != "end":
            self._advance()
        return taken

    def _takes(self, sign: str) -> bool:
        if self._kind != "sign" or self._token != sign:
            return False
        self._advance()
        return True

    def value(self) -> Any:
        """Take a value."""
        if self._takes("{"):
            return dict(self._members("}", self._pair))
        if self._takes("["):
            return self._members("]", self.value)
        if self._kind == "string":
            return _text(self.expect("string"))
        if self._kind == "number":
            number = self.expect("number")
            return int(number) if number.lstrip("-").isdigit() else float(number)
        return _WORDS[self.expect("word")]

    def _pair(self) -> tuple[str, Any]:
        name = _text(self.expect("string"))
        self.expect("sign", ":")
        return name, self.value()

    def _members(self, end: str, member: Any) -> list[Any]:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotJSON
        members = []
        while not self._takes(end):
            members.append(member())
            if not self._takes(","):
                self.expect("sign", end)
                break
        self._depth -= 1
        return members


def _text(written: str) -> Text:
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
