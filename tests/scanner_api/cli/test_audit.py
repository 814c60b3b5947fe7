"""``scanner-api audit`` on a real database."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import pwd
import socket
from datetime import UTC, datetime

from scanner_api.cli.audit import operator
from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import Database

ESCAPE = "https://example.com/\x1b[2J"


def test_keys_that_commands_create_and_revoke(run):
    """Who ran the command on which machine is listed, for people and for programs; no secret is."""
    secret = run("keys", "create", "--quiet", "--new-organization", "Acme", "--name", "till").stdout.strip()
    listed = json.loads(run("audit", "--json").stdout)["entries"]
    run("keys", "rotate", listed[0]["subject"])
    run("keys", "revoke", listed[0]["subject"])
    outcome = run("audit", "--json", "--organization", listed[0]["organization_id"])
    entries = json.loads(outcome.stdout)["entries"]
    assert [entry["action"] for entry in entries] == [
        "key.revoked",
        "key.rotated",
        "key.created",
        "organization.created",
    ]
    assert {entry["subject"] for entry in entries[:-1]} == {listed[0]["subject"]}
    created = entries[-2]
    assert created["actor"] == f"operator:{pwd.getpwuid(os.getuid()).pw_name}"
    assert created["address"] == socket.gethostname()
    assert created["details"] == {"kind": "csb", "name": "till", "user": None}
    shown = run("audit").stdout
    for part in ("key.revoked", created["subject"], created["actor"], "name till", created["at"][:10]):
        assert part in shown
    assert secret[4:36] not in outcome.stdout + shown


def test_what_else_commands_do(run, tmp_path):
    """Organizations, imports and secrets are recorded, and no import that stores nothing."""
    acme = run("organizations", "create", "--quiet", "Acme").stdout.strip()
    products, rules = tmp_path / "products.csv", tmp_path / "rules.csv"
    products.write_text("gtin,name\n09521234000013,Whole Milk\nx,Wrong\n")
    rules.write_text("brick,category,warning_days,critical_days\n10000025,Milk,2,1\n")
    run("products", "import", str(products))
    run("freshness", "import", str(rules))
    run("freshness", "import", str(rules), "--organization", acme)
    run("secrets", "rotate")
    products.write_text("gtin,name\nx,Wrong\n")
    run("products", "import", str(products))
    run("freshness", "import", str(rules), "--organization", "another")
    entries = json.loads(run("audit", "--json").stdout)["entries"][::-1]
    assert [(each["action"], each["subject"], each["organization_id"]) for each in entries] == [
        ("organization.created", acme, acme),
        ("products.imported", "products.csv", None),
        ("freshness.imported", "rules.csv", None),
        ("freshness.imported", "rules.csv", acme),
        ("secret.rotated", "photo-keys", None),
    ]
    assert [each["details"].get("rows") for each in entries] == [None, 1, 1, 1, None]
    assert entries[0]["details"] == {"name": "Acme"}
    assert {each["actor"] for each in entries} == {operator().name}


def test_an_import_that_ends_early(run, tmp_path):
    """Of a file that is cut off the rows that are stored are recorded, not those that were read."""
    rows = "".join(f"{gtin_of(number)},{number * 7919}\n" for number in range(1500))
    whole = gzip.compress(f"gtin,name\n{rows}".encode())
    products = tmp_path / "products.csv.gz"
    products.write_bytes(whole[:-40])
    assert run("products", "import", str(products)).exit_code == 1
    (entry,) = json.loads(run("audit", "--json").stdout)["entries"]
    assert (entry["action"], entry["details"]) == ("products.imported", {"rows": 1000})
    assert "1,000 products in all" in run("products", "list").stdout


def gtin_of(number):
    """Return a GTIN of 14 digits with its check digit."""
    digits = f"0{number:012}"
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def test_nothing_and_other_organizations(run):
    """A log without such entries says so, and JSON is the same as ever."""
    assert "no such entries" in run("audit").stdout
    assert json.loads(run("audit", "--json").stdout) == {"entries": [], "has_more": False}
    run("keys", "create", "--new-organization", "Acme")
    assert "no such entries" in run("audit", "--organization", "another").stdout


def test_lists_are_bounded_and_go_on(run, url):
    """What is left out is said, and how to list it; URLs of strangers do nothing to a terminal."""

    async def fill():
        database = Database(url)
        try:
            await database.migrate()
            for number in range(3):
                async with database.transaction() as connection:
                    now = datetime(2026, 3, 14, tzinfo=UTC)
                    actor = Actor("key:a", "192.0.2.1")
                    await connection.execute(
                        entry(now, actor, Action.REDIRECT_SAVED, f"rule{number}", url=ESCAPE)
                    )
        finally:
            await database.close()

    asyncio.run(fill())
    shown = run("audit", "--limit", "2").stdout
    assert "rule2" in shown
    assert "rule0" not in shown
    assert "--before 2" in shown
    assert "\x1b[2J" not in shown
    rest = json.loads(run("audit", "--before", "2", "--json").stdout)
    assert [entry["subject"] for entry in rest["entries"]] == ["rule0"]
    assert not rest["has_more"]
    assert run("audit", "--limit", "0").exit_code == 2


def test_a_user_without_a_name(monkeypatch):
    """Commands run in containers whose user has no name."""

    def nameless(_):
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nameless)
    assert operator().name == "operator:unknown"


def test_the_environment_names_no_operator(monkeypatch):
    """Variables such as LOGNAME could name anybody."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert operator().name == f"operator:{pwd.getpwuid(os.getuid()).pw_name}"
