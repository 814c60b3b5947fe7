"""``scanner-api products``: the catalogue in which scanned products are looked up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .file_argument import file_argument
from .settings_flags import Config, DatabaseUrl, read_settings

if TYPE_CHECKING:
    from scanner_api.storage.database import Database
    from scanner_api.storage.products import StoredProduct

    from .imports import Import

app = typer.Typer(help="Import and list the products that scans are looked up in.", no_args_is_help=True)

ProductsFile = Annotated[
    Path,
    file_argument(
        "CSV, TSV or JSON Lines (.csv, .tsv, .jsonl; .gz behind it if packed), with our field names "
        "(gtin, name, brand_name, ...) or those of Open Food Facts (code, product_name, brands, ...)."
    ),
]


@app.command("import")
def import_products(file: ProductsFile, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Add products to the catalogue, or change those that are there; the same file twice changes nothing.

    Rows that cannot be used are told with their line numbers and skipped.

    Exit codes: 0 rows are stored, 1 none are: the file or the database cannot be used, 2 wrong options.
    """
    from .imports import stored  # noqa: PLC0415 -- serve and its start do without

    settings = read_settings(config, {"database_url": database_url})
    stored(file, settings.database_url, _store)


async def _store(database: Database, reading: Import) -> int:
    from openapi_service.clock import SystemClock  # noqa: PLC0415 -- as above
    from scanner_api.scanning.catalogue import read_products  # noqa: PLC0415 -- as above
    from scanner_api.storage.products import ProductStore  # noqa: PLC0415 -- as above

    return await ProductStore(database, SystemClock()).upsert_many(reading.items(read_products))


@app.command("list")
def list_products(
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000, help="Products on a page.")] = 25,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the catalogue by GTIN, a page at a time."""
    from openapi_service.clock import SystemClock  # noqa: PLC0415 -- as above
    from scanner_api.storage.products import ProductStore  # noqa: PLC0415 -- as above

    from .imports import with_database  # noqa: PLC0415 -- as above

    async def read(database: Database) -> tuple[list[StoredProduct], int]:
        return await ProductStore(database, SystemClock()).page(page=page, page_size=page_size)

    settings = read_settings(config, {"database_url": database_url})
    found, total = with_database(settings.database_url, read)
    _show(found, total, page, page_size)


def _show(found: list[StoredProduct], total: int, page: int, page_size: int) -> None:
    from rich.console import Console  # noqa: PLC0415 -- as above
    from rich.table import Table  # noqa: PLC0415 -- as above
    from rich.text import Text  # noqa: PLC0415 -- as above

    pages = max(1, -(-total // page_size))
    table = Table(caption=f"page {page} of {pages}, {total:,} products in all")
    table.add_column("GTIN", no_wrap=True)
    for title in ("name", "brand", "category"):
        table.add_column(title, overflow="fold")
    table.add_column("brick", no_wrap=True)
    for product in found:
        fields = (product.gtin, product.name, product.brand_name, product.category, product.brick)
        table.add_row(*map(Text, fields))
    Console().print(table)
