"""Stores the responses of requests that have an idempotency key, for a day."""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from math import ceil
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from contract_first.service.clock import Clock
from contract_first.service.idempotency import Attempt, KeyInUse, KeyReused
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.database import Database
from scanner_api.storage.queries import upserting
from scanner_api.storage.schema.tables import idempotency_keys

LIFE: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=5)
"""How long a process has a key after it was last heard of; then another try may take it over."""
_RENEWAL_SECONDS: Final = 2
_RELEASE_SECONDS: Final = 1
_BATCH: Final = 1000
_COLUMNS: Final = idempotency_keys.c


class IdempotencyStore:
    """Runs a request once, however often it is tried, in however many processes.

    A try claims its key first, for a short time, and renews the claim as long as it takes. Its response is
    written in the transaction of its effect, and only while the claim holds: both are there, or neither, and
    of two tries one has an effect.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def once(self, attempt: Attempt, run: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the response of the first attempt that had one; run the request if this is the first.

        Raises:
            KeyInUse: another try is being run, or has taken over from this one.
            KeyReused: the key was sent with another request.
        """
        if attempt.caller is None:  # strangers would get the responses of one another
            return await run()
        id_, claim = _id_of(attempt), token_hex(16)
        try:
            stored = await self._claim(id_, attempt.fingerprint, claim)
        except asyncio.CancelledError:  # what is being written is not undone
            await self._release(id_, claim)
            raise
        if stored is not None:
            return zlib.decompress(stored)
        renewing = asyncio.create_task(self._renew(id_, claim))
        try:
            async with self._database.unit():
                response = await run()
                await self._store(id_, claim, response)
        except BaseException:
            await self._release(id_, claim)
            raise
        finally:
            renewing.cancel()
        return response

    async def expire(self) -> None:
        """Delete expired responses, in batches."""
        expired = _COLUMNS.expires_at <= self._clock.now()
        batch = select(_COLUMNS.id).where(expired).order_by(_COLUMNS.expires_at).limit(_BATCH)
        # twice: what is claimed again meanwhile stays
        deleting = idempotency_keys.delete().where(_COLUMNS.id.in_(batch), expired)
        while await self._database.change(deleting) == _BATCH:
            pass

    async def _claim(self, id_: str, fingerprint: str, claim: str) -> bytes | None:
        """Claim a key, or return the response that it has."""
        now = self._clock.now()
        changes = {
            "fingerprint": fingerprint,
            "claim": claim,
            "response": None,
            "expires_at": now + LEASE,
        }
        insert = upserting(self._database.dialect.name, idempotency_keys).values(id=id_, **changes)
        claiming = insert.on_conflict_do_update(
            index_elements=[_COLUMNS.id], set_=changes, where=_COLUMNS.expires_at <= now
        )
        columns = _COLUMNS.fingerprint, _COLUMNS.response, _COLUMNS.expires_at
        present = select(*columns).where(_COLUMNS.id == id_)

        def claim_key(connection: Connection) -> Sequence[Any]:
            if connection.execute(claiming).rowcount:
                return ()
            return connection.execute(present).one()

        row = await self._database.write(claim_key)
        if not row:
            return None
        first, response, ends = row
        if first != fingerprint:
            raise KeyReused
        if response is None:  # or its process died
            left = (ends - now).total_seconds()
            raise KeyInUse(ceil(max(1, min(LEASE.total_seconds() - left, left))))
        stored: bytes = response
        return stored

    async def _renew(self, id_: str, claim: str) -> None:
        """Renew a claim until this is cancelled; while the database is away it may run out."""
        claimed = idempotency_keys.update().where(*_held(id_, claim))
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress(ServiceUnavailable):
                await self._database.change(claimed.values(expires_at=self._clock.now() + LEASE))

    async def _store(self, id_: str, claim: str, response: bytes) -> None:
        held = idempotency_keys.update().where(*_held(id_, claim))
        changes = {"response": zlib.compress(response, 1), "expires_at": self._clock.now() + LIFE}
        if not await self._database.change(held.values(changes)):
            raise KeyInUse

    async def _release(self, id_: str, claim: str) -> None:
        with suppress(ServiceUnavailable, TimeoutError):  # then the claim runs out
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._database.change(idempotency_keys.delete().where(*_held(id_, claim)))


def _held(id_: str, claim: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a key's row while it is a claim's, which has no response yet."""
    return _COLUMNS.id == id_, _COLUMNS.claim == claim, _COLUMNS.response.is_(None)


def _id_of(attempt: Attempt) -> str:
    """Return the stored name of a caller's key, for its organizations and an operation."""
    caller = attempt.caller
    scope = caller.credential, sorted(caller.organizations), attempt.operation_id, attempt.key
    return sha256(json.dumps(scope).encode()).hexdigest()
