"""``scanner-api db``: the schema of the database, and copies of a SQLite database."""

import os
from pathlib import Path
from typing import Annotated

import typer

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.settings import Settings
from scanner_api.storage.database import Database, DatabaseError
from scanner_api.storage.schema.migrations import HEAD
from scanner_api.storage.schema.revision import SchemaRevision, schema_of_file
from scanner_api.waiting import wait_for

from .databases import database_command, with_database
from .settings_flags import Config, DatabaseUrl, read_settings

SQLITE = b"SQLite format 3\0"
"""The first bytes of a SQLite file."""
app = typer.Typer()


async def _connect(database: Database, settings: Settings) -> None:
    await wait_for(database.connect, settings.wait, DatabaseError)


_command = database_command(connect=_connect)


@app.command()
@_command
async def upgrade(database: Database) -> str:
    """Upgrade the schema to this version; if several processes do it at once, one of them runs it.

    Exit codes: 0 upgraded, 1 failed, 2 wrong settings.
    """
    await database.migrate()
    return f"The database is at revision {(await database.schema()).revision}."


@app.command()
@_command
async def current(database: Database) -> str:
    """Print the revision of the schema and that of this version; changes nothing.

    Exit codes: 0 printed, 1 the database cannot be used, 2 wrong settings.
    """
    return f"{(await database.schema()).revision or 'none'} (this version knows {HEAD})"


@app.command()
@_command
async def check(database: Database, settings: Settings) -> str:
    """Check that this version can use the schema as it is; changes nothing.

    SCANNER_WAIT=60s waits up to a minute until it can, such as for the end of a migration.

    Exit codes: 0 it can, 1 it cannot (what to do is printed), 2 wrong settings.
    """

    async def checked() -> SchemaRevision:
        schema = await database.schema()
        schema.check()
        return schema

    schema = await wait_for(checked, settings.wait, DatabaseError, ServiceUnavailable)
    return f"The database is at revision {schema.revision}, which this version ({HEAD}) can use."


@app.command()
@_command
async def backup(
    database: Database,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; there may be no such file yet.")],
) -> str:
    """Copy a SQLite database into a file for its owner alone, while servers go on.

    Exit codes: 0 copied, 1 not: the database or the file cannot be used, 2 wrong settings.
    """
    schema = await _sqlite_schema(database)
    if schema.revision is None:
        raise DatabaseError("The database is empty; is it the right one (database_url)?")
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise DatabaseError(f"The copy {file} cannot be created: {error.strerror}.") from error
    try:
        await database.save(file)
    except BaseException:
        file.unlink()
        raise
    return f"{file} is a copy of the database at revision {schema.revision}."


@app.command()
def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A copy that backup made.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace the content of a SQLite database by a copy; stop servers and workers first.

    Exit codes: 0 replaced, 1 not: the database or the copy cannot be used, 2 wrong settings.
    """
    settings = read_settings(config, {"database_url": database_url})
    schema = with_database(settings, _sqlite_schema, connect=_connect)
    if schema.revision is not None and not yes:
        typer.confirm(f"Replace what is in the database by {file}?", abort=True)

    async def run(database: Database) -> SchemaRevision:
        schema = _schema_of(file)
        if schema.revision is None:
            raise DatabaseError(f"{file} is no copy of a database.")
        if schema.revision > HEAD:
            schema.check()
        await database.load(file)
        return schema

    schema = with_database(settings, run, connect=_connect)
    typer.echo(f"The database is that of {file}, at revision {schema.revision}.")


async def _sqlite_schema(database: Database) -> SchemaRevision:
    if database.dialect.name != "sqlite":
        raise DatabaseError("This is for SQLite; docs/backup.md says what to do with PostgreSQL.")
    return await database.schema()


def _schema_of(copy: Path) -> SchemaRevision:
    with copy.open("rb") as content:
        is_sqlite = content.read(len(SQLITE)) == SQLITE
    return schema_of_file(copy) if is_sqlite else SchemaRevision(None, None)
