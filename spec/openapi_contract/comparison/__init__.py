"""Compares two contracts: what changed, by which rule, and in which operations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi_contract import pointers
from openapi_contract.contract import Contract
from openapi_contract.imports import resting_collector
from openapi_contract.operation import Operation
from openapi_contract.terminal import printable

from .effort import Effort
from .findings import Finding, Located, finding
from .messages import MessageComparison
from .rules import RULES, Rule, Severity, Side
from .security import SecurityComparison

__all__ = ["RULES", "Change", "Rule", "Severity", "Side", "compare"]

Key = tuple[str, str]
OF_AN_OPERATION = 0.5
"""Steps that a change is in each operation."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change, and the operations in which clients meet it.

    Attributes:
        finding: rule, place and detail.
        operations: ``GET /pets``, in the order of the document.
    """

    finding: Finding
    operations: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        """What it does to clients of the old contract."""
        return self.finding.rule.severity


@resting_collector()
def compare(old: Contract, new: Contract) -> list[Change]:
    """Return what changed from one contract to another, the worst first, then in the order of the document.

    What several operations share is one change. Webhooks, callbacks, links, tags, prose,
    ``allowReserved`` and ``allowEmptyValue`` are not compared.

    Raises:
        ContractError: there is more to look at than a comparison may take.
    """
    if old.digest == new.digest:
        return []
    effort = Effort(new.source, old.source)
    found: dict[Finding, dict[str, None]] = {}
    for operation, each in _Comparison(old, new, effort).findings():
        effort.spend(OF_AN_OPERATION)
        found.setdefault(each, {})[operation] = None
    changes = [Change(each, tuple(operations)) for each, operations in found.items()]
    ranks = list(Severity)
    return sorted(changes, key=lambda change: ranks.index(change.severity))


class _Comparison:
    """Goes through the operations of two contracts."""

    def __init__(self, old: Contract, new: Contract, effort: Effort) -> None:
        self._old, self._new = old, new
        self._security = SecurityComparison(old, new, effort)
        self._messages = MessageComparison(old, new, effort)
        self._server_changes: dict[tuple[str, ...], list[Finding]] = {}

    def findings(self) -> Iterator[tuple[str, Finding]]:
        before, now = _operations(self._old), _operations(self._new)
        for key, old in before.items():
            changes = (
                self._operation(old, now[key])
                if key in now
                else [_alone(key, self._old, old, now, "removed")]
            )
            label = printable(old.label)
            yield from ((label, each) for each in changes)
        for key, new in now.items():
            if key not in before:
                yield printable(new.label), _alone(key, self._new, new, before, "added")

    def _operation(self, old: Operation, new: Operation) -> Iterator[Finding]:
        before, now = old.definition, new.definition
        if (now_id := now.get("operationId")) != (old_id := before.get("operationId")):
            yield finding("operation-id-renamed", _at(self._new, new), f"{now_id}, was {old_id}")
        if (is_deprecated := now.get("deprecated", False)) != before.get("deprecated", False):
            yield finding(f"operation-{'' if is_deprecated else 'un'}deprecated", _at(self._new, new))
        yield from self._servers(_holder(self._old, old), _holder(self._new, new))
        yield from self._security.findings(old, new)
        yield from self._messages.findings(old, new)

    def _servers(self, *holders: str) -> list[Finding]:
        """Return what differs in the servers of two places, once for all operations that have them."""
        if (changes := self._server_changes.get(holders)) is None:
            old, new = _servers(self._old, holders[0]), _servers(self._new, holders[1])
            changes = [finding("server-removed", old[url], url or "/") for url in old if url not in new]
            changes += [finding("server-added", new[url], url or "/") for url in new if url not in old]
            self._server_changes[holders] = changes
        return changes


def _operations(contract: Contract) -> dict[Key, Operation]:
    """Return the operations by path and method; how a path names its parameters makes no difference."""
    return {(re.sub(r"\{[^{}]*\}", "{}", each.path), each.method): each for each in contract.operations}


def _alone(key: Key, contract: Contract, operation: Operation, others: dict[Key, Any], kind: str) -> Finding:
    """Return that one contract alone has an operation, or its whole path, which all of it share."""
    if any(path == key[0] for path, _ in others):
        return finding(f"operation-{kind}", _at(contract, operation))
    path = pointers.join("/paths", operation.path)
    return finding(f"path-{kind}", Located({}, path, "", contract.origin))


def _at(contract: Contract, operation: Operation) -> Located:
    return Located(operation.definition, operation.pointer, "", contract.origin)


def _holder(contract: Contract, operation: Operation) -> str:
    """Return the pointer of what has the servers of an operation: itself, its path, or the document."""
    holders = operation.pointer, operation.pointer.rpartition("/")[0]
    return next((each for each in holders if pointers.lookup(contract.document, each).get("servers")), "")


def _servers(contract: Contract, holder: str) -> dict[str, Located]:
    """Return servers by base URL; without any, requests go to where the document is."""
    pointer = pointers.join(holder, "servers")
    servers = pointers.lookup(contract.document, holder).get("servers") or [{"url": ""}]
    return {_base_url(each): Located(each, pointer, "servers", contract.origin) for each in servers}


def _base_url(server: Mapping[str, Any]) -> str:
    """Return what paths are appended to, variables at their defaults."""
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", variable["default"])
    return url.rstrip("/")
