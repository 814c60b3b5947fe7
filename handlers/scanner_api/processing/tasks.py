"""The tasks of this process: what is done for each kind of job."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from taskiq import AsyncBroker

    Do = Callable[[str], Coroutine[Any, Any, None]]

GRACE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Tasks:
    """Does jobs by the name of their task, and ends what it began.

    Args:
        tasks: what to do with an id, by name; cancelled, it has to give the job back.
        close: lets go of what the tasks needed.
    """

    def __init__(self, tasks: Mapping[str, Do], close: Callable[[], None]) -> None:
        self._tasks = tasks
        self._close = close
        self._doing: set[asyncio.Task[None]] = set()
        self._closing = False

    def register(self, broker: AsyncBroker) -> None:
        """Have a broker's jobs done here."""
        for name, do in self._tasks.items():
            broker.register_task(self._tracked(do), name)

    async def close(self) -> None:
        """Begin with no more jobs; wait a little for those being done, and cancel those that take longer."""
        self._closing = True
        if self._doing:
            _, late = await asyncio.wait(self._doing, timeout=GRACE_SECONDS)
            for doing in late:
                doing.cancel()
            if late:
                await asyncio.wait(late)
        self._close()

    def _tracked(self, do: Do) -> Do:
        async def task(id_: str) -> None:
            if not self._closing:
                # a task of its own: taskiq would take a cancellation for an error
                doing = asyncio.create_task(do(id_))
                self._doing.add(doing)
                doing.add_done_callback(self._done)
                await asyncio.wait([doing])

        return task

    def _done(self, doing: asyncio.Task[None]) -> None:
        self._doing.discard(doing)
        if not doing.cancelled() and (error := doing.exception()):
            logger.error("a job ended unexpectedly", exc_info=error)
