"""GS1 application identifiers: in element strings as scanners send them, and in Digital Link URIs.

Both are read into ``{application identifier: value}``, which is what ``gs1_dl_data`` holds. A wrong check
digit is no reason to refuse them here: the values are as they were printed.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from biip import ParseConfig, ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from .compressed_links import decompress
from .gtin import LENGTHS, normalise

GTIN: Final = "01"
SSCC: Final = "00"
FNC1: Final = "\x1d"
"""What a scanner sends for the FNC1 that ends an element string of variable length."""

_AS_PRINTED: Final = ParseConfig(gs1_element_strings_verify_date=False)
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)")
_GTIN_KEY: Final = re.compile(r"/(?:01|gtin)/([^/]*)")
_SHORT_NAMES: Final = {"gtin": "01", "cpv": "22", "lot": "10", "ser": "21"}
"""Names that the Digital Link standard had for path segments up to version 1.2, and are still printed."""


def read_element_strings(text: str) -> dict[str, str]:
    """Return what a GS1 element string, with FNC1 between its parts, holds; ``{}`` if it is not one."""
    try:
        return _identifiers(GS1Message.parse(text.strip(FNC1), config=_AS_PRINTED).element_strings)
    except ParseError:
        return {}


def read_bracketed(text: str) -> dict[str, str]:
    """Return what a GS1 element string in brackets, such as ``(01)...(10)...``, holds, or ``{}``."""
    before, *parts = _BRACKETED.split(text)
    if before.strip():
        return {}
    try:
        return _identifiers(
            GS1ElementString.parse(identifier + value.strip(), config=_AS_PRINTED)
            for identifier, value in zip(parts[::2], parts[1::2], strict=True)
        )
    except ParseError:
        return {}


def read_digital_link(url: str) -> dict[str, str]:
    """Return what a GS1 Digital Link URI, compressed or not, holds; ``{}`` for any other URL.

    An attribute that cannot be read does not cost the GTIN.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}
    path = parts.path.rstrip("/")
    key = _GTIN_KEY.search(path)
    if parts.scheme not in {"http", "https"} or (key and not _has_digits_of_a_gtin(key[1])):
        return {}
    plain = parts._replace(path=_with_identifiers(path[key.start() :])) if key else parts._replace(path=path)
    return (
        _read_uncompressed(plain.geturl())
        or _read_uncompressed(plain._replace(query="").geturl())
        or _read_compressed(path)
        or ({GTIN: key[1].zfill(14)} if key else {})
    )


def _read_uncompressed(url: str) -> dict[str, str]:
    try:
        return _identifiers(GS1DigitalLinkURI.parse(url, config=_AS_PRINTED).element_strings)
    except ParseError:
        return {}


def _read_compressed(path: str) -> dict[str, str]:
    """Read a path whose last segment is compressed; a valid check digit distinguishes it from others."""
    before, _, segment = path.rpartition("/")
    key = _GTIN_KEY.search(before)
    try:
        values = ({GTIN: key[1].zfill(14)} if key else {}) | decompress(segment)
        elements = [
            GS1ElementString.parse(name + value, config=_AS_PRINTED) for name, value in values.items()
        ]
        normalise(values.get(GTIN, ""))
        return _identifiers(elements)
    except (ParseError, ValueError):
        return {}


def _with_identifiers(path: str) -> str:
    """Return a path of names and values with application identifiers for names."""
    segments = path.split("/")
    segments[1::2] = [_SHORT_NAMES.get(name, name) for name in segments[1::2]]
    return "/".join(segments)


def _has_digits_of_a_gtin(segment: str) -> bool:
    """Distinguish a GTIN from other segments after ``/01/``, such as the day of a date."""
    return segment.isascii() and segment.isdecimal() and len(segment) in LENGTHS


def _identifiers(elements: Iterable[GS1ElementString]) -> dict[str, str]:
    """Return the values by identifier; the first one counts, and only in GS1's character set."""
    values: dict[str, str] = {}
    for element in elements:
        if not element.value.isascii():
            raise ParseError("GS1 values are ASCII.")
        values.setdefault(element.ai.ai, element.value)
    return values
