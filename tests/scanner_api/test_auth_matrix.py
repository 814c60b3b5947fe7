"""Every operation of the contract x every kind of credential x every security scheme.

What to expect follows from the contract's own security requirements; nothing of it is written down twice.
"""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from scanner_api.access.tokens import REGISTRY
from scanner_api.app import create_app
from scanner_api.scanning.identifiers import new_id
from scanner_api.settings import Settings
from scanner_api.storage.accounts.credentials import CredentialStore, WebSession
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import OrganizationStore, User
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.photo_bucket.presigning import UploadRules
from scanner_contract import load_contract
from scanner_mocks import seeds, token_issuer
from scanner_mocks.bucket.aws_session import aws_session
from scanner_mocks.seeding import seed_database

CONTRACT = load_contract()
OPERATIONS = {
    operation.operation_id.rpartition("endpoints_")[2]: operation for operation in CONTRACT.operations
}
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PER_MINUTE = 100
SESSION_NAMES = {"session_id", "session_short_id"}


def cookie(name):
    """Return the cookie of a web session that is named so."""
    return f"Cookie-{name}".ljust(43, "9")


def altered(secret):
    """Return a secret whose last character but one is another."""
    return secret[:-2] + ("b" if secret[-2] == "a" else "a") + secret[-1]


def token_of_a_stranger():
    """Return a token that is right in everything but the key that signed it."""
    claims = {
        "iss": seeds.ISSUER,
        "aud": seeds.AUDIENCE,
        "sub": "x",
        "exp": token_issuer.YEAR_2100,
    }
    return jwt.encode(
        {"alg": "EdDSA", "kid": "withdrawn"}, claims, OKPKey.generate_key("Ed25519"), registry=REGISTRY
    )


RIGHT_TOKEN = token_issuer.bearer_token(seeds.ORGANIZATION)
CREDENTIALS = {
    "APIKeyHeaderAuth": {
        "malformed": "no key",
        "altered": altered(seeds.ACTIVE_KEY),
        "revoked": seeds.REVOKED_KEY,
        "expired": seeds.EXPIRED_KEY,
        "of another organization": seeds.OTHER_ORGANIZATION_KEY,
        "limited": seeds.LIMITED_KEY,
        "right": seeds.UNLIMITED_KEY,
    },
    "OAuthTokenAuth": {
        "malformed": "no token",
        "altered": altered(RIGHT_TOKEN),
        "revoked": token_of_a_stranger(),
        "expired": token_issuer.bearer_token(seeds.ORGANIZATION, expires=int(NOW.timestamp()) - 61),
        "of another organization": token_issuer.bearer_token(seeds.OTHER_ORGANIZATION, subject="other"),
        "limited": token_issuer.bearer_token(seeds.ORGANIZATION, subject="limited"),
        "right": RIGHT_TOKEN,
    },
    "SessionAuth": {
        "malformed": "no cookie",
        "altered": altered(seeds.COOKIE),
        "revoked": cookie("signed-out"),
        "expired": cookie("expired"),
        "of another organization": cookie("other"),
        "limited": cookie("limited"),
        "right": seeds.COOKIE,
    },
}
REFUSED = {"malformed", "altered", "revoked", "expired"}


def presented(scheme_name, value):
    """Return the headers that present a credential as its Security Scheme Object says."""
    scheme = CONTRACT.security_schemes[scheme_name]
    if scheme["type"] == "http":
        return {"Authorization": f"{scheme['scheme'].title()} {value}"}
    if scheme["in"] == "cookie":
        return {"Cookie": f"{scheme['name']}={value}", "Sec-Fetch-Site": "same-origin"}
    return {scheme["name"]: value}


def example(schema, name=""):
    """Return the smallest value that a schema of this contract allows; sessions are the seeded one."""
    schema = CONTRACT.resolve(schema)
    if "allOf" in schema:
        return example(schema["allOf"][0], name)
    if name in SESSION_NAMES:
        return seeds.SESSION
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {part: example(schema["properties"][part], part) for part in schema.get("required", ())}
    if schema["type"] == "array":
        return []
    return new_id() if schema.get("format") == "shortuuid" else "1"


