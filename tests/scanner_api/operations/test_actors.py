"""Who changes what others see is handed to the stores that record it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contract_first.service.clock import SystemClock
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.request import Request
from scanner_api.access.callers import Caller
from scanner_api.operations.enrichment import apply_proposals
from scanner_api.operations.resolve import save_redirect
from scanner_api.storage.actions import Actor

CALLER = Caller("key:a", frozenset({"organization"}))
PROXIES = TrustedProxies(["192.0.2.0/24"])


class Store:
    """A store of captures, of proposals and of rules, which knows who acted."""

    actor = None

    async def get(self, _capture_id):
        """Return a capture with a product."""
        capture = SimpleNamespace(id="capture", session_id="session", product_short_id="milk")
        return SimpleNamespace(capture=capture, organization_id="organization", created_by="key:a")

    async def apply(self, _capture_id, actor, _turns):
        """Apply nothing."""
        self.actor = actor
        return []

    async def append(self, _organization_id, product, url, actor):
        """Return a rule."""
        self.actor = actor
        return SimpleNamespace(id="rule", product_short_id=product, url=url, order_index=0, created=None)


@pytest.fixture
def store():
    """A store."""
    return Store()


@pytest.fixture
def request_of():
    """Return what makes the request of a peer for a client."""

    def make(peer):
        scope = {
            "method": "POST",
            "path": "/",
            "query_string": b"",
            "headers": [(b"x-forwarded-for", b"198.51.100.7")],
            "client": (peer, 1),
        }
        return Request(scope, None, "request", SystemClock())

    return make


@pytest.mark.parametrize(("peer", "address"), [("192.0.2.1", "198.51.100.7"), ("203.0.113.5", "203.0.113.5")])
async def test_actors_are_callers_at_the_addresses_of_clients(store, request_of, peer, address):
    """The address is the one that a trusted proxy forwards for, and else the peer's."""
    await apply_proposals("capture", CALLER, request_of(peer), store, store, PROXIES)
    assert store.actor == Actor("key:a", address)
    store.actor = None
    body = {"url": "https://example.com/"}
    await save_redirect("capture", body, CALLER, request_of(peer), store, store, PROXIES)
    assert store.actor == Actor("key:a", address)
