"""What the tests of access share: a clock that stands still, requests, and a real store on SQLite."""

from __future__ import annotations

import asyncio
import runpy
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract_first.service.messages.request import Request
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore, WebSession
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

redis_url = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["redis_url"]

START = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def clock(stopped_clock: Any) -> Any:
    """Return a clock that stands at noon."""
    return stopped_clock(START)


async def nothing_to_receive() -> Any:
    """Fail: no credential is in a body."""
    raise AssertionError("access does not read bodies")


@pytest.fixture(scope="session")
def make_request(stopped_clock: Any) -> Callable[..., Request]:
    """Requests as the binding hands them over; headers by keyword, underscores for hyphens."""

    def make(
        method: str = "GET", *, peer: str = "203.0.113.7", scheme: str = "http", **headers: str
    ) -> Request:
        fields = {"host": "api.example", **headers}
        scope = {
            "type": "http",
            "path": "/",
            "query_string": b"",
            "method": method,
            "scheme": scheme,
            "client": (peer, 50_000),
            "headers": [
                (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()
            ],
        }
        return Request(scope, nothing_to_receive, "a-request", stopped_clock(START))

    return make


class Credentials(CredentialStore):
    """The real store, with short ways to fill it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.organizations = OrganizationStore(database)

    async def found(self, *names: str) -> None:
        """Add organizations, their names for ids."""
        for name in names:
            await self.organizations.add_organization(Organization(id=name, name=name, created=START))

    async def join(self, user: str, *organizations: str) -> None:
        """Add a user with memberships."""
        await self.organizations.add_user(User(id=user, email=f"{user}@example.com", created=START))
        for organization in organizations:
            await self.organizations.add_membership(user, organization, "member")

    async def add_key(self, key: str, **fields: Any) -> None:
        """Add an API key; its id is `a-key` unless set otherwise."""
        named = {"id": "a-key", "prefix": key[:3], "name": "", "created": START}
        await self.add_api_key(ApiKey(**(named | fields)), digest_of(key))

    async def sign_in(self, cookie: str, user: str, expires_at: datetime) -> None:
        """Add a web session."""
        session = WebSession(id="a-web-session", user_id=user, created=START, expires_at=expires_at)
        await self.add_web_session(session, digest_of(cookie))


async def migrate(path: Path) -> None:
    """Make a database with the tables in it."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.migrate()
    await database.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database to copy, since migrating takes longer than a test."""
    path = tmp_path_factory.mktemp("migrated") / "scanner.db"
    asyncio.run(migrate(path))
    return path


@pytest.fixture
def open_store(migrated: Path, tmp_path: Path) -> Callable[[], Any]:
    """Opens the credential store of a fresh database; opened again, it is another process's."""
    path = tmp_path / "scanner.db"
    shutil.copy(migrated, path)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Credentials]:
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            yield Credentials(database)
        finally:
            await database.close()

    return opened
