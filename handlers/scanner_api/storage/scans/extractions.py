"""Stores the state of extractions, and leases them.

An extraction is PROCESSING from the submission of its session on. When it has ended, the proposals of the
session's captures decide: ACCEPTED once one was applied, REJECTED if all of them are rejected, else READY.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Update, and_, bindparam, case, func, literal, select

from scanner_api.scanning.scans.proposals import ProposalStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus
from scanner_api.storage.queries import WorkStore
from scanner_api.storage.schema.tables import captures, proposals, scan_sessions

_ENDED: Final = (ExtractionStatus.READY, ExtractionStatus.ACCEPTED, ExtractionStatus.REJECTED)
_PROCESSING: Final = scan_sessions.c.extraction_status == ExtractionStatus.PROCESSING
_STATUS: Final = scan_sessions.c.extraction_status.type
_REJECTED: Final = func.count().filter(proposals.c.status == ProposalStatus.REJECTED)
_OUTCOME: Final = (
    select(
        case(
            (func.count(proposals.c.applied_at) > 0, literal(ExtractionStatus.ACCEPTED, _STATUS)),
            (and_(_REJECTED > 0, func.count() == _REJECTED), literal(ExtractionStatus.REJECTED, _STATUS)),
            else_=literal(ExtractionStatus.READY, _STATUS),
        )
    )
    .join_from(proposals, captures)
    .where(captures.c.session_id == scan_sessions.c.id)
    .correlate(scan_sessions)
)
"""The status of an ended extraction by the proposals of its session."""
_HAS_ENDED: Final = scan_sessions.c.extraction_status.in_(_ENDED)
_SETTLING: Final = (
    scan_sessions.update().where(_HAS_ENDED).values(extraction_status=_OUTCOME.scalar_subquery())
)
_SETTLED: Final = _SETTLING.where(scan_sessions.c.id == bindparam("settled_id"))
_OF_CAPTURE: Final = select(captures.c.session_id).where(captures.c.id == bindparam("settled_by"))
_SETTLED_BY: Final = _SETTLING.where(scan_sessions.c.id == _OF_CAPTURE.scalar_subquery())


class ExtractionStore(WorkStore):
    """Stores the extractions of all sessions.

    Claiming one returns the number of the attempt, which every further call passes: once the lease has run
    out and another worker has claimed the extraction, the number is void.
    """

    is_unfinished, since = _PROCESSING, scan_sessions.c.modified
    lease_until, source = scan_sessions.c.extraction_lease_until, scan_sessions
    columns = scan_sessions.c.id, scan_sessions.c.organization_id

    async def claim(self, session_id: str, lease_seconds: float) -> int | None:
        """Lease an extraction; return the number of the attempt, from 1, or None if it has a lease."""
        now = self._clock.now()
        claimed = (
            scan_sessions.update()
            .where(scan_sessions.c.id == session_id, _PROCESSING, self._is_free(now))
            .values(
                extraction_attempts=scan_sessions.c.extraction_attempts + 1,
                extraction_lease_until=now + timedelta(seconds=lease_seconds),
            )
            .returning(scan_sessions.c.extraction_attempts)
        )

        def claim(connection: Connection) -> int | None:
            attempt: int | None = connection.scalar(claimed)
            return attempt

        return await self._database.write(claim, session_id, single=True)

    async def renew(self, session_id: str, attempt: int, lease_seconds: float) -> bool:
        """Renew the lease; False if another worker has it."""
        until = self._clock.now() + timedelta(seconds=lease_seconds)
        renewed = _claimed(session_id, attempt).values(extraction_lease_until=until)
        return await self._database.change(renewed) == 1

    async def release(self, session_id: str, attempt: int) -> bool:
        """Release the lease, and the attempt; False if another worker has it."""
        released = _claimed(session_id, attempt).values(
            extraction_attempts=scan_sessions.c.extraction_attempts - 1, extraction_lease_until=None
        )
        return await self._database.change(released) == 1

    async def finish(self, session_id: str, attempt: int) -> bool:
        """End an extraction whose proposals are stored; False if another worker has it."""
        ended = _claimed(session_id, attempt).values(
            extraction_status=ExtractionStatus.READY, extraction_lease_until=None
        )

        def finish(connection: Connection) -> bool:
            if connection.execute(ended).rowcount == 0:
                return False
            settle(connection, session_id)
            return True

        return await self._database.write(finish, session_id)


def _claimed(session_id: str, attempt: int) -> Update:
    """Return an update that only the holder of the lease can make."""
    return scan_sessions.update().where(
        scan_sessions.c.id == session_id, _PROCESSING, scan_sessions.c.extraction_attempts == attempt
    )


def settle(connection: Connection, session_id: str) -> None:
    """Set the status of an ended extraction by its proposals; the session has to be locked."""
    connection.execute(_SETTLED, {"settled_id": session_id})


def settle_by(connection: Connection, capture_id: str) -> None:
    """Do the same for the session of a capture."""
    connection.execute(_SETTLED_BY, {"settled_by": capture_id})


def accepting(session_id: str) -> Update:
    """Return the statement for an ended extraction of which a proposal is applied; its session is locked."""
    ended = scan_sessions.update().where(scan_sessions.c.id == session_id, _HAS_ENDED)
    return ended.values(extraction_status=ExtractionStatus.ACCEPTED)
