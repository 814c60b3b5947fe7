"""``scanner-api keys`` on a real database."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import Unauthorized
from scanner_api.access.api_keys import ApiKeyVerifier, check_shape
from scanner_api.cli import app
from scanner_api.storage.accounts.credentials import CredentialStore
from scanner_api.storage.database import Database


@pytest.fixture
def run(run):
    """Return what runs a command of ``keys`` on the database."""
    return partial(run, "keys")


def created(outcome):
    """Return the id, the owner and the secret that `create` showed."""
    assert outcome.exit_code == 0, outcome.output
    line, secret = outcome.stdout.splitlines()
    key_id, owner = re.fullmatch(r"Key (\S+) of the (?:organization|user) (\S+)\. .*:", line).groups()
    return key_id, owner, secret


def caller_of(url, secret):
    """Return whom the service lets in with a key."""

    async def verify():
        database = Database(url)
        try:
            return await ApiKeyVerifier(CredentialStore(database), SystemClock()).verify(secret, None)
        finally:
            await database.close()

    return asyncio.run(verify())


def stored(url):
    """Return all keys of the database."""

    async def listed():
        database = Database(url)
        try:
            return await CredentialStore(database).list_api_keys()
        finally:
            await database.close()

    return asyncio.run(listed())


@pytest.mark.parametrize("kind", ["csb", "cpk"])
def test_a_key_of_a_new_organization(url, run, kind):
    """A key is shown once, has the shape of its kind, and lets in for the organization that came with it."""
    _, organization, secret = created(run("create", "--kind", kind, "--new-organization", "Acme"))
    check_shape(secret)
    assert secret.startswith(f"{kind}_")
    caller = caller_of(url, secret)
    assert caller.organizations == {organization}
    assert caller.own_sessions_only == (kind == "cpk")


def test_a_key_of_a_known_organization(url, run):
    """A second key of an organization reaches the same organization."""
    _, organization, _ = created(run("create", "--new-organization", "Acme"))
    _, owner, secret = created(run("create", "--organization", organization))
    assert owner == organization
    assert caller_of(url, secret).organizations == {organization}


def test_a_key_of_a_new_user(url, run):
    """A user's key reaches the organization that the user was made a member of."""
    _, organization, _ = created(run("create", "--new-organization", "Acme"))
    user = ("create", "--kind", "csu", "--new-user", "ada@example.com", "--organization", organization)
    _, user_id, secret = created(run(*user))
    assert caller_of(url, secret).organizations == {organization}
    _, owner, second = created(run("create", "--kind", "csu", "--user", user_id))
    assert owner == user_id
    assert caller_of(url, second).organizations == {organization}


def test_quiet_prints_the_key_alone(url, run):
    """With ``--quiet`` standard output is the key, to be read by a program."""
    outcome = run("create", "--quiet", "--new-organization", "Acme")
    assert outcome.exit_code == 0
    assert caller_of(url, outcome.stdout.removesuffix("\n")).infers_organization


def test_what_is_stored_is_what_was_said(url, run):
    """Name, expiry and limits are kept as given; the secret is nowhere in the database."""
    options = ("--name", "till 4", "--expires", "2199-01-31", "--per-minute", "5", "--per-day", "100")
    key_id, organization, secret = created(run("create", "--new-organization", "Acme", *options))
    (key,) = stored(url)
    assert (key.id, key.organization_id, key.name) == (key_id, organization, "till 4")
    assert key.expires_at == datetime(2199, 1, 31, tzinfo=UTC)
    assert (key.per_minute, key.per_day) == (5, 100)
    content = b"".join(path.read_bytes() for path in database_files(url))
    assert secret[4:36].encode() not in content


def database_files(url):
    """Return the files that SQLite keeps a database in."""
    path = Path(url.partition("///")[2])
    return path.parent.glob(f"{path.name}*")


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--organization", "a", "--new-organization", "b"],
        ["--user", "a"],
        ["--kind", "cpk", "--new-user", "a@example.com", "--new-organization", "b"],
        ["--kind", "csu"],
        ["--kind", "csu", "--new-organization", "b"],
        ["--kind", "csu", "--new-user", "a@example.com"],
        ["--kind", "csu", "--user", "a", "--organization", "b"],
        ["--kind", "csu", "--user", "a", "--new-user", "a@example.com"],
    ],
)
def test_an_owner_has_to_be_named_in_one_way(url, run, options):
    """Who names no owner, two, or one that a kind cannot have, learns the ways; nothing is stored."""
    outcome = run("create", *options)
    assert outcome.exit_code == 2
    assert "key has one owner, named by --" in outcome.stderr
    assert not list(database_files(url))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--organization", "missing"], "There is no organization missing."),
        (["--kind", "csu", "--user", "missing"], "There is no user missing."),
        (
            ["--kind", "csu", "--new-user", "ada@example.com", "--organization", "missing"],
            "There is no organization missing.",
        ),
    ],
)
def test_unknown_owners_are_refused(url, run, options, reason):
    """A key of nobody is not made; the reason names whom there is none of, and the exit code is 1."""
    outcome = run("create", *options)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "", f"{reason}\n")
    assert stored(url) == []


