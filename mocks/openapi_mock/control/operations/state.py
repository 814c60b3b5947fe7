"""Sessions, captures, photos and objects, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_mock.data_directory import TooManySnapshots, UnknownSnapshot
from openapi_service.problems import Conflict, NotFound

if TYPE_CHECKING:
    from openapi_mock.stateless import MockState


async def get_state(limit: int, state: MockState) -> dict[str, Any]:
    """Return what there is."""
    return await state.describe(limit)


async def reset_state(x_mock_scope: str | None, state: MockState, body: dict[str, Any] | None = None) -> None:
    """Begin again."""
    await state.reset(keep=frozenset((body or {}).get("keep", ())), scope=x_mock_scope)


async def take_snapshot(body: dict[str, Any], state: MockState) -> dict[str, Any]:
    """Keep all there is under a name.

    Raises:
        Conflict: there are too many snapshots.
    """
    try:
        await state.snapshot(body["name"])
    except TooManySnapshots as error:
        raise Conflict(str(error)) from None
    return body


async def restore_snapshot(body: dict[str, Any], state: MockState) -> None:
    """Have all as it was.

    Raises:
        NotFound: there is no snapshot of this name.
    """
    try:
        await state.restore(body["name"])
    except UnknownSnapshot as error:
        raise NotFound(str(error)) from None
