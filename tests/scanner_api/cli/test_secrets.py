"""``scanner-api secrets`` on a real database."""

import asyncio

from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.storage.accounts.secrets import SecretStore
from scanner_api.storage.database import Database


def test_the_secret_of_photo_keys_is_rotated(tmp_path):
    """There is another secret beside the first, and the command says until when keys of that are good."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"

    async def secrets():
        database = Database(url)
        await database.migrate()
        try:
            return await SecretStore(database).secrets("photo-keys")
        finally:
            await database.close()

    before = asyncio.run(secrets())
    outcome = CliRunner().invoke(app, ["secrets", "rotate", "--database-url", url])
    assert outcome.exit_code == 0, outcome.output
    assert "are good until" in outcome.stdout
    assert asyncio.run(secrets())[:-1] == before


def test_a_database_that_cannot_be_opened(tmp_path):
    """A database that is not there is named, with exit code 1."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'no' / 'scanner.db'}"
    outcome = CliRunner().invoke(app, ["secrets", "rotate", "--database-url", url])
    assert (outcome.exit_code, "Cannot connect" in outcome.stderr) == (1, True)
