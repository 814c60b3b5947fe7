"""``scanner-api secrets``: rotate the secrets that the processes of a service share."""

from datetime import UTC, datetime

import typer

from scanner_api.app import PHOTO_KEYS, grace_of
from scanner_api.settings import Settings
from scanner_api.storage.accounts.secrets import SecretStore
from scanner_api.storage.database import Database

from .audit import operator
from .databases import database_command

app = typer.Typer()


@app.command()
@database_command()
async def rotate(database: Database, settings: Settings) -> list[str]:
    """Make a new secret for photo keys; running processes use it within a minute.

    Photo keys issued with the old secret stay valid as long as their forms, plus an hour.

    Exit codes: 0 rotated, 1 the database cannot be used, 2 wrong settings.
    """
    grace = grace_of(settings)
    since = (await SecretStore(database).rotate(PHOTO_KEYS, datetime.now(UTC), grace, operator())).since
    return [
        f"Photo keys are issued by another secret from {since:%Y-%m-%d %H:%M:%S} UTC on.",
        f"Those from before are good until {since + grace:%Y-%m-%d %H:%M:%S} UTC.",
    ]
