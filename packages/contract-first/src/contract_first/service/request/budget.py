"""The memory of a process for request bodies: of all of them together, not of each connection."""

from collections.abc import AsyncIterator, Hashable
from typing import Final

from starlette.types import Scope

from contract_first.service.http.connections import Budget
from contract_first.service.messages.request import Request

from .json_bounds import MEMBER_BYTES, JsonCount

FREE_BYTES: Final = 16 * 1024
"""Bodies up to this size need no share: of as many connections as a process has they are few megabytes."""
LEAST_BYTES: Final = 32 * 1024 * 1024
SHARE: Final = "contract_first.share"
"""Key of the ASGI scope for the `Share` of the apps around one, whose budget it then uses."""


class BodyBudget:
    """Bytes of bodies, and of what they decode to, that requests may hold at once.

    They hold them from their arrival to the end of the response; a caller, or an address without one, has
    half of them at most.

    Args:
        most_body_bytes: the largest body; two of them always have room.
    """

    def __init__(self, most_body_bytes: int = 0) -> None:
        refusal = "Too many large bodies are being received; retry in 1 s."
        self._budget = Budget(max(LEAST_BYTES, 4 * most_body_bytes), refusal, FREE_BYTES)
        self.resize = self._budget.resize

    async def collected(
        self, chunks: AsyncIterator[bytes], request: Request, count: JsonCount | None = None
    ) -> bytes:
        """Return the whole of a body.

        Raises:
            BadRequest: it is JSON with too much in it.
            ServiceUnavailable: there is no room for it.
        """
        pieces, size = [], 0
        async for chunk in chunks:
            pieces.append(chunk)
            size += len(chunk)
            if count is not None:
                count.add(chunk)
            if size > FREE_BYTES:
                self.hold(request, size + (count.members * MEMBER_BYTES if count is not None else 0))
        return b"".join(pieces)

    def hold(self, request: Request, size: int) -> None:
        """Let a request hold so many bytes in all, or raise ServiceUnavailable while there is no room."""
        owner, before = request.held if request.held[1] else (_owner(request), 0)
        request.held = owner, self._used(request).resize(owner, before, size)

    def release(self, request: Request) -> None:
        """Return what a request holds."""
        self._used(request).resize(*request.held, 0)
        request.held = None, 0

    def _used(self, request: Request) -> "BodyBudget":
        share: Share | None = request.scope.get(SHARE)
        return self if share is None else share.budget


class Share:
    """What the apps around an app hold of a request's body, for the address that it comes from."""

    def __init__(self, budget: BodyBudget, scope: Scope) -> None:
        self.budget = budget
        self._owner = str(scope["client"][0]) if scope.get("client") else "unknown"
        self._size = self._counted = 0

    def change(self, difference: int) -> None:
        """Hold more bytes, or fewer.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        size = self._size + difference
        self._counted = self.budget.resize(self._owner, self._counted, size)
        self._size = size

    def release(self) -> None:
        """Return all that is held."""
        self.change(-self._size)


def hold(scope: Scope, difference: int) -> None:
    """Hold more bytes of a request's body, or fewer, in its share, if it has one.

    Raises:
        ServiceUnavailable: there is no room for more.
    """
    share: Share | None = scope.get(SHARE)
    if share is not None:
        share.change(difference)


def _owner(request: Request) -> Hashable:
    """Return the caller of a request, or the address where there is none, or none that can be a key."""
    try:
        hash(request.caller)
    except TypeError:
        return request.client_address
    return request.client_address if request.caller is None else request.caller
