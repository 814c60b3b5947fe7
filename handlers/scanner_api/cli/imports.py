"""``scanner-api products`` and ``freshness``: files imported, their bad rows reported and skipped."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import open as open_with_progress
from rich.table import Table
from rich.text import Text

from contract_first.service.clock import SystemClock
from scanner_api.scanning.catalogue.freshness import read_rules
from scanner_api.scanning.catalogue.products import read_products
from scanner_api.scanning.catalogue.rows import BadRow, FileError
from scanner_api.storage.catalogue.freshness import FreshnessStore
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database

from .audit import operator
from .databases import Page, PageSize, database_command, page_caption

MOST_LISTED = 20
RULE_COLUMNS = "Expected columns: brick, category, warning_days, critical_days."
Item = TypeVar("Item")
_command = database_command(FileError, OSError, prefix="Not done: ")

products, freshness = typer.Typer(), typer.Typer()


def _file(content: str) -> Any:
    """Return the argument of a file that can be read, with this content."""
    return typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help=content)


@products.command("import")
@_command
async def import_products(
    database: Database,
    file: Annotated[
        Path,
        _file(
            "CSV, TSV or JSON Lines (.csv, .tsv, .jsonl, compressed: .gz), with our field names "
            "(gtin, name, brand_name, ...) or those of Open Food Facts (code, product_name, brands, ...)."
        ),
    ],
) -> str:
    """Add products to the catalogue, or update existing ones; importing a file twice changes nothing.

    Rows that cannot be used are reported with their line numbers and skipped.

    Exit codes: 0 rows are stored, 1 none are: the file or the database cannot be used, 2 wrong options.
    """
    reading, source = Import(file), (operator(), file.name)
    number = await ProductStore(database, SystemClock()).upsert_many(reading.items(read_products), source)
    return reading.outcome(number)


@products.command("list")
@_command
async def list_products(database: Database, page: Page = 1, page_size: PageSize = 25) -> Table:
    """List the catalogue by GTIN, a page at a time.

    Exit codes: 0 listed, 1 the database cannot be used, 2 wrong options.
    """
    listed, total = await ProductStore(database, SystemClock()).page(page=page, page_size=page_size)
    table = Table(caption=page_caption(page, page_size, total, "products"))
    table.add_column("GTIN", no_wrap=True)
    for title in ("name", "brand", "category"):
        table.add_column(title, overflow="fold")
    table.add_column("brick", no_wrap=True)
    for product in listed:
        fields = (product.gtin, product.name, product.brand_name, product.category, product.brick)
        table.add_row(*map(Text, fields))
    return table


@freshness.command("import")
@_command
async def import_rules(
    database: Database,
    file: Annotated[
        Path,
        _file(
            "CSV or JSON Lines with brick (a GPC brick code, or empty for any product), category, "
            "warning_days and critical_days."
        ),
    ],
    organization: Annotated[
        str, typer.Option(metavar="ID", help="Whose rules these are; everyone's without it.")
    ] = "",
) -> str:
    """Replace the rules of one organization, or of all, with those of a file.

    Rules of a file for everyone count before those that come with the package, brick by brick. A file in
    which no row can be used replaces nothing.

    Exit codes: 0 replaced, 1 not: the file or the database cannot be used, 2 wrong options.
    """
    reading = Import(file)
    rules = list(reading.items(read_rules))
    if not rules:
        raise FileError(f"No row of the file can be used; the rules are as they were. {RULE_COLUMNS}")
    source = operator(), file.name
    return reading.outcome(await FreshnessStore(database).replace(organization, rules, source))


class Import:
    """A file that is being imported.

    Attributes:
        skipped: how many bad rows there were.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._console = Console(stderr=True)
        self.skipped = 0

    def items(self, read: Callable[[IO[bytes], str], Iterable[Item | BadRow]]) -> Iterator[Item]:
        """Yield the valid rows; the first twenty invalid ones are reported with their line numbers."""
        name = self._path.name
        with open_with_progress(self._path, "rb", description=name, console=self._console) as file:
            for item in read(file, name):
                if isinstance(item, BadRow):
                    self._skip(item)
                else:
                    yield item

    def _skip(self, row: BadRow) -> None:
        self.skipped += 1
        if self.skipped <= MOST_LISTED:
            self._console.print(f"line {row.line} skipped: {row.reason}", markup=False, highlight=False)
        elif self.skipped == MOST_LISTED + 1:
            self._console.print("further bad rows are counted, not shown", style="dim")

    def outcome(self, number: int) -> str:
        """Return a summary, or raise FileError if no row was stored."""
        if not number:
            raise FileError(f"None of the file's {self.skipped:,} rows can be used.")
        return f"{number:,} rows stored, {self.skipped:,} skipped."
