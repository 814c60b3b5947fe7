"""Keys and sign-ins are found by digest, with the organizations that they reach."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import asdict, replace

from scanner_api.storage.accounts.credentials import (
    ApiKey,
    ApiKeyRecord,
    CredentialStore,
    WebSession,
    WebSessionRecord,
)
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.database import ConstraintError, Database

DIGEST = digest_of("a key that no one has")


@pytest.fixture
def in_company(in_database, now):
    """Run a coroutine function on a store with two organizations, a user of both and a user of none."""
    return lambda scenario: in_database(lambda database: _with_company(database, now, scenario))


async def _with_company(database, now, scenario):
    store = OrganizationStore(database)
    await store.add_organization(Organization(id="other", name="Other", created=now))
    for user in ("member", "stranger"):
        await store.add_user(User(id=user, email=f"{user}@example.com", created=now))
    for organization in ("organization", "other"):
        await store.add_membership("member", organization, "staff")
    return await scenario(CredentialStore(database))


@pytest.fixture
def key(now):
    """An organization's key."""
    return ApiKey(id="key", prefix="csb", name="Tills \x00", created=now, organization_id="organization")


@pytest.mark.parametrize(
    ("owner", "reached"),
    [
        ({"organization_id": "organization", "user_id": None}, {"organization"}),
        ({"organization_id": None, "user_id": "member"}, {"organization", "other"}),
        ({"organization_id": None, "user_id": "stranger"}, set()),
    ],
)
def test_a_key_reaches_what_its_owner_does(in_company, key, now, owner, reached):
    """An organization's key reaches that organization, a user's key the user's memberships, if any."""
    owned = replace(key, **owner, expires_at=now + timedelta(days=1), per_minute=5, per_day=50)

    async def scenario(store):
        await store.add_api_key(owned, DIGEST)
        return await store.api_key(DIGEST)

    assert in_company(scenario) == ApiKeyRecord(**asdict(owned), organizations=frozenset(reached))


def test_an_unknown_digest_is_none(in_company, key):
    """No other digest finds a key or a sign-in, also asked for beside one that does."""

    async def scenario(store):
        await store.add_api_key(key, DIGEST)
        digests = [DIGEST.upper(), DIGEST[:-1], "", "\x00", "x" * 64]
        found = await asyncio.gather(*map(store.api_key, [*digests, DIGEST]))
        return [record and record.id for record in found], await store.web_session(DIGEST)

    assert in_company(scenario) == ([None] * 5 + ["key"], None)


def test_a_revoked_key_is_inactive_at_once(in_company, key):
    """The next lookup sees a revocation; it can be repeated, and an unknown id is distinguished."""

    async def scenario(store):
        await store.add_api_key(key, DIGEST)
        before = await store.api_key(DIGEST)
        revoked = [await store.revoke_api_key(key_id) for key_id in ("key", "key", "unknown")]
        after = await store.api_key(DIGEST)
        return before.is_active, revoked, after.is_active

    assert in_company(scenario) == (True, [True, True, False], False)


def test_a_revocation_elsewhere_is_seen_at_once(in_shared_database, shared_url, key):
    """A key that another process revokes is inactive for the next lookup here."""

    async def scenario(database):
        store, elsewhere = CredentialStore(database), Database(shared_url)
        await store.add_api_key(key, DIGEST)
        before = await store.api_key(DIGEST)
        await CredentialStore(elsewhere).revoke_api_key("key")
        after = await store.api_key(DIGEST)
        await elsewhere.close()
        return before.is_active, after.is_active

    assert in_shared_database(scenario) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "second"},
        {"organization_id": None, "user_id": None},
        {"user_id": "member"},
        {"organization_id": "unknown"},
        {"organization_id": None, "user_id": "unknown"},
    ],
    ids=["digest taken", "no owner", "two owners", "unknown organization", "unknown user"],
)
def test_a_key_that_cannot_be_is_refused(in_company, key, change):
    """A digest twice, no owner, two of them, or one who does not exist: nothing is stored."""

    async def scenario(store):
        if "id" in change:
            await store.add_api_key(key, DIGEST)
        with pytest.raises(ConstraintError):
            await store.add_api_key(replace(key, **change), DIGEST)
        return [stored.id for stored in await store.list_api_keys()]

    assert in_company(scenario) == (["key"] if "id" in change else [])


def test_keys_are_listed_newest_first(in_company, key, now):
    """A list has the keys of one organization, of one user, or all of them, in full."""
    newer = replace(key, id="newer", created=now + timedelta(seconds=1), is_active=False)
    users = replace(key, id="users", organization_id=None, user_id="member", per_day=7)

    async def scenario(store):
        for number, one in enumerate([key, users, newer]):
            await store.add_api_key(one, digest_of(str(number)))
        return (
            await store.list_api_keys(),
            await store.list_api_keys(organization_id="organization"),
            await store.list_api_keys(user_id="member"),
            await store.list_api_keys(organization_id="other"),
        )

    assert in_company(scenario) == ([newer, key, users], [newer, key], [users], [])


def test_the_last_use_only_moves_forward(in_company, key, now):
    """Uses are noted in batches; one that arrives late, or of a key that is gone, changes nothing."""
    later = now + timedelta(minutes=1)

    async def scenario(store):
        await store.add_api_key(key, DIGEST)
        await store.add_api_key(replace(key, id="idle"), digest_of("idle"))
        await store.note_use({})
        await store.note_use({"key": later, "unknown": now})
        await store.note_use({"key": now})
        return {stored.id: stored.last_used for stored in await store.list_api_keys()}

    assert in_company(scenario) == {"key": later, "idle": None}


@pytest.mark.parametrize(("user", "reached"), [("member", {"organization", "other"}), ("stranger", set())])
def test_a_sign_in_reaches_the_memberships_of_its_user(in_company, now, user, reached):
    """A sign-in comes back by digest with its user's organizations, expired or not."""
    session = WebSession(id="sign-in", user_id=user, created=now, expires_at=now - timedelta(days=1))

    async def scenario(store):
        await store.add_web_session(session, DIGEST)
        return await store.web_session(DIGEST)

    expected = WebSessionRecord(**asdict(session), organizations=frozenset(reached))
    assert in_company(scenario) == expected


def test_a_sign_in_needs_a_user(in_company, now):
    """A sign-in of someone who does not exist is refused."""

    async def scenario(store):
        await store.add_web_session(WebSession(id="s", user_id="x", created=now, expires_at=now), DIGEST)

    with pytest.raises(ConstraintError):
        in_company(scenario)
