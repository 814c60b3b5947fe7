"""Keywords that jsonschema-rs is to read otherwise than by itself.

Formats of OpenAPI it does not know; a pattern such as ``^.{1,4096}$`` takes it megabytes in each validator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import jsonschema_rs

from .integers import INTEGERS, is_within, range_of
from .patterns import ecma_matcher, is_small
from .python_keywords import PYTHON_KEYWORDS

BASE64 = re.compile(r"[A-Za-z0-9+/_\s=-]*")
STRINGS: dict[str, Callable[[str], bool]] = {
    "byte": lambda value: BASE64.fullmatch(value) is not None,
    "time": lambda _: True,
}
"""Formats as they are read here: bytes are in any spelling of Base64 (RFC 4648), which jsonschema-rs does not
know; any text is a time, of which it expects an offset, and openapi-core takes none."""
OPTIONS: Final[dict[str, Any]] = {"validate_formats": True, "formats": STRINGS}


class _Format:
    """One use of ``format`` in a schema, for jsonschema-rs, which checks formats of texts alone."""

    def __init__(self, parent: Any, name: Any, _path: Any) -> None:
        self._detail = f'value is not a "{name}"'
        self._conforms: Callable[[Any], bool]
        if (bounds := range_of(parent)) is None:
            self._conforms = jsonschema_rs.Draft202012Validator({"format": name}, **OPTIONS).is_valid
        else:
            self._conforms = partial(is_within, bounds=bounds)
            self._detail += ", an integer from {} to {}".format(*bounds)

    def validate(self, value: Any) -> None:
        """Raise ValueError if a value is not of the format."""
        if not self._conforms(value):
            raise ValueError(self._detail)


class _Pattern:
    """One use of a pattern that takes much memory: all uses share what is compiled."""

    def __init__(self, _parent: Any, pattern: Any, _path: Any) -> None:
        self._detail = f'value does not match "{pattern}"'
        self._matches = ecma_matcher(pattern)

    def validate(self, value: Any) -> None:
        """Raise ValueError if a text does not match."""
        if isinstance(value, str) and not self._matches(value):
            raise ValueError(self._detail)


def options_of(bundle: Mapping[str, Any], *, formats: bool, as_python: bool) -> dict[str, Any]:
    """Return the options by which jsonschema-rs reads the keywords of a schema; a callback costs most.

    Args:
        bundle: the schema, which stands alone.
        formats: whether formats are checked.
        as_python: whether all are read as openapi-core does.
    """
    if as_python:
        return {"keywords": PYTHON_KEYWORDS, "validate_formats": False}
    keywords: dict[str, Any] = {}
    if not all(map(is_small, _texts(bundle, "pattern"))):
        keywords["pattern"] = _Pattern
    if formats and not INTEGERS.keys().isdisjoint(_texts(bundle, "format")):
        keywords["format"] = _Format
    return {**OPTIONS, "keywords": keywords, "validate_formats": formats}


def _texts(node: Any, keyword: str) -> Iterator[str]:
    """Yield the texts that may be values of a keyword in a schema."""
    if isinstance(node, dict):
        if isinstance(node.get(keyword), str):
            yield node[keyword]
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        if isinstance(each, dict | list):
            yield from _texts(each, keyword)
