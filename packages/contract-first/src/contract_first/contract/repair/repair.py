"""Repairs a document: flaws are fixed, or the smallest part that has them is left out.

The validators say what is wrong. Each flaw is fixed: by the fix that the validator knows, by that of its rule
(`fixes`), or by leaving out the part that it is about; then they are asked again, until they accept.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle, islice
from typing import Any, NamedTuple

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import METHODS, Location, walk
from contract_first.contract.document.defects import Action, Flaw
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.references import RULE
from contract_first.contract.validation import STAGES, dialect_flaws

from .fixes import BY_RULE
from .security_schemes import scheme_flaws
from .unusable import typeless_flaws, unusable_flaws

MOST_ROUNDS = 50
MOST_TRIES = 3
"""Repairs of the same part; then it is left out."""
Stage = Callable[[Sequence[Location]], Iterable[Flaw]]


class Repair(NamedTuple):
    """A flaw that was fixed.

    Attributes:
        pointer: where it is in the document as it was read.
    """

    pointer: str
    reason: str
    action: Action


def repair(
    locations: list[Location], unresolved: Mapping[str, str], *, most: int
) -> tuple[list[Repair], dict[str, str]]:
    """Make a document valid, in place.

    Args:
        locations: the objects of the document, itself the first; none are left.
        unresolved: why references could not be followed.

    Returns:
        What was done; and where items of arrays were in the document as it was read, by where they are now
        that others before them were left out.

    Raises:
        ContractError: it cannot be made valid.
    """
    repairs = _Repairs(locations, unresolved, most)
    return repairs.run(), dict(repairs.moved())


class _Repairs:
    """The repair of one document."""

    def __init__(self, locations: list[Location], unresolved: Mapping[str, str], most: int) -> None:
        self.most = most
        self.tries = Counter[str]()
        self.locations = locations
        self.root = locations[0]
        self.document = self.root.node
        self.unresolved = unresolved
        self.repairs: dict[tuple[str, str], Repair] = {}
        self.below: dict[str, list[tuple[str, str]]] = {}
        self.disabled: set[str] = set()
        self.indices: dict[str, list[int]] = {}

    def run(self) -> list[Repair]:
        stages = (scheme_flaws, typeless_flaws, *STAGES, dialect_flaws, unusable_flaws)
        satisfied = 0
        for stage in islice(cycle(stages), MOST_ROUNDS * len(stages)):
            satisfied = 1 if self._is_fixed_by(stage) else satisfied + 1
            if satisfied == len(stages):
                self.locations.clear()
                return list(self.repairs.values())
        raise self.root.error("has too many defects that follow from each other.")

    def _is_fixed_by(self, stage: Stage) -> bool:
        """Fix the flaws that a stage finds until it finds none; return whether there were any."""
        for rounds in range(MOST_ROUNDS + 1):
            if not self._fixes(stage):
                return rounds > 0
            self.locations.clear()  # those of a large document need not be there twice
            self.locations.extend(walk(self.root))
        raise self.root.error("has too many defects that follow from each other.")

    def _fixes(self, stage: Stage) -> bool:
        """Fix the flaws that a stage finds, the last and deepest first; return whether that changed it."""
        flaws = {flaw.pointer: flaw for flaw in islice(stage(self.locations), self.most + 1)}
        if len(flaws) > self.most:
            raise self._too_many()
        has_changed = False
        for pointer in sorted(flaws, key=pointers.order, reverse=True):
            flaw, as_read = flaws[pointer], self._as_read(pointer)
            try:
                action = self._fix(flaw)
            except LookupError:  # it has gone with another
                has_changed = True
                continue
            has_changed |= action != "accepted"
            reason = self.unresolved.get(flaw.subject, flaw.reason) if flaw.rule == RULE else flaw.reason
            self._note(Repair(as_read, reason, action))
        return has_changed

    def _note(self, repair: Repair) -> None:
        """Note a repair; if a part of it was left out before, that part's reason is noted."""
        if repair.pointer in self.disabled:
            return  # of what stands for an operation
        if repair.action == "operation disabled":
            self.disabled.add(repair.pointer)
        if repair.action in {"left out", "operation disabled"}:
            causes = [self.repairs.pop(key, None) for key in self.below.pop(repair.pointer, ())]
            cause = next(filter(None, causes), repair)
            repair = repair._replace(reason=cause.reason)
        if len(self.repairs) >= self.most:
            raise self._too_many()
        key = repair.pointer, repair.reason
        self.repairs.setdefault(key, repair)
        keys = pointers.split(repair.pointer)
        for length in range(len(keys)):
            self.below.setdefault(pointers.join("", *keys[:length]), []).append(key)

    def _too_many(self) -> ContractError:
        return self.root.error(f"has too many defects, more than {self.most}.")

    def _fix(self, flaw: Flaw) -> Action:
        if flaw.fix is not None:
            return flaw.fix()
        node = pointers.lookup(self.document, flaw.pointer)
        self.tries[flaw.pointer] += 1
        if flaw.rule == "uniqueItems":
            return self.keep_first(flaw.pointer, node)
        if flaw.rule in BY_RULE and self.tries[flaw.pointer] <= MOST_TRIES:
            action = BY_RULE[flaw.rule](self.root, node, flaw)
            if action is not None:
                return action
        return self.leave_out(flaw.pointer)

    def leave_out(self, pointer: str) -> Action:
        """Leave out the part at a pointer; an operation stays, and responds with 501."""
        *keys, last = pointers.split(pointer) or [""]
        if not keys and not last:
            raise self.root.error("cannot be understood; expected an OpenAPI document.")
        parent = pointers.descend(self.document, keys)
        if _is_operation([*keys, last]) and parent[last] is not None:
            parent[last] = {"responses": {"501": {"description": "This operation is not understood."}}}
            return "operation disabled"
        if isinstance(parent, list):
            index, array = int(last), self._as_read(pointers.join("", *keys))
            if array not in self.indices:
                self.indices[array] = list(range(len(parent)))
            del self.indices[array][index : index + 1], parent[index]
        else:
            del parent[last]
        return "left out"

    def keep_first(self, pointer: str, node: list[Any]) -> Action:
        """Keep the first of equal items of an array."""
        texts = [json.dumps(item, sort_keys=True) for item in node]
        indices = sorted({text: index for index, text in reversed(list(enumerate(texts)))}.values())
        array = self._as_read(pointer)
        listed = self.indices.get(array, range(len(node)))
        self.indices[array] = [listed[index] for index in indices if index < len(listed)]
        node[:] = [node[index] for index in indices]
        return "repaired"

    def _as_read(self, pointer: str) -> str:
        """Return the pointer before items of arrays were left out."""
        read = ""
        for key in pointers.split(pointer) if self.indices else ():
            indices = self.indices.get(read)
            is_item = indices is not None and key.isdecimal() and int(key) < len(indices)
            read = pointers.join(read, indices[int(key)] if indices and is_item else key)
        return read or pointer

    def moved(self) -> Iterator[tuple[str, str]]:
        """Yield the pointers of items that moved: now, and in the document as it was read."""
        for array, indices in self.indices.items():
            now = read = ""
            with suppress(ValueError):  # it has gone with the item that it was in
                for key in pointers.split(array):
                    listed = self.indices.get(read, ())
                    now = pointers.join(now, listed.index(int(key)) if listed else key)
                    read = pointers.join(read, key)
                moved = ((index, was) for index, was in enumerate(indices) if index != was)
                yield from ((pointers.join(now, index), pointers.join(array, was)) for index, was in moved)


def _is_operation(keys: Sequence[str]) -> bool:
    below = keys[3:] if keys[:2] == ["components", "pathItems"] else keys[2:] if keys[0] == "paths" else ()
    return (len(below) == 1 and below[0] in METHODS) or (
        len(below) == 2 and below[0] == "additionalOperations"  # noqa: PLR2004 -- it and the method
    )
