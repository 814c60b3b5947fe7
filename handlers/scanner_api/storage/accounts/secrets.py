"""Stores secrets that the processes of a service share, such as the one that photo keys are tagged with."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from sqlalchemy import delete, select

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.randomness import RandomBytes
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.schema.tables import secrets
from scanner_api.waiting import beside

READ_SECONDS: Final = 20
"""How often a process looks for secrets that others rotated."""
NOTICE: Final = timedelta(seconds=3 * READ_SECONDS)
"""How long before it is used a new secret is stored, so that every process knows it by then."""
_SEPARATOR: Final = " since "
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

logger = logging.getLogger(__name__)


class Secret(NamedTuple):
    """A secret, and from when on it is used in place of the one before."""

    since: datetime
    value: bytes


class SecretStore:
    """Stores random bytes by name, made on first use.

    A name that is rotated has several rows: the first has the name alone, each later one the time from when
    on it is used behind it.
    """

    def __init__(self, database: Database, random_bytes: RandomBytes = os.urandom) -> None:
        self._database = database
        self._random_bytes = random_bytes

    async def secret(self, name: str) -> bytes:
        """Return the 32 random bytes of this name, the latest, the same for all who share the database."""
        return (await self.secrets(name))[-1].value

    async def secrets(self, name: str) -> list[Secret]:
        """Return the secrets of a name, in the order in which they are used; without any, make the first."""
        stored = [secret for _, secret in await self._rows(name)]
        if not stored:
            with suppress(ConstraintError):  # another process was first
                row = {"name": name, "value": self._random_bytes(32)}
                await self._database.change(secrets.insert(), [row])
            return await self.secrets(name)
        return stored

    async def rotate(self, name: str, now: datetime, grace: timedelta, actor: Actor = UNKNOWN) -> Secret:
        """Store another secret, to be used after a notice; remove those that have been out of use for longer.

        What is out of use is still good for something in the grace period.
        """
        await self.secrets(name)
        rows = await self._rows(name)
        over = [row for (row, _), (_, later) in pairwise(rows) if later.since + grace < now]
        since = now + NOTICE
        new = {"name": f"{name}{_SEPARATOR}{since.isoformat()}", "value": self._random_bytes(32)}
        details = {"since": since.isoformat(timespec="seconds")}
        async with self._database.transaction() as connection:
            await connection.execute(delete(secrets).where(secrets.c.name.in_(over)))
            await connection.execute(secrets.insert(), [new])
            await connection.execute(entry(now, actor, Action.SECRET_ROTATED, name, **details))
        return (await self.secrets(name))[-1]

    @asynccontextmanager
    async def followed(self, name: str, use: Callable[[list[Secret]], None]) -> AsyncIterator[None]:
        """Hand over the secrets of a name, and again every 20 seconds for the length of a ``with`` block."""

        async def follow() -> None:
            while True:
                await asyncio.sleep(READ_SECONDS)
                try:
                    use(await self.secrets(name))
                except ServiceUnavailable:
                    logger.warning("The secrets of %s cannot be read; those that are known go on", name)

        use(await self.secrets(name))
        async with beside(follow()):
            yield

    async def _rows(self, name: str) -> list[tuple[str, Secret]]:
        every = await self._database.fetch(select(secrets.c.name, secrets.c.value))
        rows = [
            (row, Secret(_since(row), bytes(value)))
            for row, value in every
            if row.partition(_SEPARATOR)[0] == name
        ]
        return sorted(rows, key=lambda row: row[1].since)


def _since(row: str) -> datetime:
    _, separator, time = row.partition(_SEPARATOR)
    return datetime.fromisoformat(time) if separator else _ALWAYS
