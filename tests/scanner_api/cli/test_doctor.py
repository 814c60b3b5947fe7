"""``scanner-api doctor`` with a real S3, Valkey and issuer: all is well, or one thing is wrong."""

from __future__ import annotations

import json
import runpy
import shutil
import sqlite3
import ssl
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest
from boto3.session import Session
from joserfc.jwk import RSAKey
from redis import Redis
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.redis_pools import NAME
from scanner_api.storage.schema.migrations import HEAD
from strict_s3 import Server

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]

redis_url = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["redis_url"]
SECRET = "hunter2-of-the-bucket"
NOWHERE = "redis://:hunter2@127.0.0.1:9/0"
PARTS = [
    "settings",
    "certificates",
    "database",
    "schema",
    "rate limits",
    "queue",
    "workers",
    "clock",
    "bucket",
    "bucket CORS",
]
PARTS += ["presigned upload", "token keys", "token issuer"]


@pytest.fixture(scope="module")
def s3():
    """An S3 with a bucket that takes uploads of every page, and one that takes those of none."""
    with Server("photos", "closed", region="us-west-2", cors=True, credentials={"key": SECRET}) as server:
        client = Session("key", SECRET).client("s3", endpoint_url=server.url, region_name="us-west-2")
        client.delete_bucket_cors(Bucket="closed")
        server.objects = lambda: client.list_objects_v2(Bucket="photos")["KeyCount"]
        server.client = client
        yield server
        client.close()


@pytest.fixture(scope="module")
def issuer():
    """The URL of an issuer that has metadata and a key."""
    key = RSAKey.generate_key(2048).as_dict(private=False)

    def respond(request):
        request.send_response(200)
        request.end_headers()
        request.wfile.write(json.dumps({"issuer": url, "keys": [key]}).encode())

    with http_server(respond) as url:
        yield url