def test_a_user_is_new_only_once(run):
    """An address that is known already is refused as a new user's."""
    user = ("create", "--kind", "csu", "--new-user", "ada@example.com", "--new-organization", "Acme")
    created(run(*user))
    outcome = run(*user)
    assert outcome.exit_code == 1
    assert outcome.stderr == "The user ada@example.com exists already; use --user ID.\n"


@pytest.mark.parametrize(("time", "reason"), [("2001-01-31", "in the past"), ("soon", "not a date")])
def test_expiry_is_a_time_to_come(run, time, reason):
    """A time that is over, or none at all, is refused before anything is done."""
    outcome = run("create", "--new-organization", "Acme", "--expires", time)
    assert outcome.exit_code == 2
    assert reason in outcome.stderr


def test_an_offset_is_heeded(url, run):
    """A time with an offset is kept as the moment that it is."""
    created(run("create", "--new-organization", "Acme", "--expires", "2199-01-31T02:00+02:00"))
    assert stored(url)[0].expires_at == datetime(2199, 1, 31, tzinfo=UTC)


def test_a_revoked_key_lets_nobody_in(url, run):
    """Revoking says so, and the service refuses the key from then on."""
    key_id, _, secret = created(run("create", "--new-organization", "Acme"))
    outcome = run("revoke", key_id)
    assert (outcome.exit_code, outcome.stdout) == (0, f"Key {key_id} is revoked.\n")
    with pytest.raises(Unauthorized, match="revoked"):
        caller_of(url, secret)


def test_revoking_what_is_not_there(run):
    """An id that no key has is an error."""
    outcome = run("revoke", "missing")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("There is no key missing")


def test_the_list_shows_all_but_secrets(run):
    """The list has id, owner, state and limits of every key, and no key and no digest."""
    key_id, organization, secret = created(
        run(
            "create",
            "--new-organization",
            "Acme",
            "--name",
            "[red]till[/]",
            "--per-minute",
            "7",
            "--per-day",
            "70",
        )
    )
    revoked, _, _ = created(run("create", "--organization", organization))
    run("revoke", revoked)
    shown = run("list").stdout
    assert shown.index(revoked) < shown.index(key_id)
    for text in ("[red]till[/]", organization, "active", "revoked", "7/minute", "70/day", "never"):
        assert text in shown
    assert secret[4:36] not in shown


