"""Run as a program: processes a shop's captures, until one of them needs its photo, which is deadly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from contract_first.service.clock import SystemClock
from scanner_api.processing.processing import Processing
from scanner_api.processing.stores import stores_of
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.scans.captures import FINAL
from scanner_api.settings import Settings
from scanner_api.storage.database import Database


class DeadlyBucket:
    """A bucket that takes its process with it, as a bug in a decoder would."""

    async def get(self, _key, _most_bytes):
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)


async def unended(stores, session_id):
    """Return the captures of a session that have not ended."""
    captures = await stores.captures.of_session(session_id)
    return [capture for capture in captures if capture.status not in FINAL]


async def work(url, session_id):
    """Process until all captures of the session have ended."""
    settings = Settings(lease_seconds=1, sweep_seconds=0.1)
    database, clock = Database(url), SystemClock()
    stores = stores_of(database, clock, settings.session_ttl_seconds)
    redirects = RedirectFollower(Permissions())
    processing = Processing(settings, stores, DeadlyBucket(), redirects, clock)
    await processing.start()
    while await unended(stores, session_id):  # noqa: ASYNC110 -- what is waited for sets no event
        await asyncio.sleep(0.05)
    await processing.stop()
    await database.close()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
