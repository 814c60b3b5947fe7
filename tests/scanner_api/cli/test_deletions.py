"""``scanner-api sessions purge`` and ``organizations delete``, with a real database and a real S3."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from boto3.session import Session
from botocore.client import BaseClient
from msgspec.structs import replace
from sqlalchemy import select, text
from typer.testing import CliRunner

from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.access.tokens import credential_of
from scanner_api.cli import app
from scanner_api.processing.stores import stores_of
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import Capture, CaptureStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.accounts.organizations import OrganizationStore
from scanner_api.storage.database import Database
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.schema.tables import captures, scan_sessions
from strict_s3 import Server

NOW = datetime.now(UTC)
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def s3():
    """An S3 with a bucket of photos; ``objects`` returns the keys that are in it."""
    with Server("photos", region="us-west-2", credentials={"key": "secret"}) as server:
        client = Session("key", "secret").client("s3", endpoint_url=server.url, region_name="us-west-2")
        server.put = lambda key: client.put_object(Bucket="photos", Key=key, Body=b"a photo")
        server.objects = lambda: {
            each["Key"] for each in client.list_objects_v2(Bucket="photos").get("Contents", ())
        }
        yield server
        client.close()


@pytest.fixture
def run(tmp_path, sqlite_template, s3):
    """Return what runs a command with a database of the test's own, and that S3."""
    shutil.copy(sqlite_template, tmp_path / "scanner.db")
    environment = {
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}",
        "SCANNER_S3_ENDPOINT_URL": s3.url,
        "SCANNER_S3_BUCKET": "photos",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "COLUMNS": "200",
        "TERM": "dumb",
    }

    def invoke(*arguments, entered=None, **changed):
        return CliRunner().invoke(app, list(arguments), input=entered, env=environment | changed)

    invoke.url = environment["SCANNER_DATABASE_URL"]
    return invoke


@pytest.fixture
def organizations(run, s3):
    """Return the ids of two organizations, each with a key and two old sessions with all that they have."""
    ids = [run("organizations", "create", "-q", name).stdout.strip() for name in ("Acme", "Baker")]
    for organization in ids:
        run("keys", "create", "--organization", organization)

    async def fill(database):
        for organization in ids:
            for number in range(2):
                await add_session(database, organization, f"{organization}-{number}", s3)

    in_database(run.url, fill)
    return ids


async def add_session(database, organization, id_, s3=None, **changes):
    """Store a session of an organization with a capture and a photo, COMPLETED a hundred days ago."""
    stores = stores_of(database, SystemClock(), 10**9)
    old = NOW - timedelta(days=100)
    session = ScanSession(
        id=id_,
        organization_id=organization,
        created_by="key:2b3c",
        status=SessionStatus.ACTIVE,
        extraction_status=ExtractionStatus.PENDING,
        capture_mode="both",
        metadata={},
        user_agent="",
        device_context={},
        created=old,
        modified=old,
    )
    await stores.sessions.create(session)
    if s3 is not None:
        capture = Capture(
            id=id_,
            session_id=id_,
            status=CaptureStatus.COMPLETED,
            capture_type="BARCODE",
            raw_value="9521234000013",
            gtin="",
            error_message="",
            created=old,
            metadata={},
            gs1_dl_data={},
        )
        await stores.captures.add(capture)
        photo = Photo(
            id=id_,
            session_id=id_,
            photo_type="front",
            s3_key=f"photos/{id_}.jpg",
            original_filename="",
            file_size=1,
            media_type="image/jpeg",
            sort_order=0,
            metadata={},
            created=old,
        )
        await stores.photos.add(photo)
        s3.put(photo.s3_key)
    stored = replace(session, **{"status": SessionStatus.COMPLETED, **changes})
    values = {"status": stored.status, "modified": stored.modified}
    statement = scan_sessions.update().where(scan_sessions.c.id == id_).values(values)
    await database.change(statement)


def in_database(url, work):
    """Return what a coroutine function does with a database."""

    async def running():
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(running())


def sessions_of(run, *organizations):
    """Return how many sessions each organization has, None where there is no such organization."""

    async def work(database):
        listed, _ = await OrganizationStore(database).page(page=1, page_size=10)
        return {each.id: each.session_count for each in listed}

    counted = in_database(run.url, work)
    return [counted.get(each) for each in organizations]


