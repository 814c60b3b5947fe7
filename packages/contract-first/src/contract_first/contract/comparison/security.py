"""Compares the security requirements of operations."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from contract_first.contract.contract import Contract
from contract_first.contract.operation import Operation
from contract_first.contract.schemas.parts import Part

from .changes import Difference
from .effort import Effort

Requirement = dict[str, frozenset[str]]
"""Scopes by scheme, all of which are required; an empty one requires no credentials."""
REVERSE = {
    "scope-added": "scope-removed",
    "scheme-added": "scheme-removed",
    "alternative-removed": "alternative-added",
}
NOT_COMPARED = {"description", "scopes", "bearerFormat"}


class SecurityComparison:
    """Compares the security of operations of two contracts; a scheme may have another name in each."""

    def __init__(self, old: Contract, new: Contract, effort: Effort) -> None:
        self._origin = new.origin
        self._effort = effort
        self._old, self._new = (
            {name: _definition(scheme) for name, scheme in contract.security_schemes.items()}
            for contract in (old, new)
        )
        names = {definition: name for name, definition in self._old.items()}
        self._names = {
            name: name if name in self._old else names.get(definition, name)
            for name, definition in self._new.items()
        }

    def differences(self, old: Operation, new: Operation) -> Iterator[Difference]:
        """Yield the differences of the credentials that two operations require."""
        at = Part(new.definition, new.pointer, "security", self._origin)
        before = _requirements(old.security)
        now = [
            {self._names[name]: scopes for name, scopes in requirement.items()}
            for requirement in _requirements(new.security)
        ]
        yield from self._schemes(before, now, at)
        if ({} in before) != ({} in now):
            yield Difference.of(f"security-{'added' if {} in before else 'removed'}", at)
            return
        if before == now:
            return
        self._effort.spend(len(before) * len(now))
        for rule, required, requirement in _refused(before, now):
            yield Difference.of(f"security-{rule}", at, _described(required, requirement))
        for rule, required, requirement in _refused(now, before):
            yield Difference.of(f"security-{REVERSE[rule]}", at, _described(requirement, required))

    def _schemes(self, old: list[Requirement], new: list[Requirement], at: Part) -> Iterator[Difference]:
        for name in sorted(set(chain(*old)) & set(chain(*new))):
            if name in self._new and self._old[name] != self._new[name]:
                yield Difference.of("security-scheme-changed", at, name)


def _definition(scheme: Any) -> str:
    """Return the canonical JSON of a scheme, without its description and scopes."""
    return json.dumps(_without(scheme), sort_keys=True)


def _without(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    return {
        key: value.lower() if key == "scheme" and isinstance(value, str) else _without(value)
        for key, value in node.items()
        if key not in NOT_COMPARED and not key.startswith("x-")
    }


def _requirements(alternatives: Sequence[Mapping[str, Sequence[str]]]) -> list[Requirement]:
    return [
        {name: frozenset(scopes) for name, scopes in requirement.items()} for requirement in alternatives
    ] or [{}]


def _suffices(credentials: Requirement, required: Requirement) -> bool:
    """Tell whether credentials include the required ones."""
    return all(name in credentials and scopes <= credentials[name] for name, scopes in required.items())


def _refused(
    alternatives: list[Requirement], required: list[Requirement]
) -> Iterator[tuple[str, Requirement, Requirement]]:
    """Yield the rule by which credentials do not suffice, the requirement that is near, if any, and them."""
    for credentials in alternatives:
        if any(_suffices(credentials, other) for other in required):
            continue
        alike = [other for other in required if other.keys() == credentials.keys()]
        wider = [other for other in required if other.keys() > credentials.keys() and credentials]
        rule = "scope-added" if alike else "scheme-added" if wider else "alternative-removed"
        yield rule, next(iter(alike or wider), {}), credentials


def _described(now: Requirement, before: Requirement) -> str:
    """Return the credentials required now and before, or those of the two that exist."""
    return f"{_words(now)}, was {_words(before)}" if now and before else _words(now or before)


def _words(required: Requirement) -> str:
    return " and ".join(
        f"{name} ({', '.join(sorted(scopes))})" if scopes else name
        for name, scopes in sorted(required.items())
    )
