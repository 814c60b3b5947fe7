"""What went over the wire."""

from __future__ import annotations

from typing import Any

from scanner_api.problems import NotImplementedYet


async def get_journal(**query: Any) -> dict[str, Any]:  # noqa: ARG001 -- to be done
    """Return exchanges."""
    raise NotImplementedYet


async def clear_journal(scope: str | None) -> None:  # noqa: ARG001 -- to be done
    """Forget exchanges."""
    raise NotImplementedYet
