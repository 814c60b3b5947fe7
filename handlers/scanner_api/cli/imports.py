"""What the importing commands share: a file read with a progress bar, its bad rows told and skipped."""

from __future__ import annotations

import asyncio
import contextlib
from typing import IO, TYPE_CHECKING, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from openapi_service.problems import ServiceUnavailable
from scanner_api.scanning.rows import BadRow, FileError
from scanner_api.storage.database import ConstraintError, Database, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator
    from pathlib import Path

MOST_TOLD = 20
ROWS_A_TICK = 500
Item = TypeVar("Item")
Made = TypeVar("Made")


class Import:
    """A file that is being imported.

    Attributes:
        skipped: how many bad rows there were.
    """

    def __init__(self, path: Path, console: Console) -> None:
        self._path = path
        self._console = console
        self.skipped = 0

    def items(self, read: Callable[[IO[bytes], str], Iterable[Item | BadRow]]) -> Iterator[Item]:
        """Yield what can be read; bad rows are told with their line numbers, the first twenty of them."""
        with self._path.open("rb") as file, self._progress() as progress:
            task = progress.add_task(self._path.name, total=self._path.stat().st_size)
            for number, item in enumerate(read(file, self._path.name)):
                if number % ROWS_A_TICK == 0:
                    progress.update(task, completed=file.tell())
                if isinstance(item, BadRow):
                    self._tell(item)
                else:
                    yield item
            progress.update(task, completed=file.tell())

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        return Progress(*columns, DownloadColumn(), TimeRemainingColumn(), console=self._console)

    def _tell(self, row: BadRow) -> None:
        self.skipped += 1
        if self.skipped <= MOST_TOLD:
            self._console.print(f"line {row.line} skipped: {row.reason}", markup=False, highlight=False)
        elif self.skipped == MOST_TOLD + 1:
            self._console.print("further bad rows are counted, not shown", style="dim")


def stored(
    path: Path, database_url: str, store: Callable[[Database, Import], Coroutine[Any, Any, int]]
) -> None:
    """Import a file into a database and say what came of it; exit code 1 if it cannot be done."""
    reading = Import(path, Console(stderr=True))

    async def run(database: Database) -> int:
        number = await store(database, reading)
        if reading.skipped and not number:
            raise FileError(f"None of the file's {reading.skipped:,} rows can be used.")
        return number

    number = with_database(database_url, run)
    typer.echo(f"{number:,} rows stored, {reading.skipped:,} skipped.")


def with_database(database_url: str, run: Callable[[Database], Coroutine[Any, Any, Made]]) -> Made:
    """Return what ``run`` does with a database that is up to date; a failure is told, with exit code 1."""

    async def running() -> Made:
        async with contextlib.AsyncExitStack() as open_things:
            database = Database(database_url)
            open_things.push_async_callback(database.close)
            await database.migrate()
            return await run(database)

    try:
        return asyncio.run(running())
    except (DatabaseError, ConstraintError, ServiceUnavailable, FileError, OSError) as error:
        typer.echo(f"Not done: {error}", err=True)
        raise typer.Exit(1) from None
