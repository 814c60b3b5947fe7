"""Organizations and their members."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.accounts.organizations import (
    Organization,
    OrganizationStore,
    OrganizationSummary,
    User,
)
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.schema.tables import scan_sessions


def test_an_organization_comes_back_by_its_id(in_database, now):
    """An organization is found by its id, whatever its name is; any other id is None."""
    organization = Organization(id="o", name="Ünder \x00 \ud800 \\", created=now)

    async def scenario(database):
        store = OrganizationStore(database)
        await store.add_organization(organization)
        return [await store.organization(organization_id) for organization_id in ("o", "O", "", "\x00")]

    assert in_database(scenario) == [organization, None, None, None]


@pytest.mark.parametrize(
    "add",
    [
        lambda store, now: store.add_organization(Organization(id="organization", name="", created=now)),
        lambda store, now: store.add_user(User(id="other", email="member@example.com", created=now)),
        lambda store, now: store.add_user(User(id="member", email="other@example.com", created=now)),
        lambda store, _: store.add_membership("member", "organization", "again"),
        lambda store, _: store.add_membership("member", "unknown", "staff"),
        lambda store, _: store.add_membership("unknown", "organization", "staff"),
    ],
    ids=["organization", "email", "user", "membership", "of an unknown organization", "of an unknown user"],
)
def test_nothing_is_there_twice_or_refers_to_nothing(in_database, now, add):
    """Duplicates, and memberships of whom or what does not exist, are refused."""

    async def scenario(database):
        store = OrganizationStore(database)
        await store.add_user(User(id="member", email="member@example.com", created=now))
        await store.add_membership("member", "organization", "staff")
        await add(store, now)

    with pytest.raises(ConstraintError):
        in_database(scenario)


def test_organizations_are_listed_with_what_they_have(in_database, session, now):
    """A page has the numbers of an organization's sessions, and of its keys that are valid."""

    async def scenario(database):
        store, keys = OrganizationStore(database), CredentialStore(database)
        await store.add_organization(Organization(id="other", name="Baker", created=now))
        async with database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), [{**session, "id": each} for each in "ab"])
        for number in range(3):
            key = ApiKey(id=str(number), prefix="csb", name="", created=now, organization_id="organization")
            await keys.add_api_key(replace(key, is_active=number > 0), str(number))
        await keys.add_api_key(replace(key, id="expired", expires_at=datetime(2000, 1, 1, tzinfo=UTC)), "e")
        await keys.add_api_key(replace(key, id="valid", expires_at=datetime(2999, 1, 1, tzinfo=UTC)), "v")
        pages = [await store.page(page=page, page_size=size) for page, size in ((1, 1), (2, 5), (2, 1))]
        return *pages[:2], pages[2][0][0]

    first, second, grocer = in_database(scenario)
    assert (grocer.session_count, grocer.key_count) == (2, 3)
    baker = OrganizationSummary(id="other", name="Baker", created=now, session_count=0, key_count=0)
    assert first == ([baker], 2)
    assert second == ([], 2)


def test_the_owners_of_keys_are_named(in_database, now):
    """Organizations have names and users addresses; those without a key is left out."""

    async def scenario(database):
        store, keys = OrganizationStore(database), CredentialStore(database)
        await store.add_organization(Organization(id="other", name="Baker", created=now))
        await store.add_user(User(id="member", email="member@example.com", created=now))
        key = ApiKey(id="a", prefix="csb", name="", created=now, organization_id="organization")
        await keys.add_api_key(key, "a")
        await keys.add_api_key(replace(key, id="b", organization_id=None, user_id="member"), "b")
        return await store.key_owners()

    assert in_database(scenario) == {"organization": "Grocer", "member": "member@example.com"}
