"""How much of an organization and of a credential may wait to be processed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contract_first.service.messages.problems import RateLimited
from scanner_api.processing.backlog import Backlog


def session(organization, credential):
    """Return the work for a session."""
    return SimpleNamespace(organization_id=organization, created_by=credential)


class Counts:
    """A database whose counts are set, and are counted how often they are read."""

    def __init__(self):
        self.waiting = {}
        self.read = 0
        self.seconds = 0.0

    async def count(self, organization):
        """Return the counts of an organization."""
        self.read += 1
        return self.waiting.get(organization, {})

    def backlog(self, organization=5, credential=3):
        """Return a backlog with these limits."""
        return Backlog(self.count, organization, credential, ticks=lambda: self.seconds)


async def test_a_credential_and_an_organization_have_limits():
    """A credential is admitted up to its own limit, all of an organization up to theirs; others go on."""
    backlog = Counts().backlog()
    assert await backlog.admit_many(session("a", "key:1"), 10) == 3
    assert await backlog.admit_many(session("a", "key:2"), 10) == 2
    assert await backlog.admit_many(session("a", "key:3"), 1) == 0
    assert await backlog.admit_many(session("b", "key:4"), 2) == 2


async def test_a_refusal_says_when_to_retry():
    """Beyond the limit it is a 429 with Retry-After."""
    backlog = Counts().backlog(credential=1)
    await backlog.admit(session("a", "key:1"))
    with pytest.raises(RateLimited, match="waiting to be processed") as refused:
        await backlog.admit(session("a", "key:1"))
    assert refused.value.headers == {"Retry-After": "10"}
    assert refused.value.retry_after == "10"


async def test_the_database_is_asked_once_a_second_and_before_a_refusal():
    """What other processes enqueued and what has ended is known a second later, or when it matters."""
    counts = Counts()
    backlog = counts.backlog()
    for _ in range(3):
        await backlog.admit(session("a", "key:1"))
    assert counts.read == 1
    counts.seconds += 0.5
    await backlog.admit(session("a", "key:1"))
    assert counts.read == 2
    counts.waiting["a"] = {"key:9": 5}
    counts.seconds += 1
    assert await backlog.admit_many(session("a", "key:1"), 1) == 0
    assert counts.read == 3
