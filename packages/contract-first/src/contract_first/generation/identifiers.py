"""Identifiers that differ from one item to the next, as a schema and an example of one want them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.vocabulary.makers import ALPHABET, LONG
from contract_first.vocabulary.words import words_of

from .examples import UUID_TEXT

PREFIXED = re.compile(r"([A-Za-z]{1,10}_(?:[a-z]{1,6}_)?)([A-Za-z0-9]{6,})")
OPAQUE = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{6,64}")
NUMBERED = re.compile(r"([A-Z][A-Z0-9]{0,9}-)([0-9]{1,9})")
MOST_DRAWN, SHORT, PREFIX = 6, 8, 3


def prefix_of(kinds: Iterable[Any]) -> str:
    """Return the prefix of identifiers of what an object says that it is; empty if it lists nothing.

    That is ``cus`` for a ``customer``, and ``pi`` for a ``payment_intent``.
    """
    *_, last = str(next(iter(kinds), "")).split(".")
    words = words_of(last)
    return "".join(word[0] for word in words) if words[1:] else "".join(words)[:PREFIX]


def identifier(
    schema: Schema,
    example: Any,
    number: int,
    name: str,
    values: Callable[..., Iterator[Any]],
    prefix: str = "",
    suits: Callable[[Any], bool] = lambda _: True,
) -> Any:
    """Return the identifier of a number; MISSING where none conforms to the schema.

    Args:
        example: of an identifier, which this one is to look like.
        number: another number, another identifier.
        name: another name, other identifiers.
        values: makes values of a schema, as `Generator.values`.
        prefix: of identifiers about whose form nothing else is known.
        suits: whether one that conforms is preferred.
    """
    fallback: Any = MISSING
    for candidate in _candidates(schema, example, number, name, values, prefix):
        if schema.conforms(candidate):
            if suits(candidate):
                return candidate
            fallback = candidate if fallback is MISSING else fallback
    return fallback


def _candidates(
    schema: Schema, example: Any, number: int, name: str, values: Callable[..., Iterator[Any]], prefix: str
) -> Iterator[Any]:
    if schema.types & {"integer", "number"}:
        yield number
        yield int(next((part["minimum"] for part in schema.parts if "minimum" in part), 0)) + number
    digest = hashlib.sha256(f"{name}/{number}".encode()).digest()
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
    uuid = str(UUID(bytes=digest[:16], version=4))
    text = example if isinstance(example, str) else ""
    if any(part.get("format") == "uuid" for part in schema.parts):
        yield uuid
    if any("pattern" in part for part in schema.parts):
        drawn = islice(values(schema.node, f"{name}/{number}", examples=False), MOST_DRAWN)
        yield from (value for value in drawn if isinstance(value, str))
    if match := PREFIXED.fullmatch(text):
        yield match[1] + letters.ljust(len(match[2]), "0")[: len(match[2])]
    if prefix:
        yield f"{prefix}_{letters[:LONG]}"
    if match := NUMBERED.fullmatch(text):
        yield f"{match[1]}{int(match[2]) + number}"
    if text.isdigit():
        yield str(number)
    elif OPAQUE.fullmatch(text) and not UUID_TEXT.fullmatch(text):
        allowed = digest.hex() if re.fullmatch(r"[0-9a-f]+", text) else letters
        yield allowed.ljust(len(text), "0")[: len(text)]
    yield from (uuid, letters[:LONG], letters[:SHORT], str(number))
