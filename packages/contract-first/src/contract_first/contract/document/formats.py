"""Plain spellings of formats, and the longest value of those that are costly to validate.

All plain spellings conform, and most values are spelled so. To find that out costs a tenth of asking
openapi-core's checkers, which know every spelling.
"""

import re
from typing import Any, Final

COSTLY: Final = frozenset({"idn-hostname", "ipv4", "ipv6", "regex", "uuid"})
"""Formats whose validators take 20 ms of CPU or more for a value of 4 MB; for a regex it is 14 s."""
MOST_CHARACTERS: Final = 1000
"""Of a value of a costly format; longer ones violate it."""

MONTH = r"(?:0[1-9]|1[0-2])"
DAY = rf"(?:{MONTH}-(?:0[1-9]|1[0-9]|2[0-8])|(?!02){MONTH}-(?:29|30)|(?:0[13578]|1[02])-31)"
"""Of any year: all but the 29th of February."""
DATE = rf"(?!0000)[0-9]{{4}}-{DAY}"
HOURS = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
TIME = rf"{HOURS}:[0-5][0-9]"
OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
GROUP = r"[0-9A-Fa-f]{1,4}"
HEX = r"[0-9A-Fa-f]"
PLAIN = {
    name: re.compile(pattern)
    for name, pattern in {
        "date": DATE,
        "date-time": rf"{DATE}T{TIME}(?:\.[0-9]{{1,6}})?(?:Z|[+-]{HOURS})",
        "time": TIME,
        "uuid": rf"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}",
        "ipv4": rf"{OCTET}(?:\.{OCTET}){{3}}",
        "ipv6": rf"(?:{GROUP}:){{7}}{GROUP}|(?:{GROUP}:){{1,6}}:{GROUP}|::(?:{GROUP})?",
        "byte": r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    }.items()
}
"""The pattern of the whole text, by format."""


def is_too_long(name: Any, value: Any) -> bool:
    """Tell whether a value is too long for the format of a name."""
    return name in COSTLY and isinstance(value, str) and len(value) > MOST_CHARACTERS
