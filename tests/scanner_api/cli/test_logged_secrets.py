"""Nothing that `serve` logs, at any level and in any format, has a secret in it."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import signal
import sqlite3
import subprocess
import sys
from base64 import b64encode
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from contract_first.service.clock import SystemClock
from scanner_api.access.api_keys import new_key
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore, WebSession
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.database import Database
from scanner_mocks.drawings.pictures import PIXEL
from scanner_mocks.seeds import AUDIENCE, ISSUER, KEY_SET
from strict_s3 import Server

bearer_token = runpy.run_path(str(Path(__file__).parents[2] / "services" / "tokens.py"))["bearer_token"]
COMMAND = Path(sys.executable).with_name("scanner-api")
API = "/scanner/api/v1"
COOKIE, WRONG_COOKIE = "c00k1e-" * 6 + "x", "wr0ng-" * 7 + "x"
S3_SECRET, REDIS_SECRET = "s3cr3t-of-s3-s3cr3t-of-s3", "s3cr3t-of-redis"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def s3():
    """Yield an S3 with the bucket, and what ends it."""
    with ExitStack() as running:
        server = Server("photos", region="us-west-2", credentials={"AKIDTEST": S3_SECRET})
        yield running.enter_context(server), running


@pytest.fixture
def secrets(tmp_path):
    """Fill a database with credentials of each kind, and return those that callers present."""
    keys = {"csb": new_key("csb"), "cpk": new_key("cpk")}

    async def fill():
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/scanner.db")
        now = SystemClock().now()
        organizations, credentials = OrganizationStore(database), CredentialStore(database)
        try:
            await database.migrate()
            await organizations.add_organization(Organization(id="acme", name="Acme", created=now))
            await organizations.add_user(User(id="ada", email="ada@example.com", created=now))
            await organizations.add_membership("ada", "acme", "editor")
            for kind, key in keys.items():
                named = {"id": kind, "prefix": kind, "name": "", "created": now, "organization_id": "acme"}
                await credentials.add_api_key(ApiKey(**named), digest_of(key))
            later = datetime.now(UTC) + timedelta(days=1)
            sign_in = WebSession(id="sign-in", user_id="ada", created=now, expires_at=later)
            await credentials.add_web_session(sign_in, digest_of(COOKIE))
        finally:
            await database.close()

    asyncio.run(fill())
    return {**keys, "bearer": bearer_token("acme"), "cookie": COOKIE}


@pytest.fixture
def environment(tmp_path, s3, closed_port):
    """The settings of a server with everything that has a secret, and a Redis that is away."""
    cleared = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCANNER_"))}
    return cleared | {
        "AWS_ACCESS_KEY_ID": "AKIDTEST",
        "AWS_SECRET_ACCESS_KEY": S3_SECRET,
        "SCANNER_PORT": "0",
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
        "SCANNER_RATE_LIMIT_STORAGE": f"redis://:{REDIS_SECRET}@127.0.0.1:{closed_port}/0",
        "SCANNER_S3_BUCKET": "photos",
        "SCANNER_S3_ENDPOINT_URL": s3[0].url,
        "SCANNER_OAUTH_ISSUER": ISSUER,
        "SCANNER_OAUTH_AUDIENCE": AUDIENCE,
        "SCANNER_OAUTH_JWKS": str(KEY_SET),
        "SCANNER_LAME_DUCK_SECONDS": "0",
        "SCANNER_LOG_LEVEL": "debug",
        "SCANNER_EXTRACTOR": "none",
    }


def use(url, secrets, s3, path):
    """Use the API with each credential, with wrong ones and through failures; return all secrets in it."""
    wrong = {
        "key": new_key("csb"),
        "bearer": bearer_token("acme", subject="x") + "x",
        "basic": "ada:p4ssw0rd",
    }
    basic = b64encode(wrong["basic"].encode()).decode()
    presented = [
        {"X-API-Key": secrets["csb"], "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"X-API-Key": secrets["cpk"]},
        {"Authorization": f"Bearer {secrets['bearer']}"},
        {"Cookie": f"sessionid={secrets['cookie']}"},
        {"X-API-Key": wrong["key"]},
        {"Authorization": f"Bearer {wrong['bearer']}"},
        {"Authorization": f"Basic {basic}"},
        {"Cookie": f"sessionid={WRONG_COOKIE}"},
    ]
    statuses = []
    with httpx2.Client(base_url=f"{url}{API}", trust_env=False, timeout=30) as client:
        for headers in presented:
            query = {"token": secrets["csb"]}
            statuses.append(client.get("/sessions", params=query, headers=headers).status_code)
        own = {"X-API-Key": secrets["csb"]}
        session = client.post("/sessions", json={}, headers=own).raise_for_status().json()["id"]
        asked = {"photo_type": "front", "original_filename": "a.png"}
        presign = f"/sessions/{session}/presigned-upload-url"
        form = client.get(presign, params=asked, headers=own).raise_for_status().json()
        httpx2.post(form["upload_url"], data=form["upload_fields"], files={"file": ("a.png", PIXEL)})
        photo = {"s3_key": form["s3_key"], "photo_type": "front", "original_filename": "a.png"}
        statuses.append(client.post(f"/sessions/{session}/photos", json=photo, headers=own).status_code)
        statuses.append(client.post("/sessions", content=b"{", headers=own).status_code)
        s3[1].close()
        statuses.append(client.post(f"/sessions/{session}/photos", json=photo, headers=own).status_code)
        with closing(sqlite3.connect(path)) as database:
            database.execute("ALTER TABLE captures RENAME TO lost")
        capture = {"session_short_id": session, "capture_type": "BARCODE", "raw_value": "9521234000013"}
        statuses.append(client.post("/captures", json=capture, headers=own).status_code)
    fields = form["upload_fields"]
    signed = [fields["policy"], fields["x-amz-signature"], wrong["basic"], basic, wrong["key"][4:]]
    return statuses, [*signed, wrong["bearer"][-40:-1], WRONG_COOKIE]


@pytest.mark.programs
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_logged(secrets, s3, environment, tmp_path, form):
    """Keys, tokens, cookies, signatures and passwords: none of them, of requests that succeed or fail."""
    with subprocess.Popen(  # noqa: S603 -- our own command
        [COMMAND, "serve"],
        env={**environment, "SCANNER_LOG_FORMAT": form},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            statuses, more = use(url, secrets, s3, tmp_path / "scanner.db")
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=60)
        finally:
            process.kill()
    assert statuses == [200, 200, 200, 200, 401, 401, 401, 401, 201, 415, 503, 503]
    hidden = [
        secrets["csb"][4:],
        secrets["cpk"][4:],
        secrets["bearer"][-40:],
        COOKIE,
        S3_SECRET,
        REDIS_SECRET,
    ]
    assert [secret for secret in [*hidden, *more] if secret in logged] == []
    for named in ("key:csb", "web:sign-in", TRACE, "no such table", "Redis"):
        assert named in logged, logged
    if form == "json":
        lines = [json.loads(line) for line in logged.splitlines()]
        requests = [line for line in lines if line["logger"] == "requests"]
        others = [line["status"] for line in requests if line["status"] != 200]
        assert others == [*statuses[4:8], 201, *statuses[8:]]
        assert "no such table" in requests[-1]["cause"]
