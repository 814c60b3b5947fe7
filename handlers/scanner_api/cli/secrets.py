"""``scanner-api secrets``: rotate what the processes of a service share."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import typer

from openapi_contract.cli.commands import failure
from openapi_service.problems import ServiceUnavailable
from scanner_api.app import PHOTO_KEYS, grace_of
from scanner_api.storage.database import Database, DatabaseError
from scanner_api.storage.secrets import SecretStore

from .settings_flags import Config, DatabaseUrl, read_settings

app = typer.Typer(help="Rotate the secret that photo keys are tagged with.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Rotate the secret that photo keys are tagged with."""


@app.command()
def rotate(*, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Make a new secret for photo keys; running processes use it within a minute.

    Photo keys issued with the old secret stay valid as long as their forms, plus an hour.
    """
    settings = read_settings(config, {"database_url": database_url})
    now, grace = datetime.now(UTC), grace_of(settings)

    async def run() -> datetime:
        database = Database(settings.database_url)
        try:
            await database.migrate()
            return (await SecretStore(database).rotate(PHOTO_KEYS, now, grace)).since
        finally:
            await database.close()

    try:
        since = asyncio.run(run())
    except (DatabaseError, ServiceUnavailable) as error:
        raise failure(error, 1) from None
    typer.echo(f"Photo keys are issued by another secret from {since:%Y-%m-%d %H:%M:%S} UTC on.")
    typer.echo(f"Those from before are good until {since + grace:%Y-%m-%d %H:%M:%S} UTC.")
