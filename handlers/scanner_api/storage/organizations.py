"""Organizations, users and who is a member of what, as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import asdict
from sqlalchemy import select

from .tables import memberships, organizations, users

if TYPE_CHECKING:
    from datetime import datetime

    from .database import Database


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization, to which sessions and products belong."""

    id: str
    name: str
    created: datetime


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, who acts for the organizations that they are a member of."""

    id: str
    email: str
    created: datetime


class OrganizationStore:
    """The organizations and their members; adding what exists is a :class:`ConstraintError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_organization(self, organization: Organization) -> None:
        """Store a new organization."""
        async with self._database.transaction() as connection:
            await connection.execute(organizations.insert(), asdict(organization))

    async def organization(self, organization_id: str) -> Organization | None:
        """Return the organization with this id, or None."""
        statement = select(organizations).where(organizations.c.id == organization_id)
        async with self._database.snapshot() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return Organization(**row) if row else None

    async def add_user(self, user: User) -> None:
        """Store a new user."""
        async with self._database.transaction() as connection:
            await connection.execute(users.insert(), asdict(user))

    async def add_membership(self, user_id: str, organization_id: str, role: str) -> None:
        """Make a user a member of an organization; neither may be unknown."""
        row = {"user_id": user_id, "organization_id": organization_id, "role": role}
        async with self._database.transaction() as connection:
            await connection.execute(memberships.insert(), row)
