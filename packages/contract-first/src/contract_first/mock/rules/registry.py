"""The active rules, and how often each was applied."""

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from heapq import merge
from itertools import count
from operator import itemgetter
from random import Random
from typing import Any, Final, Literal, NamedTuple

import msgspec

from contract_first.contract.contract import is_named
from contract_first.mock.journal.matching import is_pattern
from contract_first.mock.rule import Effect, MatchableRequest, Rule, RuleError
from contract_first.service.messages.problems import Conflict

Kind = Literal["fault", "override"]
KINDS: Final[tuple[Kind, ...]] = ("fault", "override")
"""The kinds of rules, in the order that they are tried."""
MOST_RULES = 1000
MOST_RECORDED = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""Of all active rules, as JSON."""
SOURCES = ("", "file", "recording", "upstream")
"""Where rules come from, in the order that they are tried; all but the first last as long as the mock."""
KEYS = (str, int, float)
"""Types of values by which rules are looked up."""


def key_of(value: str | float) -> tuple[bool, str | float]:
    """Return what equal JSON values have in common: 1 is 1.0, and not true."""
    return isinstance(value, bool), value


class Injection(NamedTuple):
    """The effect on one request.

    Attributes:
        rule: id of the rule that applies.
        number: counts the requests that it applied to, from 1.
        seed: of chance, another for each of them.
    """

    rule: str
    effect: Effect
    seconds: float
    number: int = 1
    seed: int = 0


class ActiveRule:
    """A rule that is on.

    Args:
        seed: of chance; the same seed, the same requests affected.
        source: one of `SOURCES`.

    Attributes:
        beginning: of the paths that it matches, before any pattern.
    """

    def __init__(self, rule: Rule, seed: int, kind: Kind = "fault", source: str = "") -> None:
        self.rule = rule
        self.kind = kind
        self.source = source
        self.struck = 0
        self._matched = 0
        self._conditions = rule.match.conditions()
        self.beginning = re.split(r"[*?]", rule.match.path, maxsplit=1)[0]  # the pattern itself is slower
        drawn_from = msgspec.json.encode(msgspec.structs.replace(rule, id=""))
        self.size = len(drawn_from)
        self._seed = seed
        self._random = Random(b"%d %s" % (seed, drawn_from))  # noqa: S311 -- repeatable, not secret

    def reset(self, rule: Rule | None = None) -> "ActiveRule":
        """Return the rule, or another one in its place, which has applied to no request."""
        return ActiveRule(rule or self.rule, self._seed, self.kind, self.source)

    def injection(self, request: MatchableRequest) -> Injection | None:
        """Return the effect on a request, and count it; None if the rule does not apply."""
        rule = self.rule
        if (rule.times is not None and self.struck >= rule.times) or not rule.matches(request):
            return None
        if not all(condition.is_met(request) for condition in self._conditions):
            return None
        self._matched += 1
        if self._matched <= rule.skip or self._random.random() >= rule.probability:
            return None
        self.struck += 1
        effect = rule.effect.step(self.struck)
        seconds = effect.seconds(self._random)
        seed = self._random.getrandbits(64) if effect.respond or effect.patch else 0
        return Injection(rule.id, effect, seconds, self.struck, seed)

    @property
    def key(self) -> tuple[str, str, Any] | None:
        """A value that requests need under a name in a place, if it needs one that can be looked up."""
        for place, name, kind, expected in self._conditions:
            if kind == "equals" and isinstance(expected, KEYS):
                return place, name, key_of(expected)
        return None

    def may_match(self, operation: str, path: str) -> bool:
        """Return whether the rule may match a request for an operation; the path is empty for any other."""
        match = self.rule.match
        return (not match.operation or is_named(operation, match.operation)) and (
            not match.path or match.path == path or is_pattern(match.path)
        )

    def counted(self) -> Rule:
        """Return the rule and how often it was applied."""
        return msgspec.structs.replace(self.rule, struck=self.struck)


class ByValue:
    """Rules in their order, of which those that need a value of a request are looked up by it."""

    def __init__(self, rules: Iterable[ActiveRule]) -> None:
        self._others: list[tuple[int, ActiveRule]] = []
        self._keyed: dict[tuple[str, str], dict[Any, list[tuple[int, ActiveRule]]]] = {}
        for entry in enumerate(rules):
            if (key := entry[1].key) is None:
                self._others.append(entry)
            else:
                place, name, value = key
                self._keyed.setdefault((place, name), {}).setdefault(value, []).append(entry)

    def matching(self, request: MatchableRequest) -> Iterator[ActiveRule]:
        """Yield the rules that may match a request, in their order."""
        having = [
            by_value[key]
            for (place, name), by_value in self._keyed.items()
            for key in {key_of(value) for value in request.values(place, name) if isinstance(value, KEYS)}
            if key in by_value
        ]
        path = request.path
        others = [entry for entry in self._others if path.startswith(entry[1].beginning)]
        return (active for _, active in merge(others, *having, key=itemgetter(0)))


class Active:
    """The active rules in their order, and which of them may match, by operation, path and values."""

    def __init__(self, rules: Iterable[ActiveRule] = ()) -> None:
        self.rules = tuple(rules)
        self._paths = {active.rule.match.path for active in self.rules}
        self._matching: dict[tuple[str, str], ByValue] = {}

    def matching(self, request: MatchableRequest) -> Iterable[ActiveRule]:
        """Return the rules that may match a request."""
        place = request.operation, request.path if request.path in self._paths else ""
        if place not in self._matching:
            self._matching[place] = ByValue(active for active in self.rules if active.may_match(*place))
        return self._matching[place].matching(request)


class Rules:
    """The active rules: faults, and then overrides, which a recording has too; any thread may use it.

    Faults are tried in the order that they are added, overrides the newest first.

    Args:
        follow: called with S3's rules after each change of them, in order. A change of rules waits for
            it, so that is not for an event loop's own thread.

    Attributes:
        on_api: whether one of them is on the API.
        on_s3: whether one of them is on S3.
        ended: whether delays are over, since the mock ends.
        services: the operations of each service.
        operations: the operations of the API and of S3, which has faults alone; None where any name may be an
            operation.
        reads_bodies: whether one of them needs the beginning of an API request's body.
        reads_items: whether one of them needs the stored item that an API request is for.
        validate: raises RuleError for a rule of a kind that is to be refused.
    """

    def __init__(self, seed: int = 0, follow: Callable[[list[Rule]], None] = lambda _: None) -> None:
        self._seed = seed
        self._follow = follow
        self._numbers = {kind: count(1) for kind in KINDS}
        self._changing = threading.Lock()
        self._striking = threading.Lock()
        self._active = Active()
        self.on_api = self.on_s3 = False
        self.services: Mapping[Any, Collection[str]] = {}
        self.operations: dict[str, Collection[str]] | None = None
        self.ended = False
        self.reads_bodies = self.reads_items = False
        self.validate: Callable[[Rule, Kind], None] = lambda _rule, _kind: None

    def check(self, rule: Rule, kind: Kind = "fault") -> None:
        """Raise RuleError for a rule that this mock does not have the server or operation of, or refuses."""
        self.check_place(rule, kind)
        if self.operations is not None:
            self.validate(rule, kind)

    def check_place(self, rule: Rule, kind: Kind = "fault") -> None:
        """Raise RuleError for a rule that this mock does not have the server or operation of."""
        servers = self.operations
        if servers is None:
            return
        if rule.on not in servers or (rule.on == "s3" and kind == "override"):
            raise RuleError("/on", "on", f"is {rule.on}, which this mock does not have")
        service, name = rule.match.service, rule.match.operation
        if service and service not in self.services:
            names = ", ".join(filter(None, self.services)) or "none"
            raise RuleError("/match/service", "service", f"is not a service of this mock; there are: {names}")
        operations = self.services[service] if service else servers[rule.on]
        if name and not any(is_named(operation, name) for operation in operations):
            ends = {operation[-len(name) :]: operation for operation in operations}
            close = " or ".join(ends[end] for end in get_close_matches(name, ends, n=2))
            hint = f"; close to it: {close}" if close else ""
            raise RuleError("/match/operation", "operation", f"is not an operation of {rule.on}{hint}")

    def add(self, *rules: Rule, kind: Kind = "fault") -> list[Rule]:
        """Activate rules, and return them with their ids.

        Raises:
            RuleError: one is on a server or operation that this mock does not have; none was added.
            Conflict: there would be more than a thousand, or they would be too large; none was added.
        """
        for rule in rules:
            self.check(rule, kind)
        with self._changing:
            before = self._active.rules
            new = self._numbered(rules, before, kind)
            self._replace((*new, *before) if kind == "override" else (*before, *new))
        return [active.rule for active in new]

    def load(self, rules: Sequence[Rule], source: str = "file") -> None:
        """Replace the overrides of a source, which stay when all are cleared, and come after the others.

        Args:
            rules: all have been checked.
            source: one of `SOURCES`.

        Raises:
            Conflict: there would be too many, or they would be too large; the others stay.
        """
        with self._changing:
            others = [active for active in self._active.rules if active.source != source]
            loaded = self._numbered(rules, others, "override", source)
            self._replace(sorted((*others, *loaded), key=lambda active: SOURCES.index(active.source)))

    def change(self, rule_id: str, rule: Rule) -> Rule | None:
        """Replace an override, which counts from 0; return the new one, or None if there is none of this id.

        Raises:
            RuleError: it is on a server or operation that this mock does not have.
        """
        self.check(rule, "override")
        changed = msgspec.structs.replace(rule, id=rule_id, struck=0)
        with self._changing:
            if rule_id not in self._ids("override"):
                return None
            self._replace(a.reset(changed) if a.rule.id == rule_id else a for a in self._active.rules)
        return changed

    def order(self, rule_ids: Sequence[str]) -> str:
        """Put overrides first, in an order; return the first id of which there is none, else nothing."""
        with self._changing:
            ids = self._ids("override")
            if unknown := [rule_id for rule_id in rule_ids if rule_id not in ids]:
                return unknown[0]
            place = {rule_id: number for number, rule_id in reversed([*enumerate(rule_ids)])}
            last = len(place)
            self._replace(sorted(self._active.rules, key=lambda active: place.get(active.rule.id, last)))
        return ""

    def remove(self, rule_id: str, kind: Kind) -> bool:
        """Remove a rule; return whether it was active."""
        with self._changing:
            if was_active := rule_id in self._ids(kind):
                self._replace(active for active in self._active.rules if active.rule.id != rule_id)
        return was_active

    def clear(self, scope: str | None = None, kind: Kind = "fault") -> None:
        """Remove all rules of a kind, or those of a scope, or of none (empty).

        Those that last stay, and are counted from 0.
        """
        with self._changing:
            self._replace(
                active.reset() if active.source and active.kind == kind else active
                for active in self._active.rules
                if active.source or active.kind != kind or (scope is not None and active.rule.scope != scope)
            )

    def switch(self, rules: Iterable[Rule], seed: int) -> None:
        """Replace all rules by these; the counts of those that were active already go on."""
        with self._changing:
            self._seed = seed
            before = {msgspec.json.encode(active.rule): active for active in self._active.rules}
            self._replace(
                before.get(msgspec.json.encode(rule)) or ActiveRule(rule, self._seed) for rule in rules
            )

    def active(self, scope: str | None = None, kind: Kind = "fault") -> list[Rule]:
        """Return the rules of a kind but those of a recording, or of a scope, and how often each applied."""
        return [
            active.counted()
            for active in self._active.rules
            if (active.kind, active.source == "recording") == (kind, False)
            and scope in {None, "", active.rule.scope}
        ]

    def injection(
        self, request: MatchableRequest, considered: Callable[[Rule], bool] = lambda _: True
    ) -> Injection | None:
        """Return the effect of the first rule that applies to a request; None if none applies."""
        return next(iter(self.injections(request, considered)), None)

    def injections(
        self,
        request: MatchableRequest,
        considered: Callable[[Rule], bool] = lambda _: True,
        fault: Injection | None = None,
    ) -> list[Injection]:
        """Return the effects on a request: of a fault, of the first override, and of the next that decides.

        There is none after one that decides: a second override where the first only changes the response, or
        delays it.

        Args:
            considered: whether a rule is tried at all.
            fault: in place of those that are active.
        """
        injections: list[Injection] = [] if fault is None else [fault]
        before: Kind | None = None if fault is None else "fault"
        if fault is not None and fault.effect.decides:
            return injections
        with self._striking:
            for active in self._active.matching(request):
                if active.kind == before and (active.kind == "fault" or not active.rule.effect.may_decide):
                    continue
                injection = active.injection(request) if considered(active.rule) else None
                if injection is not None:
                    injections.append(injection)
                    if injection.effect.decides or active.kind == before:
                        break
                    before = active.kind
        return injections

    def struck(self, rule_id: str) -> None:
        """Count a rule applied by S3, whose process reports it."""
        for active in self._active.rules:
            if active.rule.id == rule_id:
                active.struck += 1

    def end(self) -> None:
        """End all delays."""
        self.ended = True

    def _ids(self, kind: Kind) -> set[str]:
        return {active.rule.id for active in self._active.rules if active.kind == kind}

    def _numbered(
        self, rules: Sequence[Rule], beside: Iterable[ActiveRule], kind: Kind, source: str = ""
    ) -> list[ActiveRule]:
        """Return rules that come to others with their ids; raises Conflict for too many."""
        others = sum(active.kind == kind and active.source != "recording" for active in beside)
        most = MOST_RECORDED if source == "recording" else MOST_RULES
        if others + len(rules) > most:
            raise Conflict(
                f"{others} {kind}s are active; at most {most} can be. Remove some."
                if others
                else f"There are {len(rules)} {kind}s; at most {most} can be active."
            )
        numbers = self._numbers[kind]
        return [
            ActiveRule(
                msgspec.structs.replace(rule, id=f"{kind}-{next(numbers)}", struck=0),
                self._seed,
                kind,
                source,
            )
            for rule in rules
        ]

    def _replace(self, active: Iterable[ActiveRule]) -> None:
        ordered = sorted(active, key=lambda rule: KINDS.index(rule.kind))
        for kind in KINDS:
            if sum(rule.size for rule in ordered if rule.kind == kind) > MOST_BYTES:
                raise Conflict(f"The {kind}s have more than {MOST_BYTES} bytes together. Remove some.")
        before = self._active.rules
        self._active = Active(ordered)
        on_api = [a.rule for a in ordered if a.rule.on == "api"]
        self.on_api = bool(on_api)
        self.reads_bodies = any(rule.reads_body for rule in on_api)
        self.reads_items = any(rule.reads_item for rule in on_api)
        s3_now = [a.rule for a in ordered if a.rule.on == "s3"]
        self.on_s3 = bool(s3_now)
        if s3_now != [a.rule for a in before if a.rule.on == "s3"]:
            self._follow(s3_now)