def statuses_of(run):
    """Return the statuses of all sessions, as they are stored."""

    async def work(database):
        return sorted(status for (status,) in await database.fetch(select(scan_sessions.c.status)))

    return in_database(run.url, work)


def keys_of(s3, organization):
    """Return the keys of an organization's objects in the bucket."""
    return {key for key in s3.objects() if organization in key}


def test_an_organization_is_deleted(run, s3, organizations):
    """After a question everything of it is gone, and what it was is printed; the other one is as it was."""
    acme, baker = organizations
    outcome = run("organizations", "delete", acme, entered="y\n")
    assert outcome.exit_code == 0, outcome.output
    assert "Delete Acme with its keys and 2 sessions" in outcome.stdout
    assert f"Organization {acme} (Acme) is deleted. Deleted: " in outcome.stdout
    for part in ("2 sessions", "2 captures", "2 photos", "2 objects", "1 key."):
        assert part in outcome.stdout
    assert "2/2" in outcome.stderr
    assert sessions_of(run, acme, baker) == [None, 2]
    assert (keys_of(s3, acme), len(keys_of(s3, baker))) == (set(), 2)
    assert acme not in run("keys", "list").stdout
    log = run("audit", "--organization", acme).stdout
    assert ("organization.deleted" in log, "organization.deletion_began" in log) == (True, True)
    assert "scan_session_counts" not in log


def test_nothing_is_deleted_without_a_yes(run, s3, organizations):
    """Who says no, or nothing, deletes nothing, and revokes no key."""
    acme, _ = organizations
    for entered in ("n\n", ""):
        assert run("organizations", "delete", acme, entered=entered).exit_code == 1
    assert sessions_of(run, acme) == [2]
    assert len(keys_of(s3, acme)) == 2
    assert "revoked" not in run("keys", "list").stdout


def test_an_organization_that_is_not_there(run):
    """An unknown id is named, by both commands."""
    for command in (
        ("organizations", "delete", "nobody", "--yes"),
        ("sessions", "purge", "--older-than", "1d", "--organization", "nobody"),
    ):
        outcome = run(*command)
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("There is no organization nobody;")


def test_an_organization_that_works(run, organizations):
    """With an ACTIVE session, or a capture that waits, it stays as it is unless it is forced."""
    acme, baker = organizations

    async def work(database):
        now = datetime.now(UTC)
        await add_session(database, acme, "active", status=SessionStatus.ACTIVE, modified=now)
        waiting = captures.update().where(captures.c.session_id == f"{acme}-0")
        await database.change(waiting.values(status=CaptureStatus.PENDING))

    in_database(run.url, work)
    outcome = run("organizations", "delete", acme, "--yes")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert f"Organization {acme} (Acme) works right now: 1 sessions are ACTIVE, 1 captures" in outcome.stderr
    assert sessions_of(run, acme) == [3]
    assert "revoked" not in run("keys", "list").stdout
    assert run("organizations", "delete", acme, "--yes", "--force").exit_code == 0
    assert sessions_of(run, acme, baker) == [None, 2]


