"""API keys: ``<prefix>_<32 alphanumerics>_<CRC-32 of the body, 8 lower-case hex digits>``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import string
from typing import TYPE_CHECKING, Literal, NamedTuple, Self
from zlib import crc32

from openapi_service.problems import Unauthorized
from scanner_api.storage.credentials import digest_of

from .callers import Caller
from .lookups import RecentLookups

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from openapi_service.clock import Clock
    from openapi_service.request import Request
    from scanner_api.storage.credentials import ApiKeyRecord, CredentialStore

KeyPrefix = Literal["csb", "csu", "cpk"]
"""``csb`` keys are an organization's, ``csu`` keys a user's, ``cpk`` keys are meant to be published."""

BODY_LENGTH = 32
ALPHANUMERICS = string.ascii_letters + string.digits
SHAPE = re.compile(rf"(?:csb|csu|cpk)_([A-Za-z0-9]{{{BODY_LENGTH}}})_([0-9a-f]{{8}})")
WRITE_EVERY_SECONDS = 10.0
MOST_NOTED = 10_000

logger = logging.getLogger(__name__)


def new_key(prefix: KeyPrefix) -> str:
    """Return a fresh key with 190 random bits; to be shown once and stored only as its digest."""
    body = "".join(secrets.choice(ALPHANUMERICS) for _ in range(BODY_LENGTH))
    return f"{prefix}_{body}_{checksum_of(body)}"


def checksum_of(body: str) -> str:
    """Return the CRC-32 of a key's body, by which a mistyped key is told without asking the database."""
    return f"{crc32(body.encode()):08x}"


def check_shape(key: str) -> None:
    """Raise Unauthorized unless the key has the shape of one and its checksum is right."""
    match = SHAPE.fullmatch(key)
    if match is None:
        raise Unauthorized(
            "The API key has the wrong shape: csb, csu or cpk, an underscore, 32 letters and digits, "
            "an underscore and 8 lower-case hex digits are wanted."
        )
    body, checksum = match.groups()
    if checksum_of(body) != checksum:
        raise Unauthorized("The checksum of the API key is wrong; was the key copied whole?")


class KnownKey(NamedTuple):
    """A stored key, and whom it lets in."""

    record: ApiKeyRecord
    caller: Caller


class ApiKeyVerifier:
    """Turns API keys into callers.

    Attributes:
        last_used: enter it for as long as the service runs, so that uses are written down.
    """

    def __init__(self, credentials: CredentialStore, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._known = RecentLookups(self._look_up)
        self.last_used = LastUsed(credentials.note_use)

    async def verify(self, value: str, _request: Request, /) -> Caller:
        """Return whom the key lets in, or raise Unauthorized."""
        digest = digest_of(value)
        known = self._known.recent(digest)
        if known is None:
            check_shape(value)  # only what has the shape may cost a question to the database
            known = await self._known.get(digest)
        if known is None:
            raise Unauthorized("The API key is not known.")
        now = self._clock.now()
        check_validity(known.record, now)
        self.last_used.note(known.record.id, now)
        return known.caller

    async def _look_up(self, digest: str) -> KnownKey | None:
        record = await self._credentials.api_key(digest)
        return None if record is None else KnownKey(record, caller_of(record))


def check_validity(record: ApiKeyRecord, now: datetime) -> None:
    """Raise Unauthorized if the key is revoked or expired."""
    if not record.active:
        raise Unauthorized("The API key is revoked.")
    if record.expires is not None and record.expires <= now:
        raise Unauthorized(f"The API key expired at {record.expires.isoformat(timespec='seconds')}.")


def caller_of(record: ApiKeyRecord) -> Caller:
    """Return whom a stored key lets in."""
    return Caller(
        credential=f"key:{record.id}",
        organizations=record.organizations,
        # so for each csb and cpk key; of csu keys for those whose user has one membership
        infers_organization=len(record.organizations) == 1,
        own_sessions_only=record.prefix == "cpk",
        per_minute=record.per_minute,
        per_day=record.per_day,
    )


class LastUsed:
    """Notes uses for nothing on the hot path; while entered, a task writes them every ten seconds.

    Between two writes it holds one time for each credential, for at most ``most`` of them; the use of one
    more is not noted. A write that fails is logged and tried again with the next batch.
    """

    def __init__(
        self,
        write: Callable[[Mapping[str, datetime]], Awaitable[None]],
        *,
        every_seconds: float = WRITE_EVERY_SECONDS,
        most: int = MOST_NOTED,
    ) -> None:
        self._write = write
        self._every_seconds = every_seconds
        self._most = most
        self._noted: dict[str, datetime] = {}
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None]

    def note(self, credential_id: str, when: datetime) -> None:
        """Note a use; the latest one counts."""
        if credential_id in self._noted or len(self._noted) < self._most:
            self._noted[credential_id] = when

    async def flush(self) -> None:
        """Write down what is noted; whatever the store raises is logged."""
        if not self._noted:
            return
        batch, self._noted = self._noted, {}
        try:
            await self._write(batch)
        except Exception:
            self._noted = batch | self._noted
            logger.warning("The last use of %d credentials could not be written", len(batch), exc_info=True)

    async def __aenter__(self) -> Self:
        self._stopping.clear()
        self._writing = asyncio.create_task(self._write_every_so_often())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._writing
        await self.flush()

    async def _write_every_so_often(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_seconds)
            await self.flush()
