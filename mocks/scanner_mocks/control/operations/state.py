"""Sessions, captures, photos and objects, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner_api.problems import Conflict, NotFound
from scanner_mocks.shelf import TooManySnapshots, UnknownSnapshot

if TYPE_CHECKING:
    from scanner_mocks.state import State


async def get_state(limit: int, state: State) -> dict[str, Any]:
    """Return what there is."""
    return await state.describe(limit)


async def reset_state(x_mock_scope: str | None, state: State, body: dict[str, Any] | None = None) -> None:
    """Begin again."""
    await state.reset(keep=frozenset((body or {}).get("keep", ())), scope=x_mock_scope)


async def take_snapshot(body: dict[str, Any], state: State) -> dict[str, Any]:
    """Keep all there is under a name.

    Raises:
        Conflict: there are too many snapshots.
    """
    try:
        await state.snapshot(body["name"])
    except TooManySnapshots as error:
        raise Conflict(str(error)) from None
    return body


async def restore_snapshot(body: dict[str, Any], state: State) -> None:
    """Have all as it was.

    Raises:
        NotFound: there is no snapshot of this name.
    """
    try:
        await state.restore(body["name"])
    except UnknownSnapshot as error:
        raise NotFound(str(error)) from None
