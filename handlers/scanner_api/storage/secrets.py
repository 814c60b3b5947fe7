"""Stores secrets that the processes of a service share, such as the one that photo keys are tagged with."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import select

from .database import ConstraintError
from .tables import secrets

if TYPE_CHECKING:
    from openapi_service.randomness import RandomBytes

    from .database import Database


class SecretStore:
    """Stores random bytes by name, made on first use."""

    def __init__(self, database: Database, random_bytes: RandomBytes = os.urandom) -> None:
        self._database = database
        self._random_bytes = random_bytes

    async def secret(self, name: str) -> bytes:
        """Return the 32 random bytes of this name, the same for all who share the database."""
        for (value,) in await self._database.fetch(select(secrets.c.value).where(secrets.c.name == name)):
            return bytes(value)
        with suppress(ConstraintError):  # another process was first
            await self._database.change(secrets.insert(), [{"name": name, "value": self._random_bytes(32)}])
        return await self.secret(name)
