"""The stores that background jobs use, and what else they share."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.settings import Settings
from scanner_api.storage.accounts.idempotency import IdempotencyStore
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.extractions import ExtractionStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.proposals import ProposalStore
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.waiting import wait_for

Result = TypeVar("Result")


class Stores(NamedTuple):
    """The stores of one database."""

    sessions: SessionStore
    captures: CaptureStore
    photos: PhotoStore
    products: ProductStore
    proposals: ProposalStore
    extractions: ExtractionStore
    idempotency: IdempotencyStore


@dataclass(frozen=True, slots=True)
class Resources:
    """What all jobs of a process share.

    Attributes:
        retries: held by jobs that are not on their first attempt, so that one that kills its process does
            not take another one on its last attempt with it.
        outcomes: how often work of a lane came to which end.
    """

    stores: Stores
    bucket: PhotoBucket
    clock: Clock
    settings: Settings
    retries: asyncio.Lock = field(default_factory=asyncio.Lock)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def patiently(
        self, call: Callable[..., Awaitable[Result]], *arguments: Any, since: float | None = None
    ) -> Result:
        """Read or write, and try that for as long as a lease lasts, as while a database is read-only.

        Meanwhile this job has its slot, so that others do not try in vain either.

        Args:
            since: when the lease began, by the monotonic clock; now by default.

        Raises:
            ServiceUnavailable: the database was away all the time.
        """
        elapsed = 0 if since is None else monotonic() - since
        seconds = max(0, self.settings.lease_seconds - elapsed)
        return await wait_for(partial(call, *arguments), seconds, ServiceUnavailable)


async def oldest_waiting(stores: Stores, clock: Clock) -> dict[str, float] | None:
    """Return the age in seconds of the oldest unclaimed work, None if there is none.

    Raises:
        ServiceUnavailable: the database does not respond.
    """
    since = await asyncio.gather(stores.captures.waiting_since(), stores.extractions.waiting_since())
    oldest = min(filter(None, since), default=None)
    if oldest is None:
        return None
    return {"oldest_waiting_seconds": round(seconds_since(oldest, clock), 1)}


def seconds_since(time: datetime, clock: Clock) -> float:
    """Return how many seconds ago a stored time was; none if the clock has been put back behind it."""
    return max((clock.now() - time).total_seconds(), 0.0)


def stores_of(database: Database, clock: Clock, ttl_seconds: float) -> Stores:
    """Return the stores of a database; an ACTIVE session that is idle for ``ttl_seconds`` expires."""
    return Stores(
        SessionStore(database, clock, ttl_seconds),
        CaptureStore(database, clock, ttl_seconds),
        PhotoStore(database, clock, ttl_seconds),
        ProductStore(database, clock),
        ProposalStore(database, clock),
        ExtractionStore(database, clock),
        IdempotencyStore(database, clock),
    )
