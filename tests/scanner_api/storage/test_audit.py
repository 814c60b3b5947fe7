"""The audit log has what was done, by whom, when and from where, and is only added to."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from scanner_api.scanning.scans.proposals import Proposal, ProposalStatus
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import AuditEntry, entry, purge_audit_log, read_audit_log
from scanner_api.storage.database import ConstraintError, DuplicateError
from scanner_api.storage.schema.tables import audit_log

ADA = Actor("operator:ada", "192.0.2.1")
URL = "https://example.com/\x00\ud800"


@pytest.fixture
def key(now):
    """A key of the organization."""
    return ApiKey(id="key", prefix="csb", name="till", created=now, organization_id="organization")


def test_keys_are_recorded(in_database, clock, key, now):
    """Who created and who revoked a key is there, newest first; a key that is unknown leaves nothing."""

    async def scenario(database):
        store = CredentialStore(database, clock)
        await store.add_api_key(key, "digest", ADA)
        assert await store.revoke_api_key("key")
        assert not await store.revoke_api_key("unknown", ADA)
        with pytest.raises(ConstraintError):
            await store.add_api_key(key, "digest", ADA)
        return await read_audit_log(database, limit=10)

    revoked, created = in_database(scenario)
    assert created == AuditEntry(
        number=created.number,
        at=now,
        actor="operator:ada",
        address="192.0.2.1",
        action="key.created",
        subject="key",
        organization_id="organization",
        details={"kind": "csb", "name": "till", "user": None},
    )
    assert (revoked.action, revoked.subject, revoked.at) == ("key.revoked", "key", now)
    assert (revoked.actor, revoked.address, revoked.organization_id) == (*UNKNOWN, "organization")
    assert revoked.number > created.number


def test_saved_redirects_and_applied_proposals_are_recorded(in_stores, scanned, milk, now):
    """A rule with its URL, and the ids of a capture's proposals; what fails or changes nothing is not."""
    product = f"whole-milk-1-l-{milk.gtin}"
    proposal = Proposal(
        id="proposal",
        capture_id="capture",
        field_name="name",
        current_value="",
        proposed_value="Milk",
        confidence="",
        reasoning="",
        source="",
        status=ProposalStatus.PENDING,
        metadata={},
        created=now,
    )

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        await stores.captures.add_many([scanned(product_short_id=product)])
        await stores.proposals.add_many([proposal])
        await stores.proposals.review("proposal", ProposalStatus.ACCEPTED)
        for _ in range(2):
            await stores.proposals.apply("capture", ADA)
        rule = await stores.rules.append("organization", product, URL, ADA)
        with pytest.raises(DuplicateError):
            await stores.rules.append("organization", product, URL, ADA)
        return rule, await read_audit_log(stores.database, limit=10)

    rule, (saved, applied) = in_stores(scenario)
    assert (saved.action, saved.subject, saved.details) == (
        "redirect.saved",
        rule.id,
        {"product": product, "url": URL},
    )
    assert (applied.action, applied.subject) == ("proposals.applied", "capture")
    assert applied.details == {"product": product, "proposals": ["proposal"]}
    assert {entry.organization_id for entry in (saved, applied)} == {"organization"}


def test_entries_are_read_in_parts(in_database, clock):
    """Before a number, of one organization, and no more than asked for."""

    async def scenario(database):
        for number in range(5):
            async with database.transaction() as connection:
                whose = "organization" if number % 2 else None
                await connection.execute(entry(clock.now(), ADA, Action.KEY_REVOKED, str(number), whose))
        first = await read_audit_log(database, limit=2)
        rest = await read_audit_log(database, limit=9, before=first[-1].number)
        own = await read_audit_log(database, limit=9, organization_id="organization")
        return [[entry.subject for entry in entries] for entries in (first, rest, own)]

    assert in_database(scenario) == [["4", "3"], ["2", "1", "0"], ["3", "1"]]


@pytest.mark.parametrize("change", [update(audit_log).values(actor="nobody"), delete(audit_log)])
def test_entries_are_neither_changed_nor_deleted(in_database, clock, change):
    """The database refuses, and the entry stays as it was recorded."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(entry(clock.now(), ADA, Action.KEY_REVOKED, "key"))
        before = await read_audit_log(database, limit=9)
        with pytest.raises(ConstraintError):
            await database.change(change)
        return before, await read_audit_log(database, limit=9)

    before, after = in_database(scenario)
    assert before == after != []


def test_old_entries_are_deleted(in_database, now):
    """Those of before a time, and no others; after that the log is protected as before."""

    async def scenario(database):
        for days in (500, 401, 399, 0):
            async with database.transaction() as connection:
                await connection.execute(
                    entry(now - timedelta(days=days), ADA, Action.KEY_REVOKED, str(days))
                )
        before = now - timedelta(days=400)
        numbers = [await purge_audit_log(database, before) for _ in range(2)]
        with pytest.raises(ConstraintError):
            await database.change(delete(audit_log))
        return numbers, [entry.subject for entry in await read_audit_log(database, limit=9)]

    assert in_database(scenario) == ([2, 0], ["0", "399"])


def test_what_is_rolled_back_is_not_recorded(in_database, clock):
    """An action and its entry are there together, or neither is."""

    async def scenario(database):
        with suppress(LookupError):
            async with database.transaction() as connection:
                await connection.execute(entry(clock.now(), ADA, Action.KEY_REVOKED, "key"))
                raise LookupError
        return await read_audit_log(database, limit=9)

    assert in_database(scenario) == []
