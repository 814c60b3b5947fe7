"""The response that a client prefers: ``Prefer: code=404, example=NAME, dynamic=true`` (RFC 7240).

Where a client cannot send headers, as a browser's address bar, the query says the same:
``?__code=404&__example=NAME&__dynamic=true``.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from contract_first.service.messages.problems import BadRequest

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 -- RFC 9110's word
QUOTED = r'"(?:[^"\\]|\\.)*"'
PREFERENCE = re.compile(rf"({TOKEN})(?:\s*=\s*({QUOTED}|[^\s,;\"]*))?(?:{QUOTED}|[^,\"])*")
"""A preference and its value; what follows a semicolon are parameters, and the mock has none."""
LONGEST = 1000
"""Bytes of a header that are read."""
LEAST_CODE, GREATEST_CODE = 200, 599
NAMES = ("code", "example", "dynamic")
IN_QUERY = "__"
"""Before the name of a preference that the query has."""
FIRST = "contract_first.mock.prefer_first"
"""In an ASGI scope: the request is not validated before its preference is applied."""


class Preferences(NamedTuple):
    """The preferences that a mock applies; all others are ignored (section 2).

    Attributes:
        dynamic: a generated value, another each time.
        applied: the ``Preference-Applied`` field.
    """

    code: int | None = None
    example: str | None = None
    dynamic: bool = False
    applied: bytes = b""


def with_query(field: bytes | None, query: bytes, names: Collection[str]) -> bytes | None:
    """Return a ``Prefer`` field with the preferences of a query appended.

    Args:
        field: as it was sent.
        names: of the query parameters that stand for preferences.
    """
    pairs = parse_qsl(query.decode("latin-1"))
    preferences = [f"{name}={word(value)}".encode() for name, value in pairs if name in names]
    return b", ".join([*([] if field is None else [field]), *preferences]) or None


@lru_cache(maxsize=256)
def preferences_of(field: bytes) -> Preferences:
    """Read a ``Prefer`` field; of a preference that is repeated the first counts.

    Raises:
        BadRequest: a preference of the mock has a value that it cannot have.
    """
    text = field.decode("latin-1")
    pairs: dict[str, tuple[str, str]] = {}
    for name, value in PREFERENCE.findall(text):
        pairs.setdefault(name.lower().removeprefix(IN_QUERY), (name, _unquoted(value)))
    values = {name: pairs[name][1] for name in NAMES if name in pairs and pairs[name][1]}
    return Preferences(
        code=_code(*pairs["code"]) if "code" in values else None,
        example=values.get("example"),
        dynamic="dynamic" in values and _switch(*pairs["dynamic"]),
        applied=", ".join(f"{name}={word(value)}" for name, value in values.items()).encode("latin-1"),
    )


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def word(value: str) -> str:
    """Return a value as it is written in the field: a token, or else in quotes."""
    if re.fullmatch(TOKEN, value):
        return value
    escaped = re.sub(r"[^\x20-\x7e]", "?", value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _code(name: str, value: str) -> int:
    if re.fullmatch("[0-9]{3}", value, re.ASCII) and LEAST_CODE <= int(value) <= GREATEST_CODE:
        return int(value)
    raise _refusal(name, value, f"a status from {LEAST_CODE} to {GREATEST_CODE}")


def _switch(name: str, value: str) -> bool:
    if value in {"true", "false"}:
        return value == "true"
    raise _refusal(name, value, "true or false")


def _refusal(name: str, value: str, expected: str) -> BadRequest:
    source = "The query" if name.startswith(IN_QUERY) else "Prefer"
    return BadRequest(f"{source} asks for {name}={value[:100]!r}; expected {expected}.")
