"""What goes wrong on purpose."""

from __future__ import annotations

from typing import Any

from scanner_api.problems import NotImplementedYet


async def list_faults(scope: str | None) -> dict[str, Any]:  # noqa: ARG001 -- to be done
    """Return the faults that are on."""
    raise NotImplementedYet


async def add_fault(body: dict[str, Any], scope: str | None) -> dict[str, Any]:  # noqa: ARG001 -- to be done
    """Switch a fault on."""
    raise NotImplementedYet


async def clear_faults(scope: str | None) -> None:  # noqa: ARG001 -- to be done
    """Switch faults off."""
    raise NotImplementedYet


async def remove_fault(id_: str) -> None:  # noqa: ARG001 -- to be done
    """Switch a fault off."""
    raise NotImplementedYet
