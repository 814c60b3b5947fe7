"""Stores captures, and leases them to workers."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, FromClause, Insert, Update, bindparam, func, select, union_all

from contract_first.service.clock import Clock
from scanner_api.scanning.scans.captures import FINAL, Capture, CaptureStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, SessionStatus
from scanner_api.storage.batching import Batching
from scanner_api.storage.catalogue.products import overrides_of
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.queries import WorkStore, maker_of, read_newest, read_page
from scanner_api.storage.schema.tables import captures, product_overrides, products, proposals, scan_sessions
from scanner_api.storage.statements import Guarded, parameters_of, values_of

from .activity import COUNTED, THE_ROW, TOUCHED, Activity, SessionClosed, closed

_COLUMNS: Final = [
    func.coalesce(product_overrides.c.name, products.c.name).label("product_name")
    if field == "product_name"
    else captures.c[field]
    for field in Capture.__struct_fields__
]
"""The name of a product is stored with the product and its overrides alone, where it may change."""
_capture: Final = maker_of(Capture)
_CAPTURES: Final = (
    select(*_COLUMNS)
    .join_from(captures, scan_sessions)
    .outerjoin(products)
    .outerjoin(product_overrides, overrides_of(scan_sessions.c.organization_id, captures.c.product_short_id))
)
_STORED: Final = [field for field in Capture.__struct_fields__ if field != "product_name"]
_MOST_POLLED: Final = 100
"""Sessions whose states are remembered, of which each may have a thousand."""
_STATE: Final = captures.c.id, captures.c.status
_PROCESSED: Final = (
    "status",
    "raw_value",
    "gtin",
    "error_message",
    "gs1_dl_data",
    "product_short_id",
    "processed_at",
    "qr_analysis",
    "attempts",
)
_SAVED: Final = captures.update().where(captures.c.id == bindparam("saved_id"))
UNFINISHED: Final = captures.c.status.in_(frozenset(CaptureStatus) - FINAL)
"""Not ``NOT IN``, for which no index is of use."""
_RETRYABLE: Final = captures.c.status.in_(FINAL - {CaptureStatus.COMPLETED})


class CaptureRecord(msgspec.Struct, frozen=True):
    """A capture and its owner.

    Attributes:
        created_by: the credential that created the session.
    """

    capture: Capture
    organization_id: str
    created_by: str


class CaptureState(NamedTuple):
    """What a poller sees of a capture."""

    id: str
    status: CaptureStatus
    proposal_count: int


@dataclass(frozen=True, slots=True, eq=False)
class _CaptureClaim:
    """The claim of one worker."""

    capture_id: str
    lease_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Save:
    """The result of one worker's step."""

    capture: Capture
    lease_seconds: float


