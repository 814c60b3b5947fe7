"""The state of a mock as the control API uses it, and the lock around it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from contract_first.mock.journal.events import Events
from contract_first.service.messages.problems import Conflict, NotFound, ServiceUnavailable

from .clock import ClockReading, MockClock
from .data_directory import DataDirectory, Snapshot
from .scopes import Clear

Result = TypeVar("Result")
STATELESS = "This mock responds from the contract alone: it has no state that a snapshot could restore."
PATIENCE_SECONDS: Final = 2.0
"""How long a change waits for running requests, such as an upload whose client is slow."""


@dataclass(eq=False)
class MockState:
    """The state of a mock: reset, snapshotted, restored and described as one unit.

    This one has a clock and nothing else; that of an application is a subclass, which says how its state is
    initialized, saved and loaded.

    Attributes:
        events: are published each change of the state.
        resets: by name, what clears the parts that a reset does not exclude.
        directory: where snapshots are; None for a mock without any.
        isolated: whether scopes have state of their own, so that a reset without one leaves theirs alone.
    """

    clock: MockClock
    events: Events
    resets: Mapping[str, Clear]
    directory: DataDirectory | None = None
    isolated: bool = False

    async def start(self) -> None:
        """Load the initial state."""

    async def ready(self) -> None:
        """Return once requests can be served."""

    async def stop(self) -> None:
        """Release everything."""

    def changing(self) -> AbstractAsyncContextManager[object]:
        """Return a context in which no request uses the state."""
        return nullcontext()

    async def initialize(self) -> None:
        """Replace the state by the initial one."""

    async def release(self) -> None:
        """Release the state of the current scope, which is dropped; all of it but what its parts remove."""
        if self.directory is not None:
            await asyncio.to_thread(self.directory.clear)

    async def save(self, _draft: Snapshot) -> Mapping[str, Any]:
        """Save the state, and return further members of the snapshot's description."""
        return {}

    async def load(self, _snapshot: Snapshot) -> None:
        """Replace the state by that of a snapshot."""

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Return to the initial state.

        Args:
            keep: what is not reset: ``journal``, ``faults``, ``clock``.
            scope: whose faults and exchanges are cleared; None for all, but those of isolated scopes.
        """
        if self.isolated:
            scope = scope or ""
        async with self.changing():
            if "clock" not in keep:
                await ordered(self.clock.change, reset=True)
            await self.initialize()
            for name, clear in self.resets.items():
                if name not in keep:
                    await asyncio.to_thread(clear, scope)
        self.events.publish("state", {"change": "reset"})

    async def snapshot(self, name: str) -> None:
        """Save a snapshot.

        Raises:
            TooManySnapshots: there are too many.
            Conflict: there is no state to save.
        """
        if self.directory is None:
            raise Conflict(STATELESS)
        with self.directory.draft() as draft:
            async with self.changing():
                facts = await self.save(draft)
            self.directory.publish(draft, name, facts)
        self.events.publish("state", {"change": "snapshot", "name": name})

    async def restore(self, name: str) -> None:
        """Restore a snapshot.

        Raises:
            UnknownSnapshot: there is none of this name.
            NotFound: there is no state to restore.
        """
        if self.directory is None:
            raise NotFound(STATELESS)
        async with self.changing():
            await self.load(self.directory.snapshot(name))
        self.events.publish("state", {"change": "restore", "name": name})

    async def set_clock(self, **changes: Any) -> ClockReading:
        """Change the clock as `MockClock.change` does, and return its reading.

        Raises:
            OutOfRange: the time would be out of the clock's range.
        """
        reading = await ordered(self.clock.change, **changes)
        self.events.publish("clock", reading)
        return reading

    async def describe(self, limit: int) -> dict[str, Any]:  # noqa: ARG002 -- for subclasses
        """Return clock and snapshots, and of each kind of resource the newest, at most ``limit``."""
        snapshots = {} if self.directory is None else {"snapshots": self.directory.names()}
        return {"clock": self.clock.reading(), **snapshots}


async def ordered(order: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """Carry out an order in a thread, since it may wait for S3, and return its result.

    Raises:
        ServiceUnavailable: it failed, as where S3's process is gone; the detail says why.
    """
    try:
        return await asyncio.to_thread(order, *arguments, **named)
    except (RuntimeError, OSError) as error:
        raise ServiceUnavailable(f"The state of the mock cannot be used: {error}") from error


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
        """Serve a request inside the ``with`` block.

        Raises:
            Interrupted: a change could not wait for its end.
        """
        return _Use(self)

    async def begin(self, use: "_Use") -> None:
        """Let a request use the state, after any change under way."""
        while not self._open.is_set():
            await self._open.wait()
        self._uses.add(use)

    def end(self, use: "_Use") -> None:
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
