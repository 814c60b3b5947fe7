"""Raw values that end in each state: of a product, of none, and with certain serial numbers."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from scanner_api.scanning.codes import raw_values
from scanner_api.scanning.scans.captures import CaptureStatus

_SERIAL: Final = "21"
"""The GS1 application identifier of serial numbers."""
_MARK: Final = "MOCK-"
_BY_SERIAL: Final = {
    f"{_MARK}{status}": status
    for status in CaptureStatus
    if status not in (CaptureStatus.COMPLETED, CaptureStatus.NOT_FOUND)
}
VALUES: Final[Mapping[str, CaptureStatus]] = MappingProxyType(
    {f"(01)09521234000358(21){serial}": status for serial, status in _BY_SERIAL.items()}
    | {"9521234000358": CaptureStatus.COMPLETED, "9521234999997": CaptureStatus.NOT_FOUND}
)
"""The state that a capture comes to and stays in, by its raw value."""
FAILURE: Final = "The mock fails captures with this serial number."


@lru_cache(1000)
def magic_status(raw_value: str) -> CaptureStatus | None:
    """Return the state that a serial number has a capture stay or end in; None for any other value."""
    if _MARK not in raw_value:
        return None
    return _BY_SERIAL.get(raw_values.read(raw_value).identifiers.get(_SERIAL, ""))
