"""API keys: ``<prefix>_<32 alphanumerics>_<CRC-32 of the body, 8 lower-case hex digits>``."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self
from zlib import crc32

import msgspec

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Unauthorized
from contract_first.service.observe.logs import cause_of

if TYPE_CHECKING:
    from contract_first.service.messages.request import Request
    from scanner_api.storage.accounts.credentials import ApiKeyRecord, CredentialStore
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.waiting import has_ended

from .callers import Caller
from .lookups import RecentLookups

KeyPrefix = Literal["csb", "csu", "cpk"]
"""``csb`` keys are an organization's, ``csu`` keys a user's, ``cpk`` keys are meant to be published."""

BODY_LENGTH = 32
ALPHANUMERICS = string.ascii_letters + string.digits
SHAPE = re.compile(rf"(?:csb|csu|cpk)_([A-Za-z0-9]{{{BODY_LENGTH}}})_([0-9a-f]{{8}})")
WRITE_EVERY_SECONDS = 10.0
MAX_RECORDED = 10_000

logger = logging.getLogger(__name__)


def new_key(prefix: str) -> str:
    """Return a fresh key of a kind, with 190 random bits; to be shown once and stored only as its digest."""
    body = "".join(secrets.choice(ALPHANUMERICS) for _ in range(BODY_LENGTH))
    return f"{prefix}_{body}_{checksum_of(body)}"


def checksum_of(body: str) -> str:
    """Return the CRC-32 of a key's body, which finds a mistyped key without asking the database."""
    return f"{crc32(body.encode()):08x}"


def check_shape(key: str) -> None:
    """Raise Unauthorized unless the key has the right shape and checksum."""
    match = SHAPE.fullmatch(key)
    if match is None:
        raise Unauthorized(
            "The API key has the wrong shape: csb, csu or cpk, an underscore, 32 letters and digits, "
            "an underscore and 8 lower-case hex digits are expected."
        )
    body, checksum = match.groups()
    if checksum_of(body) != checksum:
        raise Unauthorized("The checksum of the API key is wrong; was the key copied whole?")


class StoredKey(msgspec.Struct, frozen=True):
    """A stored key and its caller."""

    record: ApiKeyRecord
    caller: Caller


class ApiKeyVerifier:
    """Turns API keys into callers.

    Attributes:
        last_used: records uses while its context is open.
    """

    def __init__(self, credentials: CredentialStore, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._keys = RecentLookups(self._look_up)
        self.last_used = LastUsed(credentials.note_use)

    async def verify(self, value: str, _request: Request, /) -> Caller:
        """Return the key's caller, or raise Unauthorized."""
        digest = digest_of(value)
        key = self._keys.recent(digest)
        if key is None:
            check_shape(value)  # only a key of the right shape costs a read of the database
            key = await self._keys.get(digest)
        if key is None:
            raise Unauthorized("The API key is not known.")
        now = self._clock.now()
        check_validity(key.record, now)
        self.last_used.note(key.record.id, now)
        return key.caller

    async def _look_up(self, digest: str) -> StoredKey | None:
        record = await self._credentials.api_key(digest)
        return None if record is None else StoredKey(record, caller_of(record))


def check_validity(record: ApiKeyRecord, now: datetime) -> None:
    """Raise Unauthorized if the key is revoked or expired."""
    if not record.is_active:
        raise Unauthorized("The API key is revoked.")
    if record.expires_at is not None and record.expires_at <= now:
        raise Unauthorized(f"The API key expired at {record.expires_at.isoformat(timespec='seconds')}.")


def caller_of(record: ApiKeyRecord) -> Caller:
    """Return the caller of a stored key."""
    return Caller(
        credential=f"key:{record.id}",
        organizations=record.organizations,
        # true of every csb and cpk key, and of a csu key whose user has one membership
        infers_organization=len(record.organizations) == 1,
        own_sessions_only=record.prefix == "cpk",
        per_minute=record.per_minute,
        per_day=record.per_day,
    )


@dataclass(eq=False, repr=False)
class LastUsed:
    """Records when credentials were last used, in memory; while entered, a task writes it every ten seconds.

    Between two writes it holds one time for each credential, for at most ``most`` of them; the use of one
    more is not recorded. A write that fails is logged and retried with the next batch.
    """

    write: Callable[[Mapping[str, datetime]], Awaitable[None]]
    _: KW_ONLY
    every_seconds: float = WRITE_EVERY_SECONDS
    most: int = MAX_RECORDED

    def __post_init__(self) -> None:
        self._recorded: dict[str, datetime] = {}
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None]

    def note(self, credential_id: str, when: datetime) -> None:
        """Record a use; the latest one counts."""
        if credential_id in self._recorded or len(self._recorded) < self.most:
            self._recorded[credential_id] = when

    async def flush(self) -> None:
        """Write the recorded uses; an error of the store is logged."""
        if not self._recorded:
            return
        batch, self._recorded = self._recorded, {}
        try:
            await self.write(batch)
        except Exception as error:  # noqa: BLE001 -- databases raise many, and none may end the writing
            self._recorded = batch | self._recorded
            cause = cause_of(error)
            logger.warning("The last use of %d credentials cannot be written: %s", len(batch), cause)

    async def __aenter__(self) -> Self:
        self._stopping.clear()
        self._writing = asyncio.create_task(self._write_periodically())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._writing
        await self.flush()

    async def _write_periodically(self) -> None:
        while not await has_ended(self._stopping, self.every_seconds):
            await self.flush()
