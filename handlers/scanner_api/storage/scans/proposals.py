"""Stores, reviews and applies proposals for products.

The session of a proposal is locked before the proposal is changed, so the extraction's status is exact.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, select

from contract_first.service.clock import Clock
from scanner_api.scanning.scans.proposals import FIELDS, Proposal, ProposalStatus
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.catalogue.products import override
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.queries import columns_of, maker_of
from scanner_api.storage.schema.tables import captures, proposals, scan_sessions
from scanner_api.storage.statements import execute_together

from .extractions import accepting, settle, settle_by

_COLUMNS: Final = columns_of(proposals, Proposal)
_proposal: Final = maker_of(Proposal)


_LOCKED: Final = (
    select(scan_sessions.c.id)
    .join_from(proposals, captures)
    .join(scan_sessions)
    .where(proposals.c.id == bindparam("reviewed"))
    .with_for_update(key_share=True, of=scan_sessions)
    .cte()
)
_REVIEWED: Final = (
    proposals.update()
    .where(proposals.c.id == bindparam("reviewed"), proposals.c.applied_at.is_(None))
    .where(exists(select(_LOCKED.c.id)))
    .values(
        status=bindparam("decision", type_=proposals.c.status.type),
        reviewed_at=bindparam("now", type_=proposals.c.reviewed_at.type),
    )
    .returning(*_COLUMNS)
)
"""Locks the session first: PostgreSQL reads the condition on it once, before the proposals."""
_OWNER: Final = (
    select(scan_sessions.c.id, scan_sessions.c.organization_id, captures.c.product_short_id)
    .join_from(captures, scan_sessions)
    .where(captures.c.id == bindparam("of_capture"))
    .with_for_update(key_share=True, of=scan_sessions)
)
_APPLIED: Final = (
    proposals.update()
    .where(proposals.c.capture_id == bindparam("of_capture"), proposals.c.applied_at.is_(None))
    .where(proposals.c.status == ProposalStatus.ACCEPTED)
    .values(applied_at=bindparam("now", type_=proposals.c.applied_at.type))
    .returning(*_COLUMNS)
)


class AppliedError(Exception):
    """The proposal is applied, and cannot be reviewed again."""


class NoProductError(Exception):
    """The capture is linked to no product, so there is nothing to apply a proposal to."""


class ProposalRecord(msgspec.Struct, frozen=True):
    """A proposal and its owner.

    Attributes:
        created_by: the credential that created the session.
    """

    proposal: Proposal
    session_id: str
    organization_id: str
    created_by: str


class ProposalStore:
    """Stores the proposals for all captures."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        owner = captures.c.session_id, scan_sessions.c.organization_id, scan_sessions.c.created_by
        owned = select(*_COLUMNS, *owner).join_from(proposals, captures).join(scan_sessions)
        self._by_id = Lookup(database, owned, proposals.c.id, _record)

    async def add_many(self, new: Sequence[Proposal]) -> int:
        """Store proposals without duplicates, and return how many.

        A duplicate has the capture, the source, the field and the value of another one.

        Raises:
            ConstraintError: a capture does not exist, or there is a proposal with the id of one.
            ValueError: one is for a field that no proposal may change.
        """
        for proposal in new:
            if proposal.field_name not in FIELDS:
                raise ValueError(f"No proposal may change {proposal.field_name!r}.")
        capture_ids = {proposal.capture_id for proposal in new}

        def add_many(connection: Connection) -> int:
            sessions = _lock_sessions(connection, captures.c.id.in_(capture_ids))
            existing = {tuple(row) for row in connection.execute(_identities(capture_ids))}
            fresh = {_identity(proposal): asdict(proposal) for proposal in reversed(new)}
            rows = [row for identity, row in fresh.items() if identity not in existing]
            if rows:
                connection.execute(proposals.insert(), rows)
            for session_id in sessions:
                settle(connection, session_id)
            return len(rows)

        return await self._database.write(add_many)

    async def get(self, proposal_id: str) -> ProposalRecord | None:
        """Read a proposal by id (any string), None if there is none."""
        records = await self._by_id.find(proposal_id)
        return records[0] if records else None

    async def of_capture(self, capture_id: str) -> list[Proposal]:
        """Read the proposals for a capture, oldest first."""
        statement = (
            select(*_COLUMNS)
            .where(proposals.c.capture_id == capture_id)
            .order_by(proposals.c.created, proposals.c.id)
        )
        return [_proposal(row) for row in await self._database.fetch(statement)]

    async def review(self, proposal_id: str, decision: ProposalStatus, turns: Sequence[str] = ()) -> Proposal:
        """Accept or reject a proposal, and return it; until it is applied another review may differ.

        Args:
            turns: the keys of the transaction, such as the id of the session.

        Raises:
            AppliedError: it is applied.
            ConstraintError: there is no such proposal.
        """
        values = {"reviewed": proposal_id, "decision": decision, "now": self._clock.now()}

        def review(connection: Connection) -> Proposal:
            row = connection.execute(_REVIEWED, values).first()
            if row is None:
                if connection.scalar(select(proposals.c.id).where(proposals.c.id == proposal_id)):
                    raise AppliedError
                raise ConstraintError("There is no such proposal.")
            proposal = _proposal(row)
            settle_by(connection, proposal.capture_id)
            return proposal

        return await self._database.write(review, *turns)

    async def apply(
        self, capture_id: str, actor: Actor = UNKNOWN, turns: Sequence[str] = ()
    ) -> list[Proposal]:
        """Write the accepted proposals for a capture to its product, and return them, oldest first.

        They become overrides of the capture's organization; the catalogue stays as it is. Each is
        written once, which is recorded; of several for one field, the one that was accepted last counts.

        Args:
            turns: the keys of the transaction, such as the ids of the session and the product.

        Raises:
            ConstraintError: there is no such capture.
            NoProductError: the capture is linked to no product.
        """
        now = self._clock.now()

        def apply(connection: Connection) -> list[Proposal]:
            row = connection.execute(_OWNER, {"of_capture": capture_id}).first()
            if row is None:
                raise ConstraintError("There is no such capture.")
            session_id, organization_id, product = row
            if product is None:
                raise NoProductError
            accepted = connection.execute(_APPLIED, {"of_capture": capture_id, "now": now})
            applied = [_proposal(row) for row in accepted]
            if applied:
                dialect, action = connection.dialect.name, Action.PROPOSALS_APPLIED
                ids = sorted(proposal.id for proposal in applied)
                execute_together(
                    connection,
                    override(dialect, organization_id, product, _values(applied), now),
                    accepting(session_id),
                    entry(now, actor, action, capture_id, organization_id, product=product, proposals=ids),
                )
            return sorted(applied, key=lambda proposal: (proposal.created, proposal.id))

        return await self._database.write(apply, *turns)