def request_of(operation):
    """Return the method, URL and body of a valid request that is about the seeded session, if about any."""
    places = {"path": {}, "query": {}}
    for parameter in operation.parameters:
        of_session = operation.path.startswith("/scanner/api/v1/sessions/{id}")
        name = "session_id" if of_session and parameter["in"] == "path" else parameter["name"]
        if parameter.get("required"):
            places[parameter["in"]][parameter["name"]] = example(parameter["schema"], name)
    url = httpx2.URL(operation.path.format_map(places["path"]), params=places["query"])
    body: dict[str, Any] = {}
    for media_type, content in (operation.request_body or {"content": {}})["content"].items():
        parts = example(content["schema"])
        if media_type == "application/json":
            body = {"json": parts}
        else:
            body = {"data": parts, "files": {"image": ("tin.png", b"\x89PNG\r\n\x1a\n", "image/png")}}
            del parts["image"]
    return operation.method.upper(), url, body


def is_about_a_session(operation):
    """Tell whether an operation, asked as `request_of` does, acts on the seeded session."""
    _, url, body = request_of(operation)
    return seeds.SESSION in f"{url}{body}"


class Service:
    """The service in this process, and what asks it; every question comes from an address of its own."""

    def __init__(self, runner, clock):
        self._runner = runner
        self._addresses = (f"203.0.{high}.{low}" for high, low in itertools.product(range(256), repeat=2))
        rules = UploadRules(max_bytes=1000, expires_seconds=60)
        settings = Settings.model_construct(
            database_url="sqlite+aiosqlite://",
            rate_limit_per_minute=PER_MINUTE,
            oauth_issuer=seeds.ISSUER,
            oauth_audience=seeds.AUDIENCE,
            oauth_jwks=str(seeds.KEY_SET),
        )
        bucket = PhotoBucket(seeds.BUCKET, seeds.REGION, rules, clock, session=aws_session())
        self.app = create_app(settings, clock=clock, bucket=bucket)

    async def start(self):
        """Start the app, with the seeds and some more cookies."""
        await self.app.start()
        await seed_database(self.app.database, self.app.clock)
        organizations = OrganizationStore(self.app.database)
        for name, organization, lasts in (
            ("expired", seeds.ORGANIZATION, -1),
            ("other", seeds.OTHER_ORGANIZATION, 1),
            ("limited", seeds.ORGANIZATION, 1),
        ):
            await organizations.add_user(User(id=name, email=f"{name}@example.com", created=NOW))
            await organizations.add_membership(name, organization, "editor")
            session = WebSession(id=name, user_id=name, created=NOW, expires_at=NOW + timedelta(hours=lasts))
            await CredentialStore(self.app.database).add_web_session(session, digest_of(cookie(name)))

    def ask(self, operation, headers):
        """Return the response to a valid request with these headers."""
        method, url, body = request_of(operation)
        return self.request(method, url, headers=headers, **body)

    def request(self, method, url, **parts):
        """Return the response to any request."""

        async def asked():
            transport = httpx2.ASGITransport(self.app, client=(next(self._addresses), 50_000))
            async with httpx2.AsyncClient(transport=transport, base_url="http://api.example") as client:
                return await client.request(method, url, **parts)

        return self._runner.run(asked())


@pytest.fixture(scope="module")
def service(stopped_clock):
    """Run the service; the limits of the limited credentials are used up."""
    with asyncio.Runner() as runner:
        running = Service(runner, stopped_clock(NOW))
        runner.run(running.start())
        try:
            for scheme, credentials in CREDENTIALS.items():
                headers = presented(scheme, credentials["limited"])
                for _ in range(5 if scheme == "APIKeyHeaderAuth" else PER_MINUTE):
                    assert running.ask(OPERATIONS["get_session"], headers).status_code == 200
            yield running
        finally:
            runner.run(running.app.stop())


every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
every_scheme = pytest.mark.parametrize("scheme", CREDENTIALS)


def test_the_matrix_is_whole():
    """Every security scheme of the contract has credentials of every kind, and every operation is here."""
    assert CREDENTIALS.keys() == CONTRACT.security_schemes.keys()
    assert len({frozenset(credentials) for credentials in CREDENTIALS.values()}) == 1
    assert len(OPERATIONS) == len(CONTRACT.operations) >= 19
    assert sum(map(is_about_a_session, OPERATIONS.values())) >= 10


