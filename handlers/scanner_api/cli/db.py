"""``scanner-api db``: the schema of the database, looked at and brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from scanner_api.storage.migrations import HEAD

from .databases import with_database
from .settings_flags import Config, DatabaseUrl, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from scanner_api.storage.database import Database, Schema

app = typer.Typer(help="Show, check and upgrade the schema of the database.", no_args_is_help=True)


@app.command()
def upgrade(*, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Upgrade the schema to this version; if several processes do it at once, one of them runs it.

    Exit codes: 0 upgraded, 1 failed, 2 wrong settings.
    """

    async def run(database: Database) -> Schema:
        await database.migrate()
        return await database.schema()

    schema = _with_database(config, database_url, run)
    typer.echo(f"The database is at revision {schema.revision}.")


@app.command()
def current(*, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Print the revision of the schema and that of this version; changes nothing.

    Exit codes: 0 printed, 1 the database cannot be used, 2 wrong settings.
    """
    schema = _with_database(config, database_url, _schema)
    typer.echo(f"{schema.revision or 'none'} (this version knows {HEAD})")


@app.command()
def check(*, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Check that this version can use the schema as it is; changes nothing.

    Exit codes: 0 it can, 1 it cannot (what to do is printed), 2 wrong settings.
    """

    async def run(database: Database) -> Schema:
        schema = await database.schema()
        schema.check()
        return schema

    schema = _with_database(config, database_url, run)
    typer.echo(f"The database is at revision {schema.revision}, which this version ({HEAD}) can use.")


async def _schema(database: Database) -> Schema:
    return await database.schema()


def _with_database(
    config: str | None, database_url: str | None, run: Callable[[Database], Coroutine[object, object, Schema]]
) -> Schema:
    settings = read_settings(config, {"database_url": database_url})
    return with_database(settings, run, connect=lambda database, _: database.connect())