def test_a_bucket_that_is_away_at_the_start(run, organizations):
    """Where the bucket cannot be asked nothing is deleted, and no key is revoked."""
    acme, _ = organizations
    for command in (("organizations", "delete", acme, "--yes"), ("sessions", "purge", "--older-than", "1d")):
        outcome = run(*command, SCANNER_S3_ENDPOINT_URL=NOBODY)
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert outcome.stderr.endswith("The photo bucket does not respond.\n")
    outcome = run("organizations", "delete", acme, "--yes", SCANNER_S3_BUCKET="elsewhere")
    assert outcome.stderr.endswith("The photo bucket does not exist.\n")
    assert sessions_of(run, *organizations) == [2, 2]
    assert "revoked" not in run("keys", "list").stdout


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ServiceUnavailable("The photo bucket does not respond."), "The photo bucket does not respond."),
        (asyncio.CancelledError(), "It was interrupted."),
    ],
)
def test_what_is_interrupted_goes_on(run, s3, organizations, monkeypatch, error, reason):
    """It says what was deleted so far and how to go on; the list says so too, and the command goes on."""
    acme, baker = organizations
    delete_many, calls = PhotoBucket.delete_many, []

    async def delete(bucket, keys):
        calls.append(keys)
        if len(calls) == 2:
            raise error
        await delete_many(bucket, keys)

    monkeypatch.setattr(PhotoBucket, "delete_many", delete)
    monkeypatch.setattr("scanner_api.storage.scans.deletion._SESSIONS", 1)
    outcome = run("organizations", "delete", acme, "--yes")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    deleted = "1 object, 1 photo, 1 capture, 1 session"
    said = f"Not finished: {reason} Deleted: {deleted}; run the same command to go on.\n"
    assert outcome.stderr.endswith(said), outcome.stderr
    assert "its deletion began on" in run("organizations", "list").stdout
    assert sessions_of(run, acme, baker) == [1, 2]
    assert (len(keys_of(s3, acme)), len(keys_of(s3, baker))) == (1, 2)
    assert run("organizations", "delete", acme, "--yes").exit_code == 0
    assert sessions_of(run, acme, baker) == [None, 2]
    assert (keys_of(s3, acme), len(keys_of(s3, baker))) == (set(), 2)


@pytest.fixture
def refusing_s3(monkeypatch):
    """Let S3 delete no objects."""
    call = BaseClient._make_api_call

    def refuse(self, operation, parameters):
        if operation == "DeleteObjects":
            return {"Errors": [{"Key": parameters["Delete"]["Objects"][0]["Key"], "Code": "AccessDenied"}]}
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)


@pytest.mark.usefixtures("refusing_s3")
def test_an_s3_that_refuses(run, organizations):
    """An object that S3 does not delete is named with its reason, and its row stays."""
    acme, _ = organizations
    outcome = run("sessions", "purge", "--older-than", "90d", "--organization", acme)
    assert outcome.exit_code == 1
    assert f"S3 does not delete photos/{acme}-" in outcome.stderr
    assert "AccessDenied. Deleted: nothing" in outcome.stderr
    assert sessions_of(run, acme) == [2]
    entry = json.loads(run("audit", "--json", "--organization", acme).stdout)["entries"][0]
    assert (entry["action"], entry["details"]["sessions"]) == ("sessions.purged", 0)


@pytest.mark.usefixtures("refusing_s3")
def test_a_purge_that_cannot_be_recorded_says_what_ended_it(run, organizations):
    """Where the audit log is broken as well, the first error is the one that is reported."""
    acme, _ = organizations

    async def lose(database):
        await database.change(text("ALTER TABLE audit_log RENAME TO lost"))

    in_database(run.url, lose)
    outcome = run("sessions", "purge", "--older-than", "90d", "--organization", acme)
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert f"S3 does not delete photos/{acme}-" in outcome.stderr, outcome.output


def test_objects_may_stay(run, s3, organizations):
    """With an S3 that is gone for good, the rows can be deleted alone."""
    acme, _ = organizations
    outcome = run("organizations", "delete", acme, "--yes", "--keep-objects", SCANNER_S3_ENDPOINT_URL=NOBODY)
    assert outcome.exit_code == 0, outcome.output
    assert "objects" not in outcome.stdout
    assert sessions_of(run, acme) == [None]
    assert len(keys_of(s3, acme)) == 2


def test_old_sessions_are_purged(run, s3, organizations):
    """Those of one organization are deleted with their objects; a dry run only counts them."""
    acme, baker = organizations
    purge = ("sessions", "purge", "--older-than", "90d", "--organization", acme)
    assert run(*purge, "--dry-run").stdout.startswith("2 sessions have not changed since ")
    assert sessions_of(run, acme) == [2]
    outcome = run(*purge)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout == "Deleted: 2 objects, 2 photos, 2 captures, 2 sessions.\n"
    assert sessions_of(run, acme, baker) == [0, 2]
    assert (keys_of(s3, acme), len(keys_of(s3, baker))) == (set(), 2)
    log = json.loads(run("audit", "--json", "--organization", acme).stdout)["entries"]
    assert (log[0]["action"], log[0]["details"]["sessions"]) == ("sessions.purged", 2)
    assert log[0]["details"]["objects"] == 2
    assert run(*purge).stdout.startswith("0 sessions have not changed since ")
    everybody = run("sessions", "purge", "--older-than", "101d")
    assert everybody.stdout.startswith("0 sessions")
    assert run("sessions", "purge", "--older-than", "14w").exit_code == 0
    assert sessions_of(run, acme, baker) == [0, 0]


