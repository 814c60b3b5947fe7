"""``scanner-api secrets``: rotate what the processes of a service share."""

from datetime import UTC, datetime

import typer

from scanner_api.app import PHOTO_KEYS, grace_of
from scanner_api.storage.database import Database
from scanner_api.storage.secrets import SecretStore

from .audit import operator
from .databases import with_database
from .settings_flags import Config, DatabaseUrl, read_settings

app = typer.Typer(help="Rotate the secret that photo keys are tagged with.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Rotate the secret that photo keys are tagged with."""


@app.command()
def rotate(*, config: Config = None, database_url: DatabaseUrl = None) -> None:
    """Make a new secret for photo keys; running processes use it within a minute.

    Photo keys issued with the old secret stay valid as long as their forms, plus an hour.

    Exit codes: 0 rotated, 1 the database cannot be used, 2 wrong settings.
    """
    settings = read_settings(config, {"database_url": database_url})
    now, grace = datetime.now(UTC), grace_of(settings)

    async def run(database: Database) -> datetime:
        return (await SecretStore(database).rotate(PHOTO_KEYS, now, grace, operator())).since

    since = with_database(settings, run)
    typer.echo(f"Photo keys are issued by another secret from {since:%Y-%m-%d %H:%M:%S} UTC on.")
    typer.echo(f"Those from before are good until {since + grace:%Y-%m-%d %H:%M:%S} UTC.")
