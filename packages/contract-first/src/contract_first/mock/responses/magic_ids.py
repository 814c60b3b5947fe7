"""Identifiers that stand for a status, for an app that cannot send ``Prefer``; worked out from the contract.

For every identifier that a request may hold (a path parameter, or a query parameter or member of the body
that `refers` by its name) and every documented status there is one that conforms to its schema:
``mock-status-404``, or what comes closest.
"""

from collections.abc import Iterator
from itertools import chain, islice, starmap
from typing import Any

from contract_first.contract import Operation
from contract_first.generation import Generator
from contract_first.service.assembly import Assembly
from contract_first.vocabulary.members import refers

DIGITS = str.maketrans("01", "oi")
INTEGERS = 900_000_000
MOST_DRAWN = 3
SHORT, LONGEST = 6, 100
DEEPEST = 6
"""Levels of a body, objects and arrays, that identifiers are looked for in."""
MOST_PARTS = 2_000
"""Of a body, or of its schema, that are looked at on one level."""


class MagicIds:
    """The magic identifiers of one operation.

    Attributes:
        spellings: by place (``path``, ``query`` or ``body``) and name, then by status, in the order of the
            contract.
    """

    def __init__(self, operation: Operation, assembly: Assembly, generator: Generator, success: int) -> None:
        self._generator = generator
        self._schemas = assembly.schemas
        statuses = [int(code) for code in operation.responses if code.isdigit() and int(code) != success]
        self.spellings: dict[tuple[str, str], dict[int, Any]] = {}
        self._statuses: dict[tuple[str, str], dict[Any, int]] = {}
        for place, name, schema in self._identifiers(operation):
            self._add(place, name, schema, statuses)

    def status_of(self, place: str, name: str, value: Any) -> int | None:
        """Return the status that an identifier stands for, None for an ordinary one."""
        statuses = self._statuses.get((place, name))
        return statuses.get(value) if statuses and value.__class__ in {str, int} else None

    @property
    def names(self) -> list[tuple[str, str]]:
        """Where identifiers are."""
        return list(self._statuses)

    def _add(self, place: str, name: str, schema: Any, statuses: list[int]) -> None:
        is_valid, parts = self._schemas.of(schema).validator.is_valid, self._schemas.parts(schema)
        drawable = any("pattern" in part for part in parts) and not any("enum" in part for part in parts)
        spellings = self.spellings.get((place, name), {})  # of the same name further out
        meanings = self._statuses.get((place, name), {})
        for status in statuses:
            valid = [spelling for spelling in _spellings(schema, status) if is_valid(spelling)]
            for spelling in valid or filter(is_valid, self._drawn(schema, status) if drawable else ()):
                if meanings.setdefault(spelling, status) == status:
                    spellings.setdefault(status, spelling)
        if spellings:
            self.spellings[place, name], self._statuses[place, name] = spellings, meanings

    def _drawn(self, schema: Any, status: int) -> Iterator[str]:
        """Yield strings that match the pattern, but for short ones, which a client may use by chance."""
        drawn = self._generator.values(schema, f"magic id {status}", examples=False)
        for value in islice(drawn, MOST_DRAWN):
            if isinstance(value, str) and len(value) > SHORT:
                yield value

    def _identifiers(self, operation: Operation) -> Iterator[tuple[str, str, Any]]:
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            if (place == "path" or (place == "query" and refers(name))) and "schema" in parameter:
                yield place, name, parameter["schema"]
        content = (operation.request_body or {}).get("content", {}).values()
        level, seen = [("", holder.get("schema", True)) for holder in content], set[tuple[str, int]]()
        for _ in range(DEEPEST):
            level = list(islice(self._inside(level, seen), MOST_PARTS))
            yield from (("body", name, schema) for name, schema in level if refers(name))

    def _inside(self, level: list[tuple[str, Any]], seen: set[tuple[str, int]]) -> Iterator[tuple[str, Any]]:
        """Yield names and schemas of the members and items of values of these schemas."""
        for name, schema in level:
            for part in self._schemas.of(schema).branches:
                if (name, id(part)) not in seen:
                    seen.add((name, id(part)))
                    yield from part.get("properties", {}).items()
                    yield from [(name, part["items"])] if "items" in part else []


def members_of(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of a body by name, the outermost first; items by the name of their array."""
    level = [("", body)]
    for _ in range(DEEPEST):
        level = list(islice(chain.from_iterable(starmap(_inside, level)), MOST_PARTS))
        yield from level


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((name, item) for item in value)


def _spellings(schema: Any, status: int) -> Iterator[Any]:
    """Yield identifiers that a person can read, the clearest first."""
    legible = f"MockStatus{status}".translate(DIGITS)
    shortest = schema.get("minLength", 0) if isinstance(schema, dict) else 0
    yield from (f"mock-status-{status}", f"mock{status}", legible)
    yield legible.ljust(min(int(shortest), LONGEST), "x")
    yield f"00000000-0000-4000-8000-{status:012d}"
    yield INTEGERS + status
