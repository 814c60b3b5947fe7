"""Secrets are made once and shared."""

from __future__ import annotations

import asyncio

from scanner_api.storage.database import Database
from scanner_api.storage.secrets import SecretStore


def test_a_secret_is_made_once_for_each_name(in_database):
    """A secret has 32 bytes and stays the same; another name has another."""

    async def scenario(database):
        store = SecretStore(database)
        return [await store.secret(name) for name in ("photo-keys", "other", "photo-keys")]

    first, other, again = in_database(scenario)
    assert len(first) == 32
    assert first == again != other


def test_a_secret_outlives_the_process(in_shared_database, shared_url):
    """Whoever opens the database later has the same secret."""

    async def later():
        database = Database(shared_url)
        secret = await SecretStore(database).secret("photo-keys")
        await database.close()
        return secret

    async def scenario(database):
        return await SecretStore(database).secret("photo-keys")

    assert in_shared_database(scenario) == asyncio.run(later())


def test_who_asks_first_at_once_agrees(in_shared_database, shared_url):
    """Processes that all ask before there is a secret end up with one: the first stored counts."""

    async def scenario(database):
        others = [Database(shared_url) for _ in range(6)]
        secrets = await asyncio.gather(*[SecretStore(one).secret("new") for one in [database, *others]])
        for one in others:
            await one.close()
        return secrets

    assert len(set(in_shared_database(scenario))) == 1


def test_databases_do_not_share_secrets(run_in, tmp_path):
    """Each database has secrets of its own."""

    async def scenario(database):
        return await SecretStore(database).secret("photo-keys")

    first, second = (run_in(f"sqlite+aiosqlite:///{tmp_path / name}", scenario) for name in ("a.db", "b.db"))
    assert first != second