def test_a_key_is_nowhere_in_the_database(run, url):
    """Who reads the file of the database has digests, which verify a key and make none."""
    _, _, secret = created(run("create", "--new-organization", "Acme"))
    assert caller_of(url, secret)
    path = Path(url.partition("///")[2])
    files = [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
    assert any(files)
    assert not any(secret[4:].encode() in file for file in files)


def test_the_list_of_one_owner(run):
    """Narrowed to an organization or a user, the list has their keys alone."""
    first, organization, _ = created(run("create", "--new-organization", "Acme"))
    user = ("create", "--kind", "csu", "--new-user", "ada@example.com", "--organization", organization)
    second, user_id, _ = created(run(*user))
    of_organization = run("list", "--organization", organization).stdout
    of_user = run("list", "--user", user_id).stdout
    assert (first in of_organization, second in of_organization) == (True, False)
    assert (first in of_user, second in of_user) == (False, True)


def test_an_empty_list_says_so(run):
    """Without keys there is a sentence, not an empty table."""
    assert run("list").stdout == "There are no keys.\n"


def test_the_list_at_eighty_columns(url, run):
    """On a narrow terminal no id is cut or wrapped, so that it can be copied."""
    key_id, organization, _ = created(run("create", "--new-organization", "Acme", "--expires", "2199-01-31"))
    arguments = ["keys", "list", "--database-url", url]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "80", "TERM": "dumb"}).stdout
    assert {key_id, organization, "2199-01-31"} <= set(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_a_database_that_cannot_be_opened():
    """A database that is not there is reported with what to set, with exit code 1; a wrong URL too."""
    for wrong in ("sqlite+aiosqlite:////missing/folder/scanner.db", "mysql://root:secret@127.0.0.1/scanner"):
        outcome = CliRunner().invoke(app, ["keys", "list", "--database-url", wrong])
        assert outcome.exit_code == 1
        assert "database" in outcome.stderr
        assert "secret" not in outcome.stderr


def test_wrong_settings_are_exit_code_2():
    """A setting that is wrong names itself."""
    outcome = CliRunner().invoke(app, ["keys", "list"], env={"SCANNER_PORT": "many"})
    assert outcome.exit_code == 2
    assert "SCANNER_PORT" in outcome.stderr


def test_a_rotated_key_goes_on_for_a_while(url, run):
    """Both keys let in until the overlap is over; the new one has kind, owner, name and limits of the old."""
    limits = ("--name", "till 4", "--per-minute", "5", "--per-day", "100")
    key_id, organization, secret = created(run("create", "--new-organization", "Acme", *limits))
    before = datetime.now(UTC)
    outcome = run("rotate", key_id, "--overlap", "36h")
    assert outcome.exit_code == 0, outcome.output
    said, new, successor = outcome.stdout.splitlines()
    assert re.fullmatch(rf"Key {key_id} is valid until \S+ \S+ UTC\.", said)
    assert re.fullmatch(r"Key \S+ is in its place\. It is not shown again:", new)
    assert successor != secret
    assert {caller_of(url, each).organizations for each in (secret, successor)} == {frozenset({organization})}
    newest, oldest = stored(url)
    assert (oldest.id, newest.expires_at) == (key_id, None)
    assert before + timedelta(hours=36) <= oldest.expires_at <= datetime.now(UTC) + timedelta(hours=36)
    assert (newest.name, newest.per_minute, newest.per_day) == ("till 4", 5, 100)


def test_a_rotated_key_is_refused_after_the_overlap(url, run):
    """Without an overlap the old key is refused at once, and the new one is not."""
    key_id, organization, secret = created(run("create", "--kind", "cpk", "--new-organization", "Acme"))
    successor = run("rotate", key_id, "--overlap", "0h", "--quiet").stdout.strip()
    with pytest.raises(Unauthorized, match="expired"):
        caller_of(url, secret)
    assert successor.startswith("cpk_")
    assert caller_of(url, successor).organizations == {organization}


def test_a_key_that_expires_is_followed_by_one_with_as_long_a_life(url, run):
    """An old key that expires within the overlap expires when it was to; the new one has its own expiry."""
    key_id, _, _ = created(run("create", "--new-organization", "Acme", "--expires", "2199-01-31"))
    assert "in its place, valid until 2" in run("rotate", key_id, "--overlap", "5200w").stdout
    assert run("rotate", key_id, "--expires", "2100-01-31").exit_code == 0
    newest, between, oldest = stored(url)
    assert oldest.expires_at < datetime.now(UTC) + timedelta(hours=25)
    assert between.expires_at - between.created == datetime(2199, 1, 31, tzinfo=UTC) - oldest.created
    assert newest.expires_at == datetime(2100, 1, 31, tzinfo=UTC)


def test_a_key_is_not_rotated_twice(url, run):
    """The end of an overlap is no lifetime that another successor could have: the first one is named."""
    for owner in (("--new-organization", "Acme"), ("--kind", "csu", "--new-user", "a@b.example")):
        more = () if owner[0] == "--new-organization" else ("--new-organization", "Baker")
        key_id, _, _ = created(run("create", *owner, *more))
        assert run("rotate", key_id).exit_code == 0
        (successor,) = {key.id for key in stored(url) if key.expires_at is None}
        outcome = run("rotate", key_id)
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert f"Key {key_id} was rotated already, and {successor} is in its place" in outcome.stderr
        assert run("rotate", successor, "--overlap", "0h", "--expires", "2199-01-31").exit_code == 0


@pytest.mark.parametrize("overlap", ["soon", "1m", "-1d", "4000000d", "1.5d", "9999999999d"])
def test_an_overlap_that_cannot_be_read(url, run, overlap):
    """What is no age, or more than a hundred years, is refused with examples; both keys are as they were."""
    key_id, _, _ = created(run("create", "--new-organization", "Acme"))
    outcome = run("rotate", key_id, f"--overlap={overlap}")
    assert (outcome.exit_code, "such as 36h, 90d or 12w." in outcome.stderr) == (2, True), outcome.stderr
    assert [(key.id, key.expires_at) for key in stored(url)] == [(key_id, None)]


def test_keys_that_are_not_valid_are_not_rotated(url, run):
    """A key that is unknown, revoked or expired is named, and nothing is stored."""
    key_id, organization, _ = created(run("create", "--new-organization", "Acme"))
    run("revoke", key_id)
    expired, _, _ = created(run("create", "--organization", organization))
    run("rotate", expired, "--overlap", "0d")
    for wrong, reason in (("missing", "There is no key"), (key_id, "is revoked"), (expired, "has expired")):
        outcome = run("rotate", wrong)
        assert (outcome.exit_code, outcome.stdout, reason in outcome.stderr) == (1, "", True)
    assert len(stored(url)) == 3


def test_the_list_names_the_owners(run):
    """The list has the organization's name, and the user's address, beside the ids."""
    _, organization, _ = created(run("create", "--new-organization", "[b]Acme", "--name", "till"))
    created(run("create", "--kind", "csu", "--new-user", "ada@example.com", "--organization", organization))
    shown = run("list").stdout
    assert all(text in shown for text in ("[b]Acme", "ada@example.com", "till"))
