"""Reads the GTIN, the identifiers and the URL in scanned or typed values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from . import digital_links, gtin

_SYMBOLOGY: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")
"""Prefix by which a scanner names the kind of barcode: ISO/IEC 15424."""
_GS1_SYMBOLOGIES: Final = {"]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of a raw value.

    Attributes:
        gtin: 14 digits with the right check digit, or empty.
        identifiers: values by GS1 application identifier.
        error_message: why a value that looks like a GTIN is none; else empty.
        url: what can be followed, without what a scanner put around it: any http(s) URL, Digital Links too.
    """

    gtin: str = ""
    identifiers: dict[str, str] = field(default_factory=dict)
    error_message: str = ""
    url: str = ""

    def gs1_dl_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the client's data, overridden by the scanned value's."""
        return {**data, **self.identifiers}


def read(raw_value: str) -> Reading:
    """Read any text; never raises."""
    text = raw_value.strip(" \t\r\n")
    symbology = _SYMBOLOGY.match(text)
    if symbology:
        text = text[symbology.end() :]
    if text[:8].lower().startswith(("http://", "https://")):
        return _read_url(text)
    if text.startswith("("):
        return _of_identifiers(digital_links.read_bracketed(text))
    if digital_links.FNC1 in text or (symbology and symbology[0] in _GS1_SYMBOLOGIES):
        return _of_identifiers(digital_links.read_element_strings(text))
    return _read_digits(text) or _read_unmarked(text)


def _read_url(url: str) -> Reading:
    if identifiers := digital_links.read_digital_link(url):
        return replace(_of_identifiers(identifiers), url=url)
    try:
        is_url = bool(urlsplit(url).hostname)
    except ValueError:
        is_url = False
    return Reading(url=url) if is_url else Reading()


def _read_digits(text: str) -> Reading | None:
    """Read a GTIN or a UPC-E, or return None for anything else.

    Eight digits that start with 0 are a UPC-E if they can be: GTIN-8s of that range name no trade items.
    """
    digits = gtin.without_separators(text)
    if not gtin.is_digits(digits):
        return None
    upc_e = gtin.expanded_upc_e(digits)
    if upc_e and (digits.startswith("0") or len(digits) not in gtin.LENGTHS):
        return Reading(upc_e)
    if len(digits) not in gtin.LENGTHS:
        return None
    try:
        return Reading(gtin.normalise(digits))
    except gtin.GtinError as error:
        if upc_e:
            return Reading(upc_e)
        return Reading(error_message=str(error))


def _read_unmarked(text: str) -> Reading:
    """Read an unmarked element string; only a GTIN or SSCC at its start distinguishes it from text."""
    if text.startswith((digital_links.GTIN, digital_links.SSCC)):
        return _of_identifiers(digital_links.read_element_strings(text))
    return Reading()


def _of_identifiers(identifiers: dict[str, str]) -> Reading:
    if digital_links.GTIN not in identifiers:
        return Reading(identifiers=identifiers)
    try:
        return Reading(gtin.normalise(identifiers[digital_links.GTIN]), identifiers)
    except gtin.GtinError as error:
        return Reading("", identifiers, str(error))
