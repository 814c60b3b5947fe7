"""Stores freshness rules."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from scanner_api.scanning.catalogue.freshness import FreshnessRule, Layer
from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.connections.async_engine import AsyncConnection
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import freshness_rules, organizations

EVERYONE: Final = ""
"""In place of an organization's id, for the rules of everyone."""


class FreshnessStore:
    """Stores the freshness rules of organizations, and those of everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_organization = Lookup(
            database,
            select(
                freshness_rules.c.organization_id,
                freshness_rules.c.brick,
                freshness_rules.c.category_label,
                freshness_rules.c.warning_days,
                freshness_rules.c.critical_days,
            ),
            freshness_rules.c.organization_id,
            tuple,
        )

    async def rules(self, organization_id: str) -> Layer:
        """Read the rules of an organization (any string), or of ``EVERYONE``, by brick."""
        rows = await self._by_organization.find(organization_id)
        return {brick: FreshnessRule(brick, *values) for _, brick, *values in rows}

    async def replace(
        self, organization_id: str, rules: Iterable[FreshnessRule], source: tuple[Actor, str] | None = None
    ) -> int:
        """Replace the rules of an organization, or of ``EVERYONE``; return how many there are now.

        Of several rules for one brick the last counts.

        The source is who imports them, and the name of the file; without it, it is not recorded.

        Raises:
            ConstraintError: there is no such organization.
        """
        layer = {rule.brick: {**asdict(rule), "organization_id": organization_id} for rule in rules}
        old = freshness_rules.delete().where(freshness_rules.c.organization_id == organization_id)
        async with self._database.transaction() as connection:
            await self._database.lock(connection, "freshness rules")
            if organization_id != EVERYONE:
                await _check_organization(connection, organization_id)
            await connection.execute(old)
            if layer:
                await connection.execute(freshness_rules.insert(), list(layer.values()))
            if source is not None:
                (actor, file), whose, now = source, organization_id or None, datetime.now(UTC)
                imported = entry(now, actor, Action.RULES_IMPORTED, file, whose, rows=len(layer))
                await connection.execute(imported)
        return len(layer)


async def _check_organization(connection: AsyncConnection, organization_id: str) -> None:
    organization = select(organizations.c.id).where(organizations.c.id == organization_id)
    if await connection.scalar(organization) is None:
        raise ConstraintError("There is no such organization.")
