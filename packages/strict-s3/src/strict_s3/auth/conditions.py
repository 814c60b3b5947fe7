"""Conditions of bucket policies, and whether a request meets them."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl, unquote

from strict_s3.messages.errors import S3Error


def is_like(value: str, pattern: str) -> bool:
    """Return whether a value is like a pattern, in which ``*`` and ``?`` stand for others.

    All ways to match are followed at once, each a bit for as many characters of the pattern as it has met:
    the time is that of the value's length, for any pattern.
    """
    if "*" not in pattern and "?" not in pattern:
        return value == pattern
    characters, anything, repeated, end = _bits(pattern)
    ways = 1
    for character in value:
        ways = (ways & characters.get(character, anything)) << 1 | (ways & repeated)
        if not ways:
            return False
    return bool(ways & end)


@lru_cache(maxsize=64)
def _bits(pattern: str) -> tuple[dict[str, int], int, int, int]:
    """Return the positions of a pattern, as bits: of each character, of ``?``, of ``*``, and the end."""
    positions: dict[str, int] = {}
    anything = repeated = 0
    place = 1
    for character in pattern:
        if character == "*":
            repeated |= place
            continue
        if character == "?":
            anything |= place
        else:
            positions[character] = positions.get(character, 0) | place
        place <<= 1
    return {character: bits | anything for character, bits in positions.items()}, anything, repeated, place


def _is_in(value: str, pattern: str) -> bool:
    address = ip_address(value)
    return (getattr(address, "ipv4_mapped", None) or address) in ip_network(pattern, strict=False)


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "stringequals": operator.eq,
    "stringequalsignorecase": lambda value, pattern: value.lower() == pattern.lower(),
    "stringlike": is_like,
    "arnequals": is_like,
    "arnlike": is_like,
    "ipaddress": _is_in,
    "bool": lambda value, pattern: value.lower() == pattern.lower(),
    "numericequals": lambda value, pattern: float(value) == float(pattern),
    "numericlessthan": lambda value, pattern: float(value) < float(pattern),
    "numericlessthanequals": lambda value, pattern: float(value) <= float(pattern),
    "numericgreaterthan": lambda value, pattern: float(value) > float(pattern),
    "numericgreaterthanequals": lambda value, pattern: float(value) >= float(pattern),
}
_OF_QUERY = {
    "s3:prefix": "prefix",
    "s3:delimiter": "delimiter",
    "s3:max-keys": "max-keys",
    "s3:versionid": "versionId",
}
_OF_HEADERS = {"aws:referer": "referer", "aws:useragent": "user-agent"}


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The values of a request that conditions compare, by condition key.

    Attributes:
        headers: values by name in lower case.
        query: values by name.
        scheme: ``http`` or ``https``.
        tags: returns the tags of the existing object.
        address: of the client; empty if it is not known.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    scheme: str
    tags: Callable[[], Mapping[str, str]]
    address: str = ""

    def value(self, name: str) -> str | None:
        """Return the value of a condition key, None for none; raise LookupError for an unknown key."""
        key, _, tag = name.partition("/")
        key = key.lower()
        if key == "s3:existingobjecttag":
            return self.tags().get(tag)
        if key == "s3:requestobjecttag":
            return dict(parse_qsl(self.headers.get("x-amz-tagging", ""), keep_blank_values=True)).get(tag)
        if key == "aws:sourceip":
            return self.address or None
        if key == "aws:securetransport":
            return str(self.scheme == "https").lower()
        if key in _OF_QUERY:
            return self.query.get(_OF_QUERY[key])
        header = _OF_HEADERS.get(key, key.removeprefix("s3:"))
        if key not in _OF_HEADERS and not header.startswith(("x-amz-", "if-")):
            raise LookupError(name)
        value = self.headers.get(header)
        return unquote(value).lstrip("/") if value and header == "x-amz-copy-source" else value


def holds(condition: Any, context: RequestContext) -> bool:
    """Return whether a request meets all parts of a condition; one that is unknown here is not met."""
    try:
        return all(
            _meets(name, context.value(key), [str(pattern) for pattern in _listed(patterns)])
            for name, keys in dict(condition).items()
            for key, patterns in keys.items()
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def check_addresses(condition: Any) -> None:
    """Raise MalformedPolicy if a condition compares the caller's address with what is none, nor a range."""
    for name, keys in condition.items() if isinstance(condition, dict) else ():
        for patterns in keys.values() if "ipaddress" in name.lower() and isinstance(keys, dict) else ():
            for pattern in _listed(patterns):
                try:
                    ip_network(str(pattern), strict=False)
                except ValueError:
                    raise S3Error(400, "MalformedPolicy", f"Invalid IP address: {pattern}") from None


def _meets(name: str, value: str | None, patterns: list[str]) -> bool:
    name = name.lower().rpartition(":")[2]
    if name == "null":
        return str(value is None).lower() in [pattern.lower() for pattern in patterns]
    positive = name.removesuffix("ifexists").replace("not", "", 1)
    is_negative = positive != name.removesuffix("ifexists")
    compare = _COMPARISONS[positive]
    if value is None:
        return is_negative or name.endswith("ifexists")
    return any(compare(value, pattern) for pattern in patterns) != is_negative


def _listed(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return [str(member).lower() if isinstance(member, bool) else member for member in values]
