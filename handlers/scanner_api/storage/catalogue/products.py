"""Stores the product catalogue, and the overrides of organizations."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Final

from msgspec.structs import asdict, replace
from sqlalchemy import Column, ColumnElement, Insert, and_, or_, select

from contract_first.service.clock import Clock
from scanner_api.scanning.catalogue.products import Product
from scanner_api.scanning.scans.proposals import FIELDS
from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.queries import columns_of, maker_of, read_page, upserting
from scanner_api.storage.schema.tables import product_overrides, products


class StoredProduct(Product, frozen=True, kw_only=True):
    """A product as it is stored; its ``images`` may be an object key, too.

    Attributes:
        short_id: slug of its first name, and its GTIN; it stays when the name changes.
        ai_summary: what enrichment made of it, or empty.
    """

    short_id: str
    ai_summary: str
    created: datetime
    modified: datetime


_PRODUCTS: Final = select(*columns_of(products, StoredProduct))
_product: Final = maker_of(StoredProduct)
_OVERRIDES: Final = select(*(product_overrides.c[field] for field in (*FIELDS, "modified")))
_BATCH: Final = 1000
_IMPORTED: Final = ("name", "brand_name", "category", "brick", "description", "ingredients", "images")
_LONGEST_SLUG: Final = 80
_NOT_IN_SLUG: Final = re.compile("[^a-z0-9]+")


class ProductStore:
    """Stores the shared catalogue, which only operators write, and the organizations' overrides."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._by_gtin = Lookup(database, _PRODUCTS, products.c.gtin, _product)
        self._upsert = _upsert(database.dialect.name)

    async def by_gtin(self, gtin: str, organization_id: str | None = None) -> StoredProduct | None:
        """Read a product by its GTIN of 14 digits (any string), None if there is none.

        The overrides of an organization count where it is given.
        """
        for product in await self._by_gtin.find(gtin):
            return product if organization_id is None else await self._overridden(product, organization_id)
        return None

    async def _overridden(self, product: StoredProduct, organization_id: str) -> StoredProduct:
        overrides = overrides_of(organization_id, product.short_id)
        for *values, modified in await self._database.fetch(_OVERRIDES.where(overrides)):
            changes = {field: value for field, value in zip(FIELDS, values, strict=True) if value is not None}
            return replace(product, **changes, modified=max(product.modified, modified))
        return product

    async def page(self, *, page: int, page_size: int) -> tuple[list[StoredProduct], int]:
        """Read a page (from 1) of all products, by GTIN, and count all of them."""
        return await read_page(
            self._database, _PRODUCTS, _product, order=(products.c.gtin,), page=page, page_size=page_size
        )

    async def upsert_many(self, new: Iterable[Product], source: tuple[Actor, str] | None = None) -> int:
        """Insert products or update those that changed, and return how many were read.

        They are read and stored a thousand at a time, so there may be any number; of duplicates the last one
        counts. Storing the same products again changes nothing.

        The source is who imports them, and the name of the file; without it, it is not recorded.
        """
        number, products_left = 0, iter(new)
        try:
            while batch := list(islice(products_left, _BATCH)):
                await self._upsert_batch(batch)
                number += len(batch)
        except BaseException:
            with suppress(Exception):  # what ended the import is the error to report
                await self._record_import(source, number)
            raise
        await self._record_import(source, number)
        return number

    async def _record_import(self, source: tuple[Actor, str] | None, rows: int) -> None:
        if source is None or not rows:
            return
        actor, file = source
        now = self._clock.now()
        await self._database.change(entry(now, actor, Action.PRODUCTS_IMPORTED, file, rows=rows))

    async def _upsert_batch(self, batch: Iterable[Product]) -> None:
        now = self._clock.now()
        rows = [_row(product, now) for product in batch]
        async with self._database.transaction() as connection:
            # of two who insert one product at once, PostgreSQL would refuse one for its short_id
            await self._database.lock(connection, "products import")
            await connection.execute(self._upsert, rows)


def override(
    dialect: str, organization_id: str, short_id: str, values: Mapping[str, str], now: datetime
) -> Insert:
    """Return the statement that writes an organization's overrides of a product's fields."""
    changes = {**values, "modified": now}
    insert = upserting(dialect, product_overrides).values(
        organization_id=organization_id, product_short_id=short_id, **changes
    )
    key = [product_overrides.c.organization_id, product_overrides.c.product_short_id]
    statement: Insert = insert.on_conflict_do_update(index_elements=key, set_=changes)
    return statement


def overrides_of(organization_id: Column[str] | str, short_id: Column[str] | str) -> ColumnElement[bool]:
    """Return the condition that a row of the overrides is an organization's, of a product."""
    of_organization = product_overrides.c.organization_id == organization_id
    return and_(of_organization, product_overrides.c.product_short_id == short_id)


def _upsert(dialect: str) -> Any:
    """Return the statement; an unchanged row is not written."""
    insert = upserting(dialect, products)
    new = {field: insert.excluded[field] for field in _IMPORTED}
    return insert.on_conflict_do_update(
        index_elements=[products.c.gtin],
        set_={**new, "modified": insert.excluded.modified},
        where=or_(*[products.c[field] != value for field, value in new.items()]),
    )


def _row(product: Product, now: datetime) -> dict[str, Any]:
    added = {"short_id": _short_id(product), "ai_summary": "", "created": now, "modified": now}
    return {**asdict(product), **added}


def _short_id(product: Product) -> str:
    """Return the slug of the name, as far as it has Latin letters or digits, and the GTIN."""
    plain = unicodedata.normalize("NFKD", product.name).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_SLUG.sub("-", plain)[:_LONGEST_SLUG].strip("-")
    return f"{slug}-{product.gtin}" if slug else product.gtin
