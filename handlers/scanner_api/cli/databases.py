"""Commands that use the database of the settings."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from contract_first.cli.commands import customized, failure
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.app import connected
from scanner_api.settings import Settings
from scanner_api.storage.database import ConstraintError, Database, DatabaseError

from .settings_flags import Config, DatabaseUrl, read_settings

Result = TypeVar("Result")
Page = Annotated[int, typer.Option(min=1, help="Which page.")]
PageSize = Annotated[int, typer.Option(min=1, max=1000, help="Rows on a page.")]


def page_caption(page: int, page_size: int, total: int, rows: str) -> str:
    """Return the caption of a list: its page, the number of pages and of rows."""
    return f"page {page} of {max(1, -(-total // page_size))}, {counted(total, rows)} in all"


def counted(number: int, rows: str) -> str:
    """Return a count with its noun, whose plural is passed in."""
    return f"{number:,} {rows.removesuffix('s') if number == 1 else rows}"


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
        raise failure(error, 1, what=prefix) from None


def database_command(
    *refusals: type[Exception],
    connect: Callable[[Database, Settings], Awaitable[None]] = connected,
    prefix: str = "",
) -> Callable[[Callable[..., Coroutine[Any, Any, Any]]], Callable[..., None]]:
    """Return the decorator of a command that takes the database, and the settings if it names them.

    The function's other parameters are the command's options, beside those that say where the settings are.
    What it returns is printed: a text, something that Rich renders, or a list of these. What has to be said
    of the options without a database, or asked, is for a command that calls :func:`with_database` itself;
    the arguments are those of that.
    """

    def decorated(run: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., None]:
        signature = inspect.signature(run)

        def command(*, config: str | None, database_url: str | None, **options: Any) -> None:
            settings = read_settings(config, {"database_url": database_url})
            if "settings" in signature.parameters:
                options["settings"] = settings
            printed = with_database(
                settings, partial(run, **options), *refusals, connect=connect, prefix=prefix
            )
            for part in printed if isinstance(printed, list) else [printed]:
                typer.echo(part) if isinstance(part, str) else Console().print(part)

        command.__signature__ = signature  # type: ignore[attr-defined]  # what `customized` reads
        named = customized(command, run.__doc__, config=Config, database_url=DatabaseUrl)
        named.__name__ = run.__name__
        return named

    return decorated
