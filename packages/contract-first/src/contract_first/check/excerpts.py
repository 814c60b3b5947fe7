"""Texts, bodies and commands of any size, cut or written as a recipe, so that reports stay small."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

LONGEST_TEXT = 2_000
"""Characters of a text, and bytes of a body that a command has as it is."""
LONGEST_COMMAND = 10_000
OWN_FIELDS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "transfer-encoding"}
)
"""Header fields that curl sends by itself."""
OF_SCHEMATHESIS = "x-schemathesis"
MOST_ITEMS, DEEPEST = 25, 4
"""Items and members of a value, and levels, of which an excerpt is made; reports show 20 lines."""
RUN = re.compile(rb"(.)\1{63,}", re.DOTALL)


def cut(text: str, longest: int = LONGEST_TEXT, length: int | None = None) -> str:
    """Return the beginning of a text, and how much more there is.

    Args:
        length: of all of it, where `text` is only a part.
    """
    more = (len(text) if length is None else length) - longest
    return text if more <= 0 else f"{text[:longest]}... ({more:,} more characters)"


def beginning(value: Any, depth: int = DEEPEST) -> Any:
    """Return a JSON value of which each array, object and text is cut, and what is nested deeply left out."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict | list) and not depth:
        return "..."
    if isinstance(value, list):
        return [beginning(item, depth - 1) for item in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {name: beginning(member, depth - 1) for name, member in islice(value.items(), MOST_ITEMS)}
    return value


def curl_of(request: httpx2.Request) -> str:
    """Return the command that repeats a request of a check's own."""
    # a form with files was sent unread
    return curl(request.method, str(request.url), request.headers.multi_items(), request.read())


def curl(method: str, url: str, fields: Iterable[tuple[str, str]], body: bytes) -> str:
    """Return the command that repeats a request; a body that is long or no text is piped into it."""
    kept = [f"{name}: {value}" for name, value in fields if _is_kept(name.lower())]
    parts = ["curl", "-X", method, *(part for field in kept for part in ("-H", field))]
    if not body:
        return " ".join(map(quote, [*parts, url]))
    if len(body) <= LONGEST_TEXT and _is_text(body):
        return " ".join(map(quote, [*parts, "--data-binary", body.decode(), url]))
    command = " ".join(map(quote, [*parts, "--data-binary", "@-", url]))
    program = f"import sys, base64; sys.stdout.buffer.write({' + '.join(_pieces(body))})"
    if len(program) + len(command) > LONGEST_COMMAND:
        return f"{command} # with a body of {len(body):,} bytes, which --har FILE --har-bodies writes"
    return f"python3 -c {quote(program)} | {command}"


def _is_kept(name: str) -> bool:
    return name not in OWN_FIELDS and not name.startswith(OF_SCHEMATHESIS)


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _pieces(body: bytes) -> Iterator[str]:
    """Yield expressions of Python, which together are the body; a byte that repeats is multiplied."""
    end = 0
    for match in RUN.finditer(body):
        yield from _piece(body[end : match.start()])
        yield f"{_literal(match[1])} * {len(match[0])}"
        end = match.end()
    yield from _piece(body[end:])


def _piece(content: bytes) -> Iterator[str]:
    if content[:LONGEST_COMMAND]:
        encoded = f'base64.b64decode("{base64.b64encode(content).decode()}")'
        yield min(_literal(content), encoded, key=len)


def _literal(content: bytes) -> str:
    """Return Python's literal of bytes in double quotes, as it is to stand in a shell's single ones."""
    return 'b"' + repr(b'"' + content)[3:-1].replace('"', r"\"") + '"'