@pytest.mark.parametrize(
    ("paths", "status"),
    [
        (("/openapi.json", "/docs", "/docs/start.js", "/healthz", "/readyz"), 200),
        (("/", "/metrics", "/admin", "/debug", "/redoc", "/swagger.json", "/docs/oauth2-redirect"), 404),
        (("/_mock", "/_mock/seeds", "/_mock/console", "/_scope/x/_mock/seeds", "/.env", "/static"), 404),
        (("/scanner/api/v1", "/scanner/api/v1/ui", "/scanner/api/v1/openapi.json", "/sessions"), 404),
    ],
    ids=["pages", "of frameworks", "of the mock", "of the API"],
)
def test_nothing_is_served_beside_the_contract(service, paths, status):
    """But for the document, its explorer and health: nothing of frameworks, and nothing of the mock."""
    headers = presented("APIKeyHeaderAuth", seeds.UNLIMITED_KEY)
    statuses = {path: service.request("GET", path, headers=headers).status_code for path in paths}
    assert statuses == dict.fromkeys(paths, status)


@every_operation
def test_without_a_credential(service, operation):
    """Where the contract asks for a credential, there is no response without; where it does not, there is."""
    response = service.ask(operation, {})
    if operation.security:
        assert response.status_code == 401
        for challenge in ("ApiKey", "Bearer"):
            assert challenge in response.headers["WWW-Authenticate"]
    else:
        assert response.status_code == 200


@pytest.mark.parametrize("kind", sorted(REFUSED))
@every_scheme
@every_operation
def test_credentials_that_are_not_valid(service, operation, scheme, kind):
    """A credential that is malformed, altered, revoked or expired is refused where one is needed."""
    response = service.ask(operation, presented(scheme, CREDENTIALS[scheme][kind]))
    assert response.status_code == (401 if operation.security else 200)
    assert ("WWW-Authenticate" in response.headers) == bool(operation.security)


@every_scheme
@every_operation
def test_credentials_that_are_used_up(service, operation, scheme):
    """A credential whose window is used up learns when to retry."""
    response = service.ask(operation, presented(scheme, CREDENTIALS[scheme]["limited"]))
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == response.json()["retry_after_seconds"]


@every_scheme
@every_operation
def test_credentials_of_another_organization(service, operation, scheme):
    """Another organization's credential is valid, and what it asks for is not there for it."""
    response = service.ask(operation, presented(scheme, CREDENTIALS[scheme]["of another organization"]))
    if is_about_a_session(operation):
        assert response.status_code == 404
    else:
        assert response.status_code not in {401, 403, 429}


@every_scheme
@every_operation
def test_credentials_that_are_right(service, operation, scheme):
    """A right credential of any scheme suffices alone: whatever the response is, it is not about who asks."""
    response = service.ask(operation, presented(scheme, CREDENTIALS[scheme]["right"]))
    assert response.status_code not in {401, 403, 429}
    assert response.status_code < 500


@every_operation
def test_a_publishable_key_captures_and_uploads(service, operation):
    """It may call what asks for no role, and gets a 403 for the rest, whatever it asks there."""
    response = service.ask(operation, presented("APIKeyHeaderAuth", seeds.PUBLISHABLE_KEY))
    roles = [role for requirement in operation.security for role in requirement.get("APIKeyHeaderAuth", [])]
    assert (response.status_code == 403) == (roles == ["secret"])


def test_what_a_publishable_key_may_not_do():
    """Redirects, proposals and the calling of URLs are for keys that are kept secret."""
    asking = {name for name, each in OPERATIONS.items() if "secret" in str(each.security)}
    assert asking == {
        "list_proposals",
        "review_proposal",
        "apply_proposals",
        "resolve_url",
        "save_redirect",
    }


@pytest.mark.parametrize(("right", "wrong"), list(itertools.permutations(CREDENTIALS, 2)))
@every_operation
def test_a_wrong_credential_beside_a_right_one(service, operation, right, wrong):
    """A wrong credential is refused even beside a right one of another scheme."""
    headers = presented(right, CREDENTIALS[right]["right"]) | presented(wrong, CREDENTIALS[wrong]["altered"])
    assert service.ask(operation, headers).status_code == (401 if operation.security else 200)


@every_operation
def test_the_cookie_from_another_site(service, operation):
    """A cookie that another site makes a browser send changes nothing; it may still read."""
    headers = presented("SessionAuth", seeds.COOKIE) | {"Sec-Fetch-Site": "cross-site"}
    response = service.ask(operation, headers)
    assert (response.status_code == 403) == (operation.method != "get")
