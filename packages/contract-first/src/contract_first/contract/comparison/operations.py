"""Compares the operations of two contracts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.operation import Operation
from contract_first.contract.schemas.parts import Part
from contract_first.imports import resting_collector
from contract_first.terminal import printable

from .changes import Change, Difference
from .effort import Effort
from .lifetime import LEVELS, UNSTABLE, is_over, level_of, sunset_changes
from .messages import MessageComparison
from .rules import Severity
from .security import SecurityComparison

Key = tuple[str, str]
OF_AN_OPERATION = 0.5
"""Steps that a change is in each operation."""


@resting_collector()
def compare(old: Contract, new: Contract) -> list[Change]:
    """Return what changed from one contract to another, the worst first, then in the order of the document.

    A change of a component that several operations share is listed once. Links, tags, prose,
    ``allowReserved`` and ``allowEmptyValue`` are not compared.

    Raises:
        ContractError: the contracts are too large to compare.
    """
    if old.digest == new.digest:
        return []
    effort = Effort(new.source, old.source)
    affected: dict[Difference, dict[str, None]] = {}
    for operation, difference in _Comparison(old, new, effort).differences():
        effort.spend(OF_AN_OPERATION)
        affected.setdefault(difference, {})[operation] = None
    changes = [Change(difference, tuple(operations)) for difference, operations in affected.items()]
    ranks = list(Severity)
    return sorted(changes, key=lambda change: ranks.index(change.severity))


class _Comparison:
    """The comparison of two contracts, operation by operation."""

    def __init__(self, old: Contract, new: Contract, effort: Effort) -> None:
        self._old, self._new = old, new
        self._security = SecurityComparison(old, new, effort)
        self._messages = MessageComparison(old, new, effort)
        self._server_changes: dict[tuple[str, ...], list[Difference]] = {}

    def differences(self) -> Iterator[tuple[str, Difference]]:
        before, now = _operations(self._old), _operations(self._new)
        for key, old in before.items():
            changes = (
                self._operation(old, now[key])
                if key in now
                else [_alone(key, self._old, old, now, "removed")]
            )
            label = printable(old.label)
            yield from ((label, change) for change in changes)
        for key, new in now.items():
            if key not in before:
                yield printable(new.label), _alone(key, self._new, new, before, "added")
        yield from self._webhooks()

    def _webhooks(self) -> Iterator[tuple[str, Difference]]:
        """Yield the differences of webhooks and callbacks, which clients receive."""
        before, now = (
            {operation.label: operation for operation in contract.webhooks}
            for contract in (self._old, self._new)
        )
        for label in before | now:
            old, new = before.get(label), now.get(label)
            if old and new:
                changes = list(self._messages.differences_of_received(old, new))
            elif old:
                changes = [Difference.of("webhook-removed", _at(self._old, old))]
            else:
                changes = [Difference.of("webhook-added", _at(self._new, now[label]))]
            yield from ((printable(label), change) for change in changes)

    def _operation(self, old: Operation, new: Operation) -> Iterator[Difference]:
        level, level_now = level_of(old.definition), level_of(new.definition)
        changes = self._changes(old, new)
        if level in UNSTABLE:
            at = _at(self._new, new)
            rule = "unstable-operation-changed"
            changes = (
                change
                if change.rule.severity is Severity.SAFE
                else Difference.of(rule, at, f"{change.rule.name} {change.where}")
                for change in changes
            )
        if level != level_now:
            kind = "decreased" if LEVELS.index(level_now) < LEVELS.index(level) else "increased"
            yield Difference.of(f"stability-{kind}", _at(self._new, new), f"{level_now}, was {level}")
        yield from changes

    def _changes(self, old: Operation, new: Operation) -> Iterator[Difference]:
        before, now = old.definition, new.definition
        if (now_id := now.get("operationId")) != (old_id := before.get("operationId")):
            yield Difference.of("operation-id-renamed", _at(self._new, new), f"{now_id}, was {old_id}")
        if (is_deprecated := now.get("deprecated", False)) != before.get("deprecated", False):
            yield Difference.of(f"operation-{'' if is_deprecated else 'un'}deprecated", _at(self._new, new))
        yield from sunset_changes(_at(self._old, old), _at(self._new, new))
        yield from self._servers(_holder(self._old, old), _holder(self._new, new))
        yield from self._security.differences(old, new)
        yield from self._messages.differences(old, new)

    def _servers(self, *holders: str) -> list[Difference]:
        """Return the differences of two holders' servers, once for all operations that share them."""
        if (changes := self._server_changes.get(holders)) is None:
            old, new = _servers(self._old, holders[0]), _servers(self._new, holders[1])
            changes = [Difference.of("server-removed", old[url], url or "/") for url in old if url not in new]
            changes += [Difference.of("server-added", new[url], url or "/") for url in new if url not in old]
            self._server_changes[holders] = changes
        return changes


def _operations(contract: Contract) -> dict[Key, Operation]:
    """Return the operations by path and method, regardless of the names of path parameters."""
    return {
        (re.sub(r"\{[^{}]*\}", "{}", operation.path), operation.method): operation
        for operation in contract.operations
    }


def _alone(
    key: Key, contract: Contract, operation: Operation, others: dict[Key, Any], kind: str
) -> Difference:
    """Return the difference of an operation, or of its whole path, that only one contract has."""
    if kind == "removed" and level_of(operation.definition) in UNSTABLE:
        return Difference.of("unstable-operation-changed", _at(contract, operation), "operation-removed")
    if kind == "removed" and is_over(operation.definition):
        return Difference.of("operation-removed-after-sunset", _at(contract, operation))
    if any(path == key[0] for path, _ in others):
        return Difference.of(f"operation-{kind}", _at(contract, operation))
    path = pointers.join("/paths", operation.path)
    return Difference.of(f"path-{kind}", Part({}, path, "", contract.origin))


def _at(contract: Contract, operation: Operation) -> Part:
    return Part(operation.definition, operation.pointer, "", contract.origin)


def _holder(contract: Contract, operation: Operation) -> str:
    """Return the pointer of the holder of an operation's servers: itself, its path, or the document."""
    holders = operation.pointer, operation.pointer.rpartition("/")[0]
    return next(
        (pointer for pointer in holders if pointers.lookup(contract.document, pointer).get("servers")), ""
    )


def _servers(contract: Contract, holder: str) -> dict[str, Part]:
    """Return servers by base URL; without any, it is that of the document."""
    pointer = pointers.join(holder, "servers")
    servers = pointers.lookup(contract.document, holder).get("servers") or [{"url": ""}]
    return {_base_url(server): Part(server, pointer, "servers", contract.origin) for server in servers}


def _base_url(server: Mapping[str, Any]) -> str:
    """Return the base URL of a server, with variables at their defaults."""
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", variable["default"])
    return url.rstrip("/")
