"""Waiting: at the start for services that are not up yet, and beside other work for the next run."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
PAUSE_SECONDS = 0.5

logger = logging.getLogger(__name__)


async def wait_for(
    connect: Callable[[], Awaitable[Result]], seconds: float, *errors: type[Exception]
) -> Result:
    """Try to connect until it succeeds, or raise what it raises after so many seconds.

    Args:
        connect: raises one of the errors as long as the other side is not there.
        seconds: how long to try; 0 tries once.
        errors: what to wait for the end of.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    waiting = False
    while True:
        try:
            return await connect()
        except errors as error:
            if loop.time() >= deadline:
                raise
            if not waiting:
                logger.warning("Waiting for at most %.0f s: %s", seconds, error)
            waiting = True
            await asyncio.sleep(PAUSE_SECONDS)


async def has_ended(ended: asyncio.Event, seconds: float) -> bool:
    """Wait for the end, at most so many seconds, and return whether it came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)
    return ended.is_set()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine until the block ends, then cancel it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
