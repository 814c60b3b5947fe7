"""Stores organizations, users and memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import select

from .queries import columns_of, maker_of
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


_organization: Final = maker_of(Organization)


class OrganizationStore:
    """Stores organizations and their members; adding one that exists is a :class:`ConstraintError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_organization(self, organization: Organization) -> None:
        """Store a new organization."""
        await self._database.change(organizations.insert(), [asdict(organization)])

    async def organization(self, organization_id: str) -> Organization | None:
        """Read an organization by id, None if there is none."""
        own = select(*columns_of(organizations, Organization)).where(organizations.c.id == organization_id)
        for row in await self._database.fetch(own):
            return _organization(row)
        return None

    async def add_user(self, user: User) -> None:
        """Store a new user."""
        await self._database.change(users.insert(), [asdict(user)])

    async def add_membership(self, user_id: str, organization_id: str, role: str) -> None:
        """Make a user a member of an organization; neither may be unknown."""
        row = {"user_id": user_id, "organization_id": organization_id, "role": role}
        await self._database.change(memberships.insert(), [row])
