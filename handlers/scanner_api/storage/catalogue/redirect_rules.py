"""Stores the redirect rules that organizations have for products."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import asdict, replace
from sqlalchemy import Connection, and_, func, select

from contract_first.service.clock import Clock
from scanner_api.scanning.identifiers import new_id
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import Database, DuplicateError
from scanner_api.storage.schema.tables import products, redirect_rules
from scanner_api.storage.statements import execute_together


class RedirectRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored; ``order_index`` is dense from 0 among its organization's for the product."""

    id: str
    product_short_id: str
    url: str
    order_index: int
    created: datetime


class RedirectRuleStore:
    """Stores the redirect rules of all organizations and products."""

    def __init__(self, database: Database, clock: Clock, make_id: Callable[[], str] = new_id) -> None:
        self._database = database
        self._clock = clock
        self._make_id = make_id

    async def append(
        self, organization_id: str, product_short_id: str, url: str, actor: Actor = UNKNOWN
    ) -> RedirectRule:
        """Append a rule to an organization's for a product, record that, and return it.

        Raises:
            ConstraintError: there is no such organization or product.
            DuplicateError: the organization has a rule for the product with this URL.
        """
        siblings = and_(
            redirect_rules.c.organization_id == organization_id,
            redirect_rules.c.product_short_id == product_short_id,
        )
        product = select(products.c.short_id).where(products.c.short_id == product_short_id)
        last = select(func.coalesce(func.max(redirect_rules.c.order_index), -1)).where(siblings)
        existing = select(redirect_rules.c.id).where(siblings, redirect_rules.c.url == url).scalar_subquery()
        rule = RedirectRule(
            id=self._make_id(),
            product_short_id=product_short_id,
            url=url,
            order_index=0,
            created=self._clock.now(),
        )
        details = {"product": product_short_id, "url": url}
        recorded = entry(rule.created, actor, Action.REDIRECT_SAVED, rule.id, organization_id, **details)

        def append(connection: Connection) -> RedirectRule:
            connection.execute(product.with_for_update(key_share=True))
            existing_id, order = connection.execute(select(existing, last.scalar_subquery())).one()
            if existing_id is not None:
                raise DuplicateError(existing_id)
            appended = replace(rule, order_index=order + 1)
            inserted = redirect_rules.insert().values(organization_id=organization_id, **asdict(appended))
            execute_together(connection, inserted, recorded)
            return appended

        return await self._database.write(append)
