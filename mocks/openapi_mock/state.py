"""The state of a mock as the control API uses it, and the lock around it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from openapi_service.problems import Conflict, NotFound, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping
    from contextlib import AbstractAsyncContextManager

    from .clock import MockClock, Reading
    from .events import Events

STATELESS = "This mock responds from the contract alone: it has no state that a snapshot could restore."
PATIENCE_SECONDS: Final = 2.0
"""How long a change waits for running requests, such as an upload whose client is slow."""


class Clearable(Protocol):
    """A store that a reset clears: journal and faults."""

    def clear(self, scope: str | None = None) -> Any:
        """Remove everything, or only the entries of a scope."""
        ...


class MockState:
    """The state of a mock: reset, snapshotted, restored and described as one unit.

    This one has a clock and nothing else; that of an application is a subclass.

    Args:
        clock: the time.
        events: are published a changed clock, and a reset.
        clearable: by name, what a reset clears unless it is to be kept.
    """

    def __init__(self, clock: MockClock, events: Events, clearable: Mapping[str, Clearable]) -> None:
        self._clock = clock
        self._events = events
        self._clearable = clearable

    async def start(self) -> None:
        """Load the initial state."""

    async def stop(self) -> None:
        """Release everything."""

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Return to the initial state, but for the parts to ``keep``; ``scope`` limits faults and journal."""
        for name, store in self._clearable.items():
            if name not in keep:
                store.clear(scope)
        if "clock" not in keep:
            await asyncio.to_thread(self._clock.change, reset=True)
        self._events.publish("state", {"change": "reset"})

    async def set_clock(self, **changes: Any) -> Reading:
        """Change the clock as `MockClock.change` does, and return its reading."""
        reading = await asyncio.to_thread(self._clock.change, **changes)
        self._events.publish("clock", reading)
        return reading

    async def snapshot(self, name: str) -> None:  # noqa: ARG002 -- for subclasses
        """Save a snapshot; raises TooManySnapshots or, where there is no state to save, Conflict."""
        raise Conflict(STATELESS)

    async def restore(self, name: str) -> None:  # noqa: ARG002 -- the same
        """Restore a snapshot; raises UnknownSnapshot or, where there is no state to restore, NotFound."""
        raise NotFound(STATELESS)

    async def describe(self, limit: int) -> dict[str, Any]:  # noqa: ARG002 -- the same
        """Return the clock and the resources, the newest first, at most ``limit`` of each kind."""
        return {"clock": self._clock.reading()}


class Interrupted(ServiceUnavailable):
    """The state was changed before the request ended, or a change of it failed."""

    default_detail = "The state of the mock was changed meanwhile, or could not be changed."


class StateLock:
    """Lets requests use the state side by side, and a change of it alone.

    A request that comes during a change waits for its end. A running one has two seconds of real time to end;
    then it is cancelled.
    """

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._uses: set[_Use] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._change = asyncio.Lock()

    def request(self) -> AbstractAsyncContextManager[None]:
        """Serve a request while this is entered.

        Raises:
            Interrupted: a change could not wait for its end.
        """
        return _Use(self)

    async def begin(self, use: _Use) -> None:
        """Let a request use the state, after any change under way."""
        while not self._open.is_set():
            await self._open.wait()
        self._uses.add(use)

    def end(self, use: _Use) -> None:
        """End the use of a request."""
        self._uses.discard(use)
        if not self._uses:
            self._empty.set()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[None]:
        """Change the state, after any change under way."""
        async with self._change:
            self._open.clear()
            try:
                await self._drain()
                yield
            finally:
                self._open.set()

    async def _drain(self) -> None:
        """Wait until no request is running."""
        interrupting = asyncio.get_running_loop().call_later(self._patience_seconds, self._interrupt)
        try:
            while self._uses:
                self._empty.clear()
                await self._empty.wait()
        finally:
            interrupting.cancel()

    def _interrupt(self) -> None:
        for use in self._uses:
            use.interrupt()


class _Use:
    """The use that a request makes of the state: what asyncio.timeout does, at a fraction of its time."""

    __slots__ = ("_cancelling", "_is_interrupted", "_lock", "_task")

    _task: asyncio.Task[Any]

    def __init__(self, lock: StateLock) -> None:
        self._lock = lock
        self._is_interrupted = False

    def interrupt(self) -> None:
        self._is_interrupted = True
        self._task.cancel()

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- this is a coroutine
        self._task, self._cancelling = task, task.cancelling()
        await self._lock.begin(self)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lock.end(self)
        if not self._is_interrupted:
            return
        if self._task.uncancel() <= self._cancelling and isinstance(error, asyncio.CancelledError):
            raise Interrupted from error
