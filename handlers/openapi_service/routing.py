"""From a request's path and method to an operation, by the contract's path templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .percent import decode, normal_path
from .problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openapi_contract import Operation

EXPRESSION = re.compile(r"\{([^}/]+)\}")


class PathItem:
    """One path of the contract: the names in its template, its operations by method.

    Templates that differ in names alone must not be (OpenAPI 3.1, 4.8.8.2), and are: they are one
    path then, with all names for what was sent, and the first operation of each method.
    """

    __slots__ = ("_names", "allow", "operations")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._names = [EXPRESSION.findall(path) for path in {each.path: None for each in operations}]
        self.operations = {each.method.upper(): each.operation_id for each in reversed(operations)}
        if "GET" in self.operations:
            self.operations.setdefault("HEAD", self.operations["GET"])
        self.allow = ", ".join(sorted({*self.operations, "OPTIONS"}))

    def named(self, values: Sequence[str]) -> dict[str, bytes]:
        """Return what was sent, by the names in the template."""
        sent = [value.encode("latin-1") for value in values]
        return {name: value for names in self._names for name, value in zip(names, sent, strict=True)}


class Branch:
    """What the paths of a contract have in their next segment: literals, then templates; or their end."""

    __slots__ = ("end", "literals", "templates")

    def __init__(self) -> None:
        self.end: PathItem | None = None
        self.literals: dict[str, Branch] = {}
        self.templates: dict[re.Pattern[str], Branch] = {}

    def grow(self, segment: str) -> Branch:
        """Return the branch behind a segment of a path template."""
        literals = [normal_path(each.encode().decode("latin-1")) for each in EXPRESSION.split(segment)[::2]]
        if len(literals) == 1:
            return self.literals.setdefault(literals[0], Branch())
        pattern = re.compile("(.+)".join(map(re.escape, literals)))
        branch = self.templates.setdefault(pattern, Branch())
        # "{name}.json" is more concrete than "{name}"
        self.templates = dict(sorted(self.templates.items(), key=lambda each: -len(each[0].pattern)))
        return branch

    def find(self, segments: list[str], depth: int = 0) -> tuple[PathItem, tuple[str, ...]] | None:
        """Return the path item that the segments lead to, with what its templates stand for."""
        if depth == len(segments):
            return None if self.end is None else (self.end, ())
        segment = segments[depth]
        literal = self.literals.get(segment)
        if literal is not None:
            found = literal.find(segments, depth + 1)
            if found is not None or not self.templates:
                return found
        for pattern, branch in self.templates.items():
            match = pattern.fullmatch(segment)
            found = None if match is None else branch.find(segments, depth + 1)
            if match is not None and found is not None:
                return found[0], (*match.groups(), *found[1])
        return None


class PathTable:
    """All paths of a contract; concrete ones are matched before templated ones (OpenAPI 3.1, 4.8.8.2)."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        by_path: dict[str, list[Operation]] = {}
        for operation in operations:
            by_path.setdefault(EXPRESSION.sub("{}", operation.path), []).append(operation)
        self._root = Branch()
        for found in by_path.values():
            branch, path = self._root, found[0].path
            for segment in path.split("/"):
                branch = branch.grow(segment)
            branch.end = PathItem(found)
        self._beginning: list[str] = []
        self._skip_shared_beginning()

    def _skip_shared_beginning(self) -> None:
        """Begin where the paths begin to differ: the segments before that are the same for all."""
        while self._root.end is None and not self._root.templates and len(self._root.literals) == 1:
            ((segment, self._root),) = self._root.literals.items()
            self._beginning.append(segment)

    def find(self, path: str) -> tuple[PathItem, dict[str, bytes]]:
        """Return the path item that a path (percent-encoded, as sent) belongs to.

        Raises:
            NotFound: it belongs to none.
            BadRequest: it belongs to none, and cannot be read.
        """
        segments, shared = normal_path(path).split("/"), len(self._beginning)
        found = self._root.find(segments, shared) if segments[:shared] == self._beginning else None
        if found is None:
            decode(path.encode("latin-1"), "path")
            raise NotFound("No operation of the contract has this path.")
        item, values = found
        return item, item.named(values)
