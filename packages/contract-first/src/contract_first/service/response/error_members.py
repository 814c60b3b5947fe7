"""What members of errors mean: a table of names, and of what each row has of a problem."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from contract_first.contract.document.json_types import type_of
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.violations import Violation
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.vocabulary.errors import fitting, spelled, styled

MOST_CHARACTERS = 300
"""Of descriptions, which are searched."""
PLACED = frozenset({"field", "pointer", "steps", "source"})
"""Meanings, and a name, of members that say where in a request something is wrong."""


class Occurrence(NamedTuple):
    """What goes wrong in a request: a problem, or one of the violations that it lists.

    Attributes:
        extensions: those of the problem, as JSON values by plain name.
    """

    problem: Problem
    request: Request
    extensions: Mapping[str, Any]
    violation: Violation | None = None

    @property
    def place(self) -> list[str]:
        """Where the violation is: the part of the request, and the steps that lead to it there."""
        return [self.violation.location, *self.violation.steps] if self.violation else []

    @property
    def details(self) -> dict[str, Any]:
        """The problem details."""
        return self.request.problem_details(self.problem)

    @property
    def document(self) -> Any:
        """The problem details, or what they have of the violation."""
        return self.violation.document() if self.violation else self.details

    def parts(self, *, is_alone: bool) -> list["Occurrence"]:
        """Return one for each violation; of a problem without any itself, if nothing else says it."""
        violations = () if self.violation else self.problem.violations
        parts = [self._replace(violation=violation) for violation in violations]
        return parts or ([self] if is_alone or self.violation else [])


class Part:
    """A part of an error, and what the contract says of it.

    Args:
        layers: the schemas that apply to it: its own, and the alternatives that are chosen.
        example: of it; MISSING without one.
        is_authored: whether the author of the contract wrote the example, so that its code is documented.
        above: the schemas around it.

    Attributes:
        meaning: its row; empty without one.
        codes: what it is in the author's example of the error.
        beside: the meanings, and the names, of the members of its object.
        texts: what is documented that it may be.
        style: its spelling in an example; empty without one.
    """

    def __init__(
        self,
        layers: list[Schema],
        name: str = "",
        example: Any = MISSING,
        *,
        is_required: bool = True,
        is_authored: bool = True,
        above: tuple[Schema, ...] = (),
    ) -> None:
        self.layers, self.name, self.example = layers, name, example
        self.is_required, self.above = is_required, above
        self.meaning = ""
        self.beside: Collection[str] = ()
        values = [value for layer in layers for value in layer.values]
        listed = chain.from_iterable(value for value in self.all("examples") if isinstance(value, list))
        of_error = [] if example is MISSING else [example]
        self.codes = of_error if is_authored else []
        examples = [*self.codes, *self.all("example"), *listed]
        types = frozenset.intersection(*(layer.types for layer in layers)) - {"null"}
        telling = values or [value for value in examples if not str(value).isdigit()]
        self.types = types & set(map(type_of, telling)) or types
        described = (*self.all("format"), *self.all("description"))
        self.description = " ".join(map(str, described))[:MOST_CHARACTERS]
        self.texts = tuple(value for value in (*values, *examples) if isinstance(value, str))
        self.style = str(next(iter(examples), ""))
        self._defaults = [*self.all("default"), *of_error, *examples, *values] if is_required else []

    def all(self, keyword: str) -> list[Any]:
        """Return the values that a keyword has in its schemas."""
        return [part[keyword] for layer in self.layers for part in layer.parts if keyword in part]

    def first(self, candidates: Iterable[Any]) -> Any:
        """Return the first candidate that conforms, else what the contract has for it.

        That is null, or MISSING where it may be left out, if the contract has nothing.
        """
        conforms = self.layers[0].conforms
        for value in chain(candidates, self._defaults):
            if type_of(value) in self.types and conforms(value):
                return value
        return None if self.is_required and conforms(None) else MISSING


def _text(occurrence: Occurrence, part: Part) -> Iterator[Any]:
    problem, violation = occurrence.problem, occurrence.violation
    text = problem.reason
    if violation:
        text = violation.sentence if PLACED.isdisjoint(part.beside) else violation.detail
    yield from (text, text[: min(part.all("maxLength"), default=None)])
    yield fitting(part.texts, problem.code, problem.status)


def _code(occurrence: Occurrence, part: Part) -> Iterator[Any]:
    problem, violation = occurrence.problem, occurrence.violation
    kind, status = (violation.rule, 400) if violation else (problem.code, problem.status)
    yield fitting(part.texts, kind, status)
    yield from part.codes
    is_number = part.style.isdigit() or (not part.texts and "status" in part.name.lower())
    yield str(int(problem.status)) if is_number else styled(kind, part.style)


def _type(occurrence: Occurrence, part: Part) -> Iterable[Any]:
    is_uri = "://" in part.style or any("uri" in name for name in part.all("format"))
    return (occurrence.details["type"],) if is_uri else _code(occurrence, part)


def _field(occurrence: Occurrence, part: Part) -> Iterator[Any]:
    violation = occurrence.violation
    if violation is None and (part.is_required or spelled(part.name) == "path"):
        yield occurrence.request.instance
    elif violation and (violation.location != "body" or spelled(part.name) != "parameter"):
        yield ".".join(violation.steps) or violation.location


def _pointer(occurrence: Occurrence, part: Part) -> Iterator[Any]:
    if occurrence.violation and occurrence.violation.location == "body":
        yield occurrence.violation.name
    elif part.is_required:
        yield ""


def _request_id(occurrence: Occurrence, _: Part) -> Iterator[Any]:
    yield occurrence.request.request_id
    with suppress(ValueError):  # those that this process makes are hexadecimal
        yield str(UUID(occurrence.request.request_id.zfill(32)))


def _time(occurrence: Occurrence, _: Part) -> Iterable[Any]:
    now = occurrence.request.now().astimezone(UTC)
    text = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text, text[:10], int(now.timestamp())


class Meaning(NamedTuple):
    """What a member of an error means.

    Attributes:
        types: JSON types that it may have.
        names: in plain spelling, the likeliest first.
        candidates: returns what it may be, the best first; nothing where it has nothing to say.
    """

    types: str
    names: str
    candidates: Callable[[Occurrence, Part], Iterable[Any]]


TEXTS = "message detail details text explanation violation issue title reason error cause summary"
PLACES = "field param parameter property key path name location target attribute fieldname"
CODES = "code error reason name errcode kind faultcode subcode rule result status statuscode"
IDS = "requestid traceid correlationid id transactionid trackingid activityid ref uuid"
MEANINGS: Mapping[str, Meaning] = {
    "text": Meaning("string", TEXTS, _text),
    "status": Meaning("integer", "status statuscode code error", lambda it, _: [int(it.problem.status)]),
    "title": Meaning("string", "title statustext reasonphrase", lambda it, _: [it.details["title"]]),
    "type": Meaning("string", "type", _type),
    "field": Meaning("string", PLACES, _field),
    "place": Meaning("string", "in location locationtype", lambda it, _: it.place[:1]),
    "code": Meaning("string", CODES, _code),
    "pointer": Meaning("string", "pointer jsonpointer instancepath", _pointer),
    "steps": Meaning("array", "loc path location", lambda it, _: [it.place] * bool(it.violation)),
    "instance": Meaning("string", "instance requesturi uri resource", lambda it, _: [it.request.instance]),
    "method": Meaning("string", "method httpmethod requestmethod", lambda it, _: [it.request.method]),
    "request id": Meaning("string", IDS, _request_id),
    "time": Meaning("string integer", "timestamp time date datetime", _time),
    "failure": Meaning("boolean", "error iserror failed failure", lambda *_: [True]),
    "success": Meaning("boolean", "success ok succeeded successful", lambda *_: [False]),
    "retryable": Meaning("boolean", "retryable transient", lambda it, _: [it.problem.retryable]),
}
DESCRIBED: Mapping[str, str] = {
    "text": r"\bmessage\b|human[- ]?readable|\bexplanation\b|what went wrong",
    "status": r"\bHTTP status",
    "field": r"\b(name|path) of the (field|parameter|property|header)",
    "code": r"\berror (code|type|name)\b|\bmachine[- ]?readable",
    "request id": r"\b(request|correlation|trace|tracking|transaction)[- ]?id",
    "time": r"\btimestamp\b|\bdate[- ](and )?time\b",
}
"""What the description, or the format, of a member has whose name says nothing."""


def assign(parts: Collection[Part]) -> None:
    """Set what the members of an object mean: a row is for the likeliest, then for others of its names."""
    for most in (1, None):
        for meaning in MEANINGS:
            ranks = {part: rank for part in parts if (rank := _rank(part, meaning)) is not None}
            for part in sorted(ranks, key=lambda part: ranks[part])[:most]:
                part.meaning = meaning
    beside = {part.meaning for part in parts} | {spelled(part.name) for part in parts}
    for part in parts:
        if len(parts) == 1 and part.types == {"string"}:
            part.meaning = part.meaning or "text"
        part.beside = beside


def _rank(part: Part, meaning: str) -> int | None:
    """Return the place of a member among the names of a row; behind them if it is described so."""
    names, name = MEANINGS[meaning].names.split(), spelled(part.name)
    if part.meaning or part.types.isdisjoint(MEANINGS[meaning].types.split()):
        return None
    is_described = re.search(DESCRIBED.get(meaning, "(?!)"), part.description, re.IGNORECASE)
    return names.index(name) if name in names else len(names) if is_described else None
