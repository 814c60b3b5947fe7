"""What commands do with the database of the settings."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Annotated, Any, TypeVar

import typer

from openapi_contract.cli.commands import failure
from openapi_contract.errors import explained
from openapi_service.problems import ServiceUnavailable
from scanner_api.app import connected
from scanner_api.settings import Settings
from scanner_api.storage.database import ConstraintError, Database, DatabaseError

Result = TypeVar("Result")
Page = Annotated[int, typer.Option(min=1, help="Which page.")]
PageSize = Annotated[int, typer.Option(min=1, max=1000, help="Rows on a page.")]


def page_caption(page: int, page_size: int, total: int, rows: str) -> str:
    """Return which page of how many a list shows, and of how many rows."""
    counted = rows.removesuffix("s") if total == 1 else rows
    return f"page {page} of {max(1, -(-total // page_size))}, {total:,} {counted} in all"


def with_database(
    settings: Settings,
    run: Callable[[Database], Coroutine[Any, Any, Result]],
    *refusals: type[Exception],
    connect: Callable[[Database, Settings], Awaitable[None]] = connected,
    prefix: str = "",
) -> Result:
    """Return what ``run`` does with the database; a failure ends the command with exit code 1.

    Args:
        settings: name the database, and say whether it is brought up to date first.
        run: gets the database.
        refusals: what else it raises; each message says what to do.
        connect: opens the database.
        prefix: of what is printed for a failure.
    """
    failures: tuple[type[Exception], ...] = (DatabaseError, ConstraintError, ServiceUnavailable, *refusals)

    async def running() -> Result:
        async with AsyncExitStack() as stack:
            database = Database(settings.database_url)
            stack.push_async_callback(database.close)
            await connect(database, settings)
            return await run(database)

    try:
        return asyncio.run(running())
    except failures as error:
        raise failure(f"{prefix}{explained(error)}", 1) from None
