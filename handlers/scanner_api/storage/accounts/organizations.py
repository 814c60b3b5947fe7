"""Stores organizations, users and memberships."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import bindparam, func, or_, select, union_all

from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import Database
from scanner_api.storage.queries import columns_of, maker_of, read_page
from scanner_api.storage.schema.column_types import UTCDateTime
from scanner_api.storage.schema.tables import api_keys, memberships, organizations, scan_session_counts, users


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization, to which sessions and products belong.

    Attributes:
        deletion_began: when its deletion began, None if it is not to be deleted.
    """

    id: str
    name: str
    created: datetime
    deletion_began: datetime | None = None


class OrganizationSummary(Organization, frozen=True, kw_only=True):
    """An organization with how many sessions and valid keys it has."""

    session_count: int
    key_count: int


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, who acts for the organizations that they are a member of."""

    id: str
    email: str
    created: datetime


_organization: Final = maker_of(Organization)
_summary: Final = maker_of(OrganizationSummary)
_COUNTED: Final = func.coalesce(func.sum(scan_session_counts.c.number), 0)
_SUMMARIES: Final = select(
    *columns_of(organizations, Organization),
    select(_COUNTED)
    .where(scan_session_counts.c.organization_id == organizations.c.id)
    .scalar_subquery()
    .label("session_count"),
    select(func.count())
    .where(
        api_keys.c.organization_id == organizations.c.id,
        api_keys.c.is_active,
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now", type_=UTCDateTime)),
    )
    .scalar_subquery()
    .label("key_count"),
)
_KEY_OWNERS: Final = union_all(
    select(organizations.c.id, organizations.c.name).where(
        organizations.c.id.in_(select(api_keys.c.organization_id))
    ),
    select(users.c.id, users.c.email).where(users.c.id.in_(select(api_keys.c.user_id))),
)


class OrganizationStore:
    """Stores organizations and their members.

    Adding one that exists is a :class:`~scanner_api.storage.database.ConstraintError`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_organization(self, organization: Organization, actor: Actor | None = None) -> None:
        """Store a new organization; without an actor its creation is not recorded."""
        new, id_ = asdict(organization), organization.id
        async with self._database.transaction() as connection:
            await connection.execute(organizations.insert(), [new])
            if actor is not None:
                action = Action.ORGANIZATION_CREATED
                await connection.execute(
                    entry(organization.created, actor, action, id_, id_, name=organization.name)
                )

    async def organization(self, organization_id: str) -> Organization | None:
        """Read an organization by id, None if there is none."""
        statement = select(*columns_of(organizations, Organization)).where(
            organizations.c.id == organization_id
        )
        rows = await self._database.fetch(statement)
        return _organization(rows[0]) if rows else None

    async def page(self, *, page: int, page_size: int) -> tuple[list[OrganizationSummary], int]:
        """Read a page (from 1) of all organizations, by name, and count all of them."""
        return await read_page(
            self._database,
            _SUMMARIES.params(now=datetime.now(UTC)),
            _summary,
            counting=select(func.count()).select_from(organizations),
            order=(organizations.c.name, organizations.c.id),
            page=page,
            page_size=page_size,
        )

    async def key_owners(self) -> dict[str, str]:
        """Read the names of organizations, and the addresses of users, that have keys, by id."""
        return dict(map(tuple, await self._database.fetch(select(_KEY_OWNERS.subquery()))))

    async def add_user(self, user: User) -> None:
        await self._database.change(users.insert(), [asdict(user)])

    async def add_membership(self, user_id: str, organization_id: str, role: str) -> None:
        """Make a user a member of an organization; neither may be unknown."""
        row = {"user_id": user_id, "organization_id": organization_id, "role": role}
        await self._database.change(memberships.insert(), [row])
