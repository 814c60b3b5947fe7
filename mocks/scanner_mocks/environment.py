"""What a program is told of a mock by its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_mock.contract_mock import ContractMock

    from .server import Mock

PREFIX: Final = "SCANNER_"
NAMES: Final = {"api": "api_url", "s3": "s3_url", "control": "control_url", "keys": "api_key"}
"""Fields of a mock whose variable says more than their name does."""


def environment_of(mock: Mock | ContractMock) -> dict[str, str]:
    """Return a variable for each field of a mock, ``SCANNER_API_URL`` and so on; one for each special key.

    None of them is a setting of the service, so whoever starts that as well may keep them all.
    """
    return {f"{PREFIX}{name.upper()}": value for name, value in _flat(msgspec.to_builtins(mock))}


def _flat(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = [(NAMES.get(name, name), value) for name, value in fields.items() if value is not None]
    return [
        (f"{name}_{key}" if key else name, str(text))
        for name, value in named
        for key, text in (value.items() if isinstance(value, dict) else [("", value)])
    ]
