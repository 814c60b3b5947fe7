"""The memory of a process for request bodies: of all of them together, not of each connection."""

from collections import Counter
from collections.abc import AsyncIterator, Hashable
from typing import Final

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.request import Request

FREE_BYTES: Final = 16 * 1024
"""Bodies up to this size need no share: of as many connections as a process has they are few megabytes."""
LEAST_BYTES: Final = 32 * 1024 * 1024


class BodyBudget:
    """Bytes of bodies that requests may hold at once, from their arrival to the end of the response.

    A caller, or an address without one, has half of them at most: who withholds the rest of
    many bodies leaves room for others.

    Args:
        most_body_bytes: the largest body; two of them always have room.
    """

    def __init__(self, most_body_bytes: int) -> None:
        self._most = max(LEAST_BYTES, 4 * most_body_bytes)
        self._held: Counter[Hashable] = Counter()

    async def collected(self, chunks: AsyncIterator[bytes], request: Request) -> bytes:
        """Return the whole of a body, or raise ServiceUnavailable while there is no room for it."""
        pieces, size = [], 0
        async for chunk in chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size > FREE_BYTES:
                self._hold(request, size)
        return b"".join(pieces)

    def release(self, request: Request) -> None:
        """Return what a request holds."""
        owner, size = request.held
        self._held[owner] -= size
        if not self._held[owner]:
            del self._held[owner]
        request.held = None, 0

    def _hold(self, request: Request, size: int) -> None:
        owner, before = request.held if request.held[1] else (_owner(request), 0)
        more = size - before
        if self._held[owner] + more > self._most // 2 or self._held.total() + more > self._most:
            raise ServiceUnavailable("Too many large bodies are being received; retry in 1 s.")
        self._held[owner] += more
        request.held = owner, size


def _owner(request: Request) -> Hashable:
    """Return the caller of a request, or the address where there is none, or none that can be a key."""
    try:
        hash(request.caller)
    except TypeError:
        return request.client_address
    return request.client_address if request.caller is None else request.caller
