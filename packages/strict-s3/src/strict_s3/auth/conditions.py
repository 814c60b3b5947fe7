"""Conditions of bucket policies, and whether a request meets them."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl, unquote

from strict_s3.messages.errors import S3Error


def is_like(value: str, pattern: str) -> bool:
    """Return whether a value is like a pattern, in which ``*`` and ``?`` stand for others."""
    return _expression(pattern).match(value) is not None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return an expression for a pattern, which never goes back behind a part that it found."""
    return re.compile(translate(pattern.replace("[", "[[]")))


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
_OPERATORS = frozenset(
    (*_COMPARISONS, "null", "binaryequals", *(name.replace("numeric", "date") for name in _COMPARISONS))
)
"""Those that S3 knows; those of dates and of binary values are never met here."""
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
        signature_version: ``AWS`` or ``AWS4-HMAC-SHA256``; empty for an unsigned request.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    scheme: str
    tags: Callable[[], Mapping[str, str]]
    address: str = ""
    signature_version: str = ""

    def value(self, name: str) -> str | None:
        """Return the value of a condition key, None for none; raise LookupError for an unknown key."""
        key, _, tag = name.partition("/")
        key = key.lower()
        if key == "s3:existingobjecttag":
            return self.tags().get(tag)
        if key == "s3:requestobjecttag":
            return dict(parse_qsl(self.headers.get("x-amz-tagging", ""), keep_blank_values=True)).get(tag)
        if key in ("aws:sourceip", "s3:signatureversion"):
            return (self.address if key == "aws:sourceip" else self.signature_version) or None
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
            _meets(name, context.value(key), [str(pattern) for pattern in listed(patterns)])
            for name, keys in dict(condition).items()
            for key, patterns in keys.items()
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def check_condition(condition: Any) -> None:
    """Raise MalformedPolicy for an unknown operator, and for an address of the caller that is none."""
    for name, keys in condition.items() if isinstance(condition, dict) else ():
        if _operator(name) not in _OPERATORS:
            raise S3Error(400, "MalformedPolicy", f"Invalid Condition type : {name}")
        for patterns in keys.values() if "ipaddress" in name.lower() and isinstance(keys, dict) else ():
            for pattern in listed(patterns):
                try:
                    ip_network(str(pattern), strict=False)
                except ValueError:
                    raise S3Error(400, "MalformedPolicy", f"Invalid IP address: {pattern}") from None


def _operator(name: str) -> str:
    """Return an operator without what says of several values, of missing ones, and that it is negative."""
    return name.lower().rpartition(":")[2].removesuffix("ifexists").replace("not", "", 1)


def _meets(name: str, value: str | None, patterns: list[str]) -> bool:
    name = name.lower().rpartition(":")[2]
    if name == "null":
        return str(value is None).lower() in [pattern.lower() for pattern in patterns]
    compare = _COMPARISONS[_operator(name)]
    is_negative = _operator(name) != name.removesuffix("ifexists")
    if value is None:
        return is_negative or name.endswith("ifexists")
    return any(compare(value, pattern) for pattern in patterns) != is_negative


def listed(value: Any) -> list[Any]:
    """Return a value of a policy as a list, which it may be already, with truths as texts."""
    values = value if isinstance(value, list) else [value]
    return [str(member).lower() if isinstance(member, bool) else member for member in values]
