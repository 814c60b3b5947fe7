"""What a client has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from openapi_contract import Contract


async def get_seeds(seeds: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the ready line tells, and the organizations."""
    return seeds()


async def get_contract(contract: Callable[[], Contract]) -> dict[str, Any]:
    """Return the contract in force."""
    return contract().document