def test_sessions_that_are_idle_are_purged_as_well(run, organizations):
    """An ACTIVE session that nobody has used for long is EXPIRED, whether or not a server has stored that."""
    acme, _ = organizations
    in_database(run.url, lambda database: add_session(database, acme, "idle", status=SessionStatus.ACTIVE))
    before = statuses_of(run)
    dry = run("sessions", "purge", "--older-than", "90d", "--organization", acme, "--dry-run")
    assert dry.stdout.startswith("3 sessions have not changed since ")
    assert statuses_of(run) == before
    assert run("sessions", "purge", "--older-than", "90d", "--organization", acme).exit_code == 0
    assert sessions_of(run, acme) == [0]


@pytest.mark.parametrize("age", ["", "90", "90 days", "1m", "-1d", "1e3d", "9999999d", "0d"])
def test_an_age_that_cannot_be_read(run, organizations, age):
    """It is quoted with what an age is; nothing is deleted."""
    outcome = run("sessions", "purge", f"--older-than={age}")
    assert (outcome.exit_code, "such as 36h, 90d or 12w." in outcome.stderr) == (2, True), outcome.stderr
    assert sessions_of(run, *organizations) == [2, 2]


def test_a_session_is_erased(run, s3, organizations):
    """A session is erased after a question, with its objects; what is not there is an error."""
    acme, _ = organizations
    id_ = f"{acme}-0"
    assert run("erase", "--session", id_, "--dry-run").stdout == f"It would erase session {id_}.\n"
    assert run("erase", "--session", id_, entered="n\n").exit_code == 1
    outcome = run("erase", "--session", id_, entered="y\n")
    assert (outcome.exit_code, "1 session" in outcome.stdout, "1 object" in outcome.stdout) == (
        0,
        True,
        True,
    )
    assert sessions_of(run, acme) == [1]
    assert len(keys_of(s3, acme)) == 1
    assert run("erase", "--session", id_, "--yes").stderr == f"There is no session {id_}.\n"


def test_a_person_is_erased(run, s3, organizations):
    """A user, by address, with the sessions that their key created, and whom an issuer's tokens are about."""
    acme, _ = organizations
    run("keys", "create", "--kind", "csu", "--organization", acme, "--new-user", "ada@example.com")
    subject = credential_of("https://issuer.example", "ada")

    async def created(database):
        statement = scan_sessions.update().where(scan_sessions.c.id == f"{acme}-0")
        await database.change(statement.values(created_by=subject))

    in_database(run.url, created)
    both = ("erase", "--user", "ada@example.com", "--subject", "ada")
    oauth = {
        "SCANNER_OAUTH_ISSUER": "https://issuer.example",
        "SCANNER_OAUTH_AUDIENCE": "scanner",
        "SCANNER_OAUTH_JWKS": "https://issuer.example/keys",
    }
    would = run(*both, "--dry-run", **oauth)
    assert would.stdout == "It would erase ada@example.com with 1 key and 1 session.\n", would.stderr
    outcome = run(*both, "--yes", **oauth)
    assert outcome.exit_code == 0, outcome.stderr
    for part in ("1 session", "1 key", "1 object", "1 user"):
        assert part in outcome.stdout
    assert (sessions_of(run, acme), len(keys_of(s3, acme))) == ([1], 1)
    assert "person.erased" in run("audit").stdout
    missing = run("erase", "--user", "ada@example.com", "--yes")
    assert (missing.exit_code, "There is no user ada@example.com" in missing.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [[], ["--session", "a", "--user", "b"], ["--subject", "ada"]])
def test_whose_data_is_to_be_said(run, arguments):
    """Nobody, two at once, and a subject without an issuer are wrong options."""
    assert run("erase", *arguments).exit_code == 2