class CaptureStore(WorkStore):
    """Stores the captures of all sessions."""

    is_unfinished, since, lease_until = UNFINISHED, captures.c.created, captures.c.lease_until
    columns = captures.c.id, scan_sessions.c.organization_id, captures.c.raw_value
    source = captures.join(scan_sessions)

    def __init__(self, database: Database, clock: Clock, ttl_seconds: float) -> None:
        super().__init__(database, clock)
        self._activity = Activity(clock, ttl_seconds)
        self._adding = Guarded(database.dialect.name, COUNTED, THE_ROW, _inserted)
        self._retrying = Guarded(database.dialect.name, TOUCHED, THE_ROW, _retried)
        owned = _CAPTURES.add_columns(scan_sessions.c.organization_id, scan_sessions.c.created_by)
        self._by_id = Lookup(database, owned, captures.c.id, _record)
        number = select(func.count()).where(proposals.c.capture_id == captures.c.id).scalar_subquery()
        self._all_states = select(captures.c.session_id, captures.c.created, *_STATE, number)
        self._states = Lookup(database, self._all_states, captures.c.session_id, tuple, most=_MOST_POLLED)
        self._claims = Batching(self._claim_all)
        self._saves = Batching(self._save_all)
        self._by_session = Lookup(database, _CAPTURES, captures.c.session_id, _capture)

    async def add(self, capture: Capture) -> None:
        """Store a new capture, and count it in its session.

        Raises:
            ConstraintError: there is one with its id, or its session does not exist.
            SessionClosed: its session is not active.
        """
        counts = self._activity.counts(capture.session_id, captures=1)

        def add(connection: Connection) -> None:
            if self._adding.execute(connection, counts, values_of(_row(capture))) == 0:
                raise closed(connection, capture.session_id)

        await self._database.write(add, capture.session_id, single=True)

    async def add_many(self, new: Collection[Capture]) -> dict[str, SessionStatus]:
        """Store new captures of any sessions, except those whose session is not active.

        Returns:
            By session, the status of those that are not active.

        Raises:
            ConstraintError: there is one with the id of one, or a session does not exist; none is stored.
        """
        # in one order everywhere: locking the same sessions crosswise is a deadlock
        numbers = dict(sorted(Counter(capture.session_id for capture in new).items()))

        def add(connection: Connection) -> dict[str, SessionStatus]:
            others: dict[str, SessionStatus] = {}
            for session_id, number in numbers.items():
                try:
                    self._activity.add(connection, session_id, captures=number)
                except SessionClosed as error:
                    others[session_id] = error.status
            if rows := [_row(capture) for capture in new if capture.session_id not in others]:
                connection.execute(captures.insert(), rows)
            return others

        return await self._database.write(add, *numbers)

    async def get(self, capture_id: str) -> CaptureRecord | None:
        """Read a capture by id (any string), None if there is none; its dicts must not be changed."""
        records = await self._by_id.find(capture_id)
        return records[0] if records else None

    async def of_session(self, session_id: str) -> list[Capture]:
        """Read the captures of a session, oldest first; their dicts must not be changed."""
        return sorted(
            await self._by_session.find(session_id), key=lambda capture: (capture.created, capture.id)
        )

    async def states(self, session_id: str) -> list[CaptureState]:
        """Read the states of a session's captures, oldest first, with the number of proposals of each."""
        rows = sorted(await self._states.find(session_id), key=itemgetter(1, 2))
        return [CaptureState(*row[2:]) for row in rows]

    async def newest_states(self, session_id: str, limit: int) -> list[CaptureState]:
        """Read the states of a session's newest captures, oldest of them first."""
        newest = (
            self._all_states.where(captures.c.session_id == session_id)
            .order_by(captures.c.created.desc(), captures.c.id.desc())
            .limit(limit)
        )
        return [CaptureState(*row[2:]) for row in reversed(await self._database.fetch(newest))]

    async def page(self, session_id: str, *, page: int, page_size: int) -> tuple[list[Capture], int]:
        """Read a page (from 1) of a session's captures, newest first, and count all of them."""
        return await read_page(
            self._database,
            _CAPTURES.where(captures.c.session_id == session_id),
            _capture,
            counting=select(func.count()).where(captures.c.session_id == session_id),
            order=(captures.c.created, captures.c.id),
            descending=True,
            page=page,
            page_size=page_size,
        )

    async def newest(self, limit: int) -> list[Capture]:
        """Read at most ``limit`` captures of all sessions, newest first."""
        return await read_newest(self._database, _CAPTURES, _capture, captures, limit)

    async def backlog(self, organization_id: str) -> dict[str, int]:
        """Count unfinished captures and extractions of an organization by the credential of their session."""
        created_by = scan_sessions.c.created_by
        of_organization = scan_sessions.c.organization_id == organization_id
        scans = select(created_by).join_from(captures, scan_sessions).where(UNFINISHED, of_organization)
        extracting = scan_sessions.c.extraction_status == ExtractionStatus.PROCESSING
        waiting = union_all(scans, select(created_by).where(extracting, of_organization)).subquery()
        counted = select(waiting.c.created_by, func.count()).group_by(waiting.c.created_by)
        return dict(map(tuple, await self._database.fetch(counted)))

    async def claim(self, capture_id: str, lease_seconds: float) -> Capture | None:
        """Lease an unfinished capture, None if it has a lease already; saving it counts the attempt.

        Captures that are claimed while others are share a transaction, and the longest lease.
        """
        return await self._claims.get(_CaptureClaim(capture_id, lease_seconds))

    async def save(self, capture: Capture, lease_seconds: float) -> bool:
        """Store the result of a step, and renew the lease of an unfinished capture.

        Captures that are saved while others are share a transaction.

        Returns:
            False, and nothing is stored, if the lease ran out and another worker has the capture.
        """
        return await self._saves.get(_Save(capture, lease_seconds)) is not None

    async def _claim_all(self, claims: list[_CaptureClaim]) -> dict[_CaptureClaim, Capture]:
        first: dict[str, _CaptureClaim] = {}
        for claim in claims:
            first.setdefault(claim.capture_id, claim)
        now = self._clock.now()
        until = now + timedelta(seconds=max(claim.lease_seconds for claim in claims))
        free = (
            select(captures.c.id)
            .where(captures.c.id.in_(first), UNFINISHED, self._is_free(now))
            .order_by(captures.c.id)
            .with_for_update(skip_locked=True)
        )

        def lease(connection: Connection) -> dict[_CaptureClaim, Capture]:
            ids = connection.scalars(free).all()
            if not ids:
                return {}
            connection.execute(captures.update().where(captures.c.id.in_(ids)).values(lease_until=until))
            rows = connection.execute(_CAPTURES.where(captures.c.id.in_(ids)))
            return {first[capture.id]: capture for capture in map(_capture, rows)}

        return await self._database.write(lease)

    async def _save_all(self, saves: list[_Save]) -> dict[_Save, bool]:
        newest: dict[str, _Save] = {}
        for save in sorted(saves, key=lambda save: save.capture.attempts):
            newest[save.capture.id] = save
        unfinished = (
            select(captures.c.id, captures.c.attempts)
            .where(captures.c.id.in_(newest), UNFINISHED)
            .order_by(captures.c.id)
            .with_for_update()
        )
        now = self._clock.now()

        def save_all(connection: Connection) -> dict[_Save, bool]:
            stored = connection.execute(unfinished)
            saved = [newest[id_] for id_, attempts in stored if attempts <= newest[id_].capture.attempts]
            if saved:
                connection.execute(_SAVED, [_saved_row(save, now) for save in saved])
            return dict.fromkeys(saved, True)

        return await self._database.write(save_all)

    async def release(self, capture: Capture) -> bool:
        """Release the lease of a saved capture, and its attempt; False if another worker has the capture."""
        released = (
            captures.update()
            .where(captures.c.id == capture.id, UNFINISHED, captures.c.attempts == capture.attempts)
            .values(attempts=captures.c.attempts - 1, lease_until=None)
        )
        return await self._database.change(released) == 1

    async def retry(self, capture: Capture) -> bool:
        """Store a FAILED or NOT_FOUND capture for another run, and touch its session.

        Returns:
            False if it is neither any more: of concurrent retries, one succeeds.
        """
        values = {"retried": capture.id} | values_of({name: getattr(capture, name) for name in _PROCESSED})
        times = self._activity.times(capture.session_id)

        def retry(connection: Connection) -> bool:
            return self._retrying.execute(connection, times, values) == 1

        return await self._database.write(retry, capture.session_id, single=True)


def _inserted(counted: FromClause) -> Insert:
    values = parameters_of(captures, _STORED)
    return captures.insert().from_select(list(values), select(*values.values()).select_from(counted))


def _retried(touched: FromClause) -> Update:
    of_session = captures.c.session_id == touched.c.id
    retryable = captures.update().where(captures.c.id == bindparam("retried"), of_session, _RETRYABLE)
    return retryable.values(parameters_of(captures, _PROCESSED))


def _saved_row(save: _Save, now: datetime) -> dict[str, Any]:
    capture = save.capture
    until = None if capture.status in FINAL else now + timedelta(seconds=save.lease_seconds)
    values = {field: getattr(capture, field) for field in _PROCESSED}
    return {**values, "saved_id": capture.id, "lease_until": until}


def _row(capture: Capture) -> dict[str, Any]:
    return {name: getattr(capture, name) for name in _STORED}


def _record(row: Sequence[Any]) -> CaptureRecord:
    *values, organization_id, created_by = row
    return CaptureRecord(_capture(values), organization_id, created_by)
