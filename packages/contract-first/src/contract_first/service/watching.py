"""Watches files: what is made of them is made again once they change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

LOOK_SECONDS = 0.5
Signature = dict[str, tuple[int, int]]


def signature(files: Iterable[Path]) -> Signature:
    """Return size and time of files."""
    times = {}
    for file in files:
        with suppress(OSError):  # it goes while an editor saves it
            status = file.stat()
            times[str(file)] = status.st_mtime_ns, status.st_size
    return times


@asynccontextmanager
async def watching(
    sign: Callable[[], Signature], reload: Callable[[], Awaitable[str]], tell: Callable[[str], None]
) -> AsyncIterator[None]:
    """Reload whenever a signature has changed, for as long as this is entered, and tell the outcome."""
    task = asyncio.create_task(_watch(sign(), sign, reload, tell))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(
    before: Signature,
    sign: Callable[[], Signature],
    reload: Callable[[], Awaitable[str]],
    tell: Callable[[str], None],
) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = await asyncio.to_thread(sign)
        if now != before:
            before = now
            tell(await reload())
