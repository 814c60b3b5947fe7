"""Secrets are made once and shared."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from scanner_api.storage.accounts import secrets
from scanner_api.storage.accounts.secrets import NOTICE, SecretStore
from scanner_api.storage.database import Database

NOW = datetime(2026, 4, 9, tzinfo=UTC)


def test_a_secret_is_made_once_for_each_name(in_database):
    """A secret has 32 bytes and stays the same; another name has another."""

    async def scenario(database):
        store = SecretStore(database)
        return [await store.secret(name) for name in ("photo-keys", "other", "photo-keys")]

    first, other, again = in_database(scenario)
    assert len(first) == 32
    assert first == again != other


def test_a_secret_outlives_the_process(in_shared_database, shared_url):
    """A process that opens the database later has the same secret."""

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


def test_a_rotated_secret_follows_the_one_before(in_database):
    """Both are there, the new one with notice; what is out of use for longer than the grace is removed."""
    grace = timedelta(hours=1)

    async def scenario(database):
        store = SecretStore(database)
        first, other = await store.secret("photo-keys"), await store.secret("other")
        second = await store.rotate("photo-keys", NOW, grace)
        assert [each.value for each in await store.secrets("photo-keys")] == [first, second.value]
        assert await store.secret("photo-keys") == second.value != first
        third = await store.rotate("photo-keys", NOW + 2 * grace, grace)
        assert await store.secrets("photo-keys") == [second, third]
        assert await store.secret("other") == other
        return second.since

    assert in_database(scenario) == NOW + NOTICE


def test_a_follower_learns_of_another_secret(in_database, monkeypatch):
    """A process that runs is handed what another one rotates, before it is used."""
    assert NOTICE.total_seconds() > 2 * secrets.READ_SECONDS
    monkeypatch.setattr(secrets, "READ_SECONDS", 0.01)

    async def scenario(database):
        store, heard = SecretStore(database), asyncio.Queue()
        async with store.followed("photo-keys", heard.put_nowait):
            first = await heard.get()
            second = await store.rotate("photo-keys", NOW, timedelta())
            while (latest := await heard.get()) == first:
                pass
        return latest == [*first, second]

    assert in_database(scenario)


def test_databases_do_not_share_secrets(run_in, tmp_path):
    """Each database has secrets of its own."""

    async def scenario(database):
        return await SecretStore(database).secret("photo-keys")

    first, second = (run_in(f"sqlite+aiosqlite:///{tmp_path / name}", scenario) for name in ("a.db", "b.db"))
    assert first != second
