"""Plain spellings of formats: all of them conform, and most values are spelled so.

To find that out costs a tenth of asking openapi-core's checkers, which know every spelling.
"""

import re

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
        "byte": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    }.items()
}
"""The pattern of the whole text, by format."""
