"""Watches files: what is made of them is made again once they change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

WATCH_ERRORS = (OSError, RuntimeError)
"""What watchfiles raises at the limits of a system; RuntimeError is for those that it has no name for."""
UNWATCHED = "Files cannot be watched: {}. WATCHFILES_FORCE_POLLING=true looks at them instead."


@asynccontextmanager
async def watching(
    files: Callable[[], Iterable[Path]], reload: Callable[[], Awaitable[str]], tell: Callable[[str], None]
) -> AsyncIterator[None]:
    """Reload whenever one of the files changes, is new or is gone, for as long as this is entered.

    Args:
        files: returns them; after a reload there may be others.
        reload: returns a sentence on the outcome.
        tell: called with this sentence, and with one if files cannot be watched.
    """
    task = asyncio.create_task(_watch(lambda: {file.resolve() for file in files()}, reload, tell))
    await asyncio.sleep(0)  # what changes after this is noticed
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(
    files: Callable[[], set[Path]], reload: Callable[[], Awaitable[str]], tell: Callable[[str], None]
) -> None:
    from watchfiles import awatch  # noqa: PLC0415 -- only who watches needs it

    watched = files()
    try:
        while folders := {file.parent for file in watched if file.parent.is_dir()}:
            # a file that an editor replaces is another one in the same folder
            async for changes in awatch(*folders, recursive=False, watch_filter=None):
                if not (watched | files()).isdisjoint(Path(path) for _, path in changes):
                    tell(await reload())
                watched = files()
                if not {file.parent for file in watched} <= folders:
                    break
    except WATCH_ERRORS as error:
        tell(UNWATCHED.format(error))
