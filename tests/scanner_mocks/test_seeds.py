"""The seeds: every credential does what it is for, and all are the same at every start."""

from __future__ import annotations

import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanner_api.access.api_keys import SHAPE, check_shape
from scanner_api.scanning.identifiers import decode
from scanner_api.storage.accounts.credentials import CredentialStore
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.database import Database
from scanner_mocks import seeds
from scanner_mocks.seeding import seed_database

bearer_token = runpy.run_path(str(Path(__file__).parents[1] / "services" / "tokens.py"))["bearer_token"]
KEYS = {
    seeds.ACTIVE_KEY,
    seeds.REVOKED_KEY,
    seeds.EXPIRED_KEY,
    seeds.EXPIRING_KEY,
    seeds.LIMITED_KEY,
    seeds.UNLIMITED_KEY,
    seeds.PUBLISHABLE_KEY,
    seeds.OTHER_ORGANIZATION_KEY,
    seeds.USER_KEY,
}


def of(session_id):
    """Return the path of a session."""
    return f"/sessions/{session_id}"


def test_api_keys_are_well_formed_and_say_what_they_are():
    """Every key has the shape and checksum of one, and says in its body that it is public and no secret."""
    for key in KEYS:
        check_shape(key)
        assert SHAPE.fullmatch(key)[1].startswith("PublicMockKeyNotASecret")
    assert len(KEYS) == 9


def test_the_bearer_token_is_the_issuers():
    """The token that is kept ready is the one that the mock's issuer would issue."""
    assert bearer_token(seeds.ORGANIZATION) == seeds.BEARER_TOKEN


def test_identifiers_are_identifiers():
    """Organizations, users and sessions are identified by shortuuids, all different."""
    identifiers = [
        seeds.ORGANIZATION,
        seeds.OTHER_ORGANIZATION,
        seeds.MEMBER,
        seeds.MEMBER_OF_BOTH,
        seeds.SESSION,
        seeds.COMPLETED_SESSION,
    ]
    assert len({decode(identifier) for identifier in identifiers}) == 6


@pytest.mark.parametrize("key", [seeds.ACTIVE_KEY, seeds.UNLIMITED_KEY, seeds.USER_KEY])
def test_good_keys_reach_both_sessions(mock, client, key):
    """The first organization's keys, and the key of a member, reach its sessions."""
    active = client.get(of(mock.session_id), headers={"X-API-Key": key})
    completed = client.get(of(mock.completed_session_id), headers={"X-API-Key": key})
    assert (active.status_code, active.json()["status"]) == (200, "ACTIVE")
    assert (completed.status_code, completed.json()["status"]) == (200, "COMPLETED")


@pytest.mark.parametrize(("name", "reason"), [("revoked", "revoked"), ("expired", "expired at")])
def test_keys_that_are_over(mock, client, name, reason):
    """The revoked and the expired key are refused, each for its reason."""
    response = client.get(of(mock.session_id), headers={"X-API-Key": mock.keys[name]})
    assert response.status_code == 401
    assert reason in response.json()["detail"]


def test_the_second_organization_sees_nothing_of_the_first(mock, client):
    """The second organization's key is valid, and the first one's session is unknown to it."""
    key = {"X-API-Key": mock.keys["other_organization"]}
    assert client.get(of(mock.session_id), headers=key).status_code == 404
    created = client.post("/sessions", json={}, headers=key)
    assert client.get(of(created.json()["id"]), headers=key).status_code == 200


def test_the_publishable_key_reaches_only_what_it_created(mock, client):
    """The publishable key does not reach its organization's session, but one of its own."""
    key = {"X-API-Key": mock.keys["publishable"]}
    assert client.get(of(mock.session_id), headers=key).status_code == 404
    created = client.post("/sessions", json={}, headers=key)
    assert created.status_code == 201
    assert client.get(of(created.json()["id"]), headers=key).status_code == 200


def test_the_limited_key_has_five_requests_a_minute(mock, client):
    """The sixth request of a minute is a 429."""
    key = {"X-API-Key": mock.keys["limited"]}
    statuses = [client.get(of(mock.session_id), headers=key).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_the_unlimited_key_has_no_limit_that_matters(mock, client):
    """More requests are left than a load test makes."""
    response = client.get(of(mock.session_id), headers={"X-API-Key": mock.keys["unlimited"]})
    assert int(response.headers["RateLimit-Remaining"]) > 10_000_000


def test_the_bearer_token_is_the_first_organizations(mock, client):
    """The token reaches the session, and opens one without naming the organization."""
    bearer = {"Authorization": f"Bearer {mock.bearer_token}"}
    assert client.get(of(mock.session_id), headers=bearer).status_code == 200
    assert client.post("/sessions", json={}, headers=bearer).status_code == 201


def test_tokens_of_the_issuer_are_for_the_organizations_they_name(mock, client):
    """A token for the second organization does not reach the first's session; an expired one is refused."""
    other = {"Authorization": f"Bearer {bearer_token(seeds.OTHER_ORGANIZATION)}"}
    over = {"Authorization": f"Bearer {bearer_token(seeds.ORGANIZATION, expires=1_700_000_000)}"}
    assert client.get(of(mock.session_id), headers=other).status_code == 404
    assert client.get(of(mock.session_id), headers=over).status_code == 401


def test_the_cookie_is_a_members(mock, client):
    """The cookie reaches the session, and opens one from a page of the same origin."""
    cookie = {"Cookie": f"sessionid={mock.sessionid}"}
    assert client.get(of(mock.session_id), headers=cookie).status_code == 200
    body = {"organization_short_id": seeds.ORGANIZATION}
    own = client.post("/sessions", json=body, headers={**cookie, "Sec-Fetch-Site": "same-origin"})
    foreign = client.post("/sessions", json=body, headers={**cookie, "Sec-Fetch-Site": "cross-site"})
    assert (own.status_code, foreign.status_code) == (201, 403)


def test_the_user_key_has_to_name_one_of_two_organizations(client):
    """The key of the member of both opens sessions for either, and has to say for which."""
    key = {"X-API-Key": seeds.USER_KEY}
    named = [
        client.post("/sessions", json={"organization_short_id": organization}, headers=key).status_code
        for organization in (seeds.ORGANIZATION, seeds.OTHER_ORGANIZATION)
    ]
    assert named == [201, 201]
    assert client.post("/sessions", json={}, headers=key).status_code == 422


def test_malformed_keys_are_refused(mock, client):
    """What is no key, or a key mistyped, is refused."""
    mistyped = mock.api_key[:-1] + ("0" if mock.api_key[-1] != "0" else "1")
    for key in ("no key", mistyped):
        assert client.get(of(mock.session_id), headers={"X-API-Key": key}).status_code == 401


async def test_dates_are_relative_to_the_clock():
    """Planted a hundred years ago, the expired key expired the day before."""
    then = datetime(1926, 5, 4, tzinfo=UTC)

    class Clock:
        def now(self):
            return then

    async def expiry():
        database = Database("sqlite+aiosqlite://")
        try:
            await database.migrate()
            await seed_database(database, Clock())
            return (await CredentialStore(database).api_key(digest_of(seeds.EXPIRED_KEY))).expires_at
        finally:
            await database.close()

    assert (await expiry()) == then - timedelta(days=1)