@pytest.fixture
def environment(tmp_path, sqlite_template, s3, issuer, redis_url):
    """The settings of a service that has all it needs: a migrated database and a worker, too."""
    redis = Redis.from_url(redis_url)
    redis.delete(NAME)
    redis.xgroup_create(NAME, NAME, mkstream=True)
    redis.xgroup_createconsumer(NAME, NAME, "worker")
    redis.close()
    shutil.copy(sqlite_template, tmp_path / "scanner.db")
    return {
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
        "SCANNER_RATE_LIMIT_STORAGE": redis_url,
        "SCANNER_QUEUE_URL": redis_url,
        "SCANNER_S3_BUCKET": "photos",
        "SCANNER_S3_ENDPOINT_URL": s3.url,
        "SCANNER_CORS_ORIGINS": '["https://shop.example"]',
        "SCANNER_OAUTH_ISSUER": issuer,
        "SCANNER_OAUTH_AUDIENCE": "scanner",
        "SCANNER_OAUTH_JWKS": f"{issuer}/jwks.json",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@pytest.fixture
def examined(environment):
    """Return what runs the command, and gives its exit code and what is not ok; no secret is printed."""

    def invoke(**changes):
        changed = environment | {
            name if name.startswith("AWS") else f"SCANNER_{name}": value for name, value in changes.items()
        }
        outcome = CliRunner().invoke(app, ["doctor", "--json"], env=changed, catch_exceptions=False)
        assert "hunter2" not in outcome.output
        report = json.loads(outcome.stdout)
        assert report["ok"] is (outcome.exit_code == 0)
        wrong = [tuple(check.values()) for check in report["checks"] if check["status"] != "ok"]
        assert all(advice for *_, advice in wrong)
        invoke.checks = [check["check"] for check in report["checks"]]
        return outcome.exit_code, wrong

    return invoke


@contextmanager
def changed(change, back):
    """Change something, and change it back."""
    change()
    try:
        yield
    finally:
        back()


def test_all_is_well(examined, s3):
    """Where all is there, every check is ok, the exit code 0, and nothing is left in the bucket."""
    assert examined() == (0, [])
    assert examined.checks == PARTS
    assert s3.objects() == 0


def test_a_reader_sees_a_line_a_check(environment):
    """Without ``--json`` each check has a line, what to do below it; a failure is exit code 1."""
    outcome = CliRunner().invoke(app, ["doctor", "--s3-bucket", "missing"], env=environment)
    lines = [line.split()[:2] for line in outcome.stdout.splitlines()]
    assert outcome.exit_code == 1
    assert ["ok", "database"] in lines
    assert ["failed", "bucket"] in lines
    assert "Create the bucket" in outcome.stdout


def test_what_is_in_memory_is_ok(examined):
    """A service of one process needs neither Redis nor issuer; pages of no origin upload."""
    plain = {
        "RATE_LIMIT_STORAGE": "memory://",
        "QUEUE_URL": "memory://",
        "OAUTH_ISSUER": "",
        "CORS_ORIGINS": "[]",
    }
    assert examined(**plain) == (0, [])
    code, [(check, status, message, _)] = examined(**plain, WORKERS="2")
    assert (code, check, status, message[:4]) == (0, "rate limits", "warning", "Each")


def test_wrong_settings_end_the_command(environment):
    """Settings that cannot be read are exit code 2, as with ``serve``."""
    outcome = CliRunner().invoke(app, ["doctor"], env=environment | {"SCANNER_RATE_LIMIT_PER_MINUT": "1"})
    assert (outcome.exit_code, "SCANNER_RATE_LIMIT_PER_MINUTE" in outcome.stderr) == (2, True)


def test_settings_that_contradict_each_other(examined):
    """What keeps the service from being put together is named."""
    code, [(check, status, message, advice)] = examined(EXTRACTOR="bedrock")
    assert (code, check, status) == (1, "settings", "failed")
    assert "bedrock_model" in message
    assert "Correct what is named" in advice


def test_a_system_without_certificate_authorities(examined, monkeypatch, tmp_path):
    """HTTPS is trusted by the system's authorities: where there are none, it says what to install."""
    paths = ssl.get_default_verify_paths()._replace(openssl_capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    code, [(check, status, message, advice)] = examined()
    assert (code, check, status) == (0, "certificates", "warning")
    assert "no certificate authorities" in message
    assert "ca-certificates" in advice
    (tmp_path / "0a1b2c3d.0").touch()
    assert examined() == (0, [])


def test_a_database_that_is_not_there(examined):
    """A database that cannot be connected to is named without its password."""
    code, [(check, status, message, advice)] = examined(
        DATABASE_URL="postgresql://scanner:hunter2@127.0.0.1:9/x"
    )
    assert (code, check, status) == (1, "database", "failed")
    assert "scanner:***@127.0.0.1:9" in message
    assert "Errno" not in message
    assert "Start the database" in advice


def test_an_s3_that_is_not_there(examined):
    """What does not respond is named, since it may be another host than was meant."""
    code, [(check, status, message, advice)] = examined(S3_ENDPOINT_URL="http://127.0.0.1:9")
    assert (code, check, status) == (1, "bucket", "failed")
    assert message.startswith("http://127.0.0.1:9/")
    assert "does not respond" in message
    assert "s3_endpoint_url" in advice


def test_a_schema_that_is_behind_or_ahead(examined, tmp_path):
    """An old schema is a warning where `serve` upgrades it, else a failure; so is one that is too new."""
    empty = f"sqlite+aiosqlite:///{tmp_path}/empty.db"
    code, [(check, status, message, advice)] = examined(DATABASE_URL=empty)
    assert (code, check, status) == (0, "schema", "warning")
    assert message == f"It is empty; this version needs revision {HEAD}."
    code, [(check, status, _, advice)] = examined(DATABASE_URL=empty, MIGRATE="false")
    assert (code, check, status, advice) == (1, "schema", "failed", "Run `scanner-api db upgrade`.")
    with closing(sqlite3.connect(tmp_path / "scanner.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, [(check, status, _, advice)] = examined()
    assert (code, check, status, "restore a backup" in advice) == (1, "schema", "failed", True)


def test_a_full_disk(examined, monkeypatch):
    """Where nothing can be written beside the file, the database failed."""

    def write(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scanner_api.storage.database._write_beside", write)
    code, [(check, status, message, _)] = examined()
    assert (code, check, status, message) == (1, "database", "failed", "No space left on device")


@pytest.mark.parametrize(("setting", "part"), [("RATE_LIMIT_STORAGE", "rate limits"), ("QUEUE_URL", "queue")])
def test_a_redis_that_is_not_there(examined, setting, part):
    """A Redis that does not respond fails the check of what it is for."""
    code, [(check, status, message, advice)] = examined(**{setting: NOWHERE})
    assert (code, check, status) == (1, part, "failed")
    assert message.startswith("Redis cannot be written to. (Error")
    assert setting.lower() in advice


def test_a_redis_that_refuses_writes(examined, redis_url):
    """A user that may not write is found, with what Redis says."""
    with Redis.from_url(redis_url) as redis:
        redis.acl_setuser("reader", enabled=True, passwords=["+hunter2"], categories=["+@read"], keys=["*"])
        url = redis_url.replace("redis://", "redis://reader:hunter2@", 1)
        code, [(check, status, message, _)] = examined(QUEUE_URL=url)
        redis.acl_deluser("reader")
    assert (code, check, status) == (1, "queue", "failed")
    assert "permissions" in message


def test_a_queue_without_workers(examined, redis_url):
    """Work that nobody does is a warning."""
    with Redis.from_url(redis_url) as redis:
        redis.delete(NAME)
    code, [(check, status, _, advice)] = examined()
    assert (code, check, status, "Start `scanner-api worker`" in advice) == (0, "workers", "warning", True)


def test_a_bucket_that_is_not_there(examined):
    """A bucket that does not exist, or an S3 that does not respond, says what to correct."""
    code, [(check, status, message, advice)] = examined(S3_BUCKET="missing")
    assert (code, check, status, message) == (1, "bucket", "failed", "The photo bucket does not exist.")
    assert "Create the bucket" in advice
    code, [(check, status, _, _)] = examined(S3_ENDPOINT_URL="http://127.0.0.1:9")
    assert (code, check, status) == (1, "bucket", "failed")


def test_credentials_that_s3_refuses(examined):
    """What S3 says of the credentials is in the message."""
    code, [(check, status, message, _)] = examined(AWS_SECRET_ACCESS_KEY="hunter2-of-another")
    assert (code, check, status, "403" in message) == (1, "bucket", "failed", True)


def test_pages_that_may_not_upload(examined):
    """Origins that the bucket's CORS rules leave out are named, with a rule to add."""
    code, [(check, status, message, advice)] = examined(S3_BUCKET="closed")
    assert (code, check, status) == (1, "bucket CORS", "failed")
    assert "https://shop.example" in message
    assert json.loads(advice.partition(": ")[2])["AllowedMethods"] == ["POST"]


def test_a_form_that_s3_refuses(examined):
    """S3's error code is in the message."""
    code, [(check, status, message, _)] = examined(S3_ACL="public-read")
    assert (code, check, status) == (1, "presigned upload", "failed")
    assert message == "S3 responded with 400 (AccessControlListNotSupported)."


def test_an_object_that_cannot_be_deleted(examined, s3):
    """Credentials that may not delete are enough for `serve`: a warning, which names the object."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": "arn:aws:s3:::photos/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    put = partial(s3.client.put_bucket_policy, Bucket="photos", Policy=policy)
    with changed(put, partial(s3.client.delete_bucket_policy, Bucket="photos")):
        code, [(check, status, _, advice)] = examined()
    assert (code, check, status) == (0, "presigned upload", "warning")
    s3.client.delete_object(Bucket="photos", Key=advice.split()[1])
    assert s3.objects() == 0


@pytest.mark.parametrize(("minutes", "code", "status"), [(5, 0, "warning"), (20, 1, "failed")])
def test_a_clock_that_is_wrong(examined, s3, minutes, code, status):
    """A difference to S3's clock is a warning, and a failure from 15 minutes on."""
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    with changed(partial(s3.set_clock, later), partial(s3.set_clock, None)):
        exit_code, wrong = examined()
    assert (exit_code, wrong[0][:2]) == (code, ("clock", status))
    assert "NTP" in wrong[0][3]


def test_keys_that_cannot_be_read(examined, tmp_path):
    """A key set that is not there fails."""
    code, [(check, status, _, advice)] = examined(OAUTH_JWKS=f"{tmp_path}/missing.json")
    assert (code, check, status, "oauth_jwks" in advice) == (1, "token issuer", "failed", True)


def test_an_issuer_of_another_name(examined, issuer):
    """A slash too many is found; an issuer without metadata is a warning."""
    code, [(check, status, _, advice)] = examined(OAUTH_ISSUER=f"{issuer}/")
    assert (code, check, status, repr(issuer) in advice) == (1, "token issuer", "failed", True)
    code, [(check, status, _, _)] = examined(OAUTH_ISSUER="urn:issuer")
    assert (code, check, status) == (0, "token issuer", "warning")