def _record(row: Sequence[Any]) -> ProposalRecord:
    *values, session_id, organization_id, created_by = row
    return ProposalRecord(_proposal(values), session_id, organization_id, created_by)


def _values(accepted: Iterable[Proposal]) -> dict[str, str]:
    """Return the values to write, by field."""
    in_turn = sorted(accepted, key=lambda proposal: (proposal.reviewed_at, proposal.created, proposal.id))
    return {proposal.field_name: proposal.proposed_value for proposal in in_turn}


def _identity(proposal: Proposal) -> tuple[str, ...]:
    return proposal.capture_id, proposal.field_name, proposal.source, proposal.proposed_value


def _identities(capture_ids: Collection[str]) -> Select[Any]:
    identity = proposals.c.capture_id, proposals.c.field_name, proposals.c.source, proposals.c.proposed_value
    return select(*identity).where(proposals.c.capture_id.in_(capture_ids))


def _lock_sessions(connection: Connection, captured: ColumnElement[bool]) -> Sequence[str]:
    """Lock the sessions of captures, in one order everywhere, and return their ids."""
    session_ids = select(captures.c.session_id).where(captured)
    sessions = select(scan_sessions.c.id).where(scan_sessions.c.id.in_(session_ids))
    locked = sessions.order_by(scan_sessions.c.id).with_for_update(key_share=True)
    return connection.scalars(locked).all()
