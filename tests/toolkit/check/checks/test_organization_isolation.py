"""Apps that tell one organization of another, and what the checks say of each."""

from __future__ import annotations

import json
import re

import pytest

from contract_first.check.checks.organization_isolation import OrganizationIsolation
from scanner_mocks import seeds

OTHER = seeds.OTHER_ORGANIZATION_KEY


def mistaken(exchange, *, where):
    """Take the other organization for the first, where it applies."""
    if exchange.sent.get("x-api-key") == OTHER and where(exchange):
        exchange.sent["x-api-key"] = seeds.UNLIMITED_KEY


def reads(exchange):
    """Let everyone read what has an id."""
    mistaken(exchange, where=lambda asked: asked.method == "GET" and not asked.path.endswith("/sessions"))


def writes(exchange):
    """Let everyone change what has an id."""
    mistaken(exchange, where=lambda asked: asked.method != "GET")


def lists(exchange):
    """List everyone's."""
    mistaken(exchange, where=lambda asked: asked.method == "GET" and asked.path.endswith("/sessions"))


WRONG = {"read": reads, "write": writes, "list": lists}


def gossip():
    """Forbid what is another organization's, instead of not knowing it."""
    ids = set()

    def spoil(exchange):
        if exchange.status == 201 and exchange.body.startswith(b"{"):
            ids.add(json.loads(exchange.body)["id"])
        elif exchange.sent.get("x-api-key") == OTHER and ids & set(re.split("/", exchange.path)):
            problem = json.loads(exchange.body)
            problem |= {"status": 403, "title": "Forbidden", "error_code": "forbidden"}
            problem["type"] = problem["type"].replace("not_found", "forbidden")
            exchange.status, exchange.body = 403, json.dumps(problem).encode()

    return spoil


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == OrganizationIsolation.rules.keys()


@pytest.mark.parametrize("rule", WRONG)
def test_a_leak_is_caught(findings, rule):
    """An app that mixes organizations up in one way breaks that rule, and no other of any check."""
    assert findings(ask=WRONG[rule]) == {("organization_isolation", rule)}


def test_a_403_instead_of_a_404_is_caught(findings):
    """An app that forbids what is another's, instead of not knowing it, tells that it is there."""
    caught = findings(response=gossip())
    assert caught == {("organization_isolation", "read"), ("organization_isolation", "write")}
