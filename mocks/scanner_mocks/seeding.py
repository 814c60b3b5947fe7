"""Seeding of a database."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from contract_first.service.clock import Clock
from scanner_api.scanning.catalogue.freshness import FreshnessRule
from scanner_api.scanning.catalogue.products import Product, shipped_products
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore, WebSession
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.catalogue.freshness import EVERYONE, FreshnessStore
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database
from scanner_api.storage.scans.sessions import SessionStore

from . import seeds

_TTL_SECONDS: Final = 86_400
"""Required by the store; it does not affect new sessions."""
_OWN: Final = {"organization_id": seeds.ORGANIZATION}
_API_KEYS: Final[dict[str, dict[str, Any]]] = {
    seeds.ACTIVE_KEY: {"name": "active", **_OWN},
    seeds.REVOKED_KEY: {"name": "revoked", "is_active": False, **_OWN},
    seeds.EXPIRED_KEY: {"name": "expired", **_OWN},
    seeds.EXPIRING_KEY: {"name": "expiring", **_OWN},
    seeds.LIMITED_KEY: {"name": "limited", "per_minute": 5, **_OWN},
    seeds.UNLIMITED_KEY: {"name": "unlimited", "per_minute": 10**8, "per_day": 10**9, **_OWN},
    seeds.PUBLISHABLE_KEY: {"name": "publishable", **_OWN},
    seeds.OTHER_ORGANIZATION_KEY: {
        "name": "second organization",
        "organization_id": seeds.OTHER_ORGANIZATION,
    },
    seeds.USER_KEY: {"name": "user of both organizations", "user_id": seeds.MEMBER_OF_BOTH},
}
_GOOD_FOR: Final = {seeds.EXPIRED_KEY: timedelta(days=-1), seeds.EXPIRING_KEY: timedelta(hours=12)}


class SeedSession(NamedTuple):
    """A session of an organization, by the ids of both."""

    id: str
    organization_id: str
    status: SessionStatus


class SeedData(NamedTuple):
    """What a mock begins with beside its fixed seeds.

    Attributes:
        organizations: ids by name; each has an API key.
        freshness: rules for everyone.
    """

    products: Sequence[Product] = ()
    organizations: Mapping[str, str] = MappingProxyType({})
    sessions: Sequence[SeedSession] = ()
    freshness: Sequence[FreshnessRule] = ()

    @property
    def keys(self) -> dict[str, str]:
        """The API keys of the organizations, by name."""
        return {
            name: seeds.key_of("csb", f"PublicMockKeyNotASecretOf{number:03}")
            for number, name in enumerate(self.organizations, 1)
        }


NO_SEED_DATA: Final = SeedData()


async def seed_database(database: Database, clock: Clock, data: SeedData = NO_SEED_DATA) -> None:
    """Insert the seeds into a new database; dates are relative to the clock's time."""
    now = clock.now()
    await _seed_organizations(OrganizationStore(database), now)
    await _seed_credentials(CredentialStore(database), now)
    sessions = SessionStore(database, clock, _TTL_SECONDS)
    await sessions.create(_session(seeds.SESSION, SessionStatus.ACTIVE, now))
    await sessions.create(_session(seeds.COMPLETED_SESSION, SessionStatus.COMPLETED, now))
    products = ProductStore(database, clock)
    await products.upsert_many(shipped_products())
    await products.upsert_many(data.products)
    for name, id_ in data.organizations.items():
        await OrganizationStore(database).add_organization(Organization(id=id_, name=name, created=now))
        key = data.keys[name]
        record = ApiKey(id=_key_id(key), prefix=key[:3], name=name, created=now, organization_id=id_)
        await CredentialStore(database).add_api_key(record, digest_of(key))
    for session in data.sessions:
        await sessions.create(_session(session.id, session.status, now, session.organization_id))
    if data.freshness:
        await FreshnessStore(database).replace(EVERYONE, data.freshness)


async def _seed_organizations(store: OrganizationStore, now: datetime) -> None:
    await store.add_organization(Organization(id=seeds.ORGANIZATION, name="First Organization", created=now))
    await store.add_organization(
        Organization(id=seeds.OTHER_ORGANIZATION, name="Second Organization", created=now)
    )
    await store.add_user(User(id=seeds.MEMBER, email="member@mock.example", created=now))
    await store.add_user(User(id=seeds.MEMBER_OF_BOTH, email="member-of-both@mock.example", created=now))
    await store.add_membership(seeds.MEMBER, seeds.ORGANIZATION, "editor")
    await store.add_membership(seeds.MEMBER_OF_BOTH, seeds.ORGANIZATION, "owner")
    await store.add_membership(seeds.MEMBER_OF_BOTH, seeds.OTHER_ORGANIZATION, "editor")


async def _seed_credentials(store: CredentialStore, now: datetime) -> None:
    for key, traits in _API_KEYS.items():
        expires = now + _GOOD_FOR[key] if key in _GOOD_FOR else None
        record = ApiKey(id=_key_id(key), prefix=key[:3], created=now, expires_at=expires, **traits)
        await store.add_api_key(record, digest_of(key))
    cookie = WebSession(
        id=seeds.id_of("web-sessions/member"),
        user_id=seeds.MEMBER,
        created=now,
        expires_at=now + timedelta(days=3650),
    )
    await store.add_web_session(cookie, digest_of(seeds.COOKIE))


def _key_id(key: str) -> str:
    return seeds.id_of(f"keys/{key}")


def _session(
    session_id: str, status: SessionStatus, now: datetime, organization_id: str = seeds.ORGANIZATION
) -> ScanSession:
    return ScanSession(
        id=session_id,
        organization_id=organization_id,
        created_by=f"key:{_key_id(seeds.ACTIVE_KEY)}",
        status=status,
        created=now,
        modified=now,
    )
