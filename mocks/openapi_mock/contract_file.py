"""The file of a contract, watched."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOOK_SECONDS = 0.5
MOST_NEIGHBOURS = 200
SUFFIXES = {".json", ".yaml", ".yml"}


class ContractFile:
    """Has a contract loaded again whenever its file changes.

    Args:
        source: the file.
        reload: loads the contract, and returns in a sentence what became of it.
        tell: hears that sentence.
    """

    def __init__(
        self, source: str, reload: Callable[[], Awaitable[str]], tell: Callable[[str], None]
    ) -> None:
        self._source = source
        self._reload = reload
        self._tell = tell
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch."""
        self._watching = asyncio.create_task(self._watch(signature(self._source)))

    async def stop(self) -> None:
        """End it."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self, seen: dict[str, tuple[int, int]]) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(signature, self._source)
            if now != seen:
                seen = now
                self._tell(await self._reload())


def signature(source: str) -> dict[str, tuple[int, int]]:
    """Return size and time of a file, and of the documents beside it, which it may refer to."""
    path = Path(source)
    beside = (each for each in path.parent.iterdir() if each.suffix in SUFFIXES)
    found = {}
    for each in (path, *islice(beside, MOST_NEIGHBOURS)):
        with suppress(OSError):  # it goes while an editor saves it
            status = each.stat()
            found[str(each)] = status.st_mtime_ns, status.st_size
    return found
