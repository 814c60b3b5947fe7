"""Organizations and their members."""

from __future__ import annotations

import pytest

from scanner_api.storage.database import ConstraintError
from scanner_api.storage.organizations import Organization, OrganizationStore, User


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
