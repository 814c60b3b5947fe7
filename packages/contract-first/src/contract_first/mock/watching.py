"""Watches files: what is made of them is made again once they change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from contract_first.contract.reading.signatures import Signature

LOOK_SECONDS = 0.5


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
