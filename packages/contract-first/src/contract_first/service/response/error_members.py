"""What members of errors mean: a table of names, and of what each has of a problem.

A name may be in several rows: ``title`` and ``reason`` are the text of an error where no other member is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from contract_first.contract.document.json_types import EVERY_TYPE, type_of
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.violations import Violation
from contract_first.service.messages.problems import CODES, Problem, phrase
from contract_first.service.messages.request import Request
from contract_first.vocabulary.errors import fitting, spelled, styled

ANY_TYPE = EVERY_TYPE - {"null"}


class Occurrence(NamedTuple):
    """What goes wrong in a request: a problem, or one of the violations that it lists."""

    problem: Problem
    request: Request
    violation: Violation | None = None

    def each(self, *, is_alone: bool) -> list["Occurrence"]:
        """Return one for each violation; of a problem without any itself, if it is said nowhere else."""
        violations = () if self.violation else self.problem.violations
        if violations:
            return [self._replace(violation=violation) for violation in violations]
        return [self] if is_alone or self.violation else []

    @property
    def document(self) -> Any:
        """The problem details, or what they have of a violation."""
        return self.violation.document() if self.violation else self.request.problem_details(self.problem)


class Place(NamedTuple):
    """Where a part of an error stands.

    Attributes:
        layers: the schemas that apply to it: its own, and the alternatives that are taken.
        example: the author's; MISSING without one.
        above: the schemas around it.
        heard: whether a text beside it says what goes wrong.
    """

    layers: list[Schema]
    name: str = ""
    example: Any = MISSING
    is_required: bool = True
    meanings: tuple[str, ...] = ("text",)
    above: tuple[Schema, ...] = ()
    heard: bool = False

    @property
    def types(self) -> frozenset[str]:
        """The types that it may have, but for null; where none is declared, that of the example."""
        types = frozenset.intersection(*(layer.types for layer in self.layers)) - {"null"}
        is_shown = types >= ANY_TYPE and self.example is not MISSING and not str(self.example).isdigit()
        return frozenset({type_of(self.example)}) if is_shown else types

    def all(self, keyword: str) -> list[Any]:
        """Return the values that a keyword has in its schemas."""
        return [part[keyword] for layer in self.layers for part in layer.parts if keyword in part]


class Member:
    """A member of an error that is no object and no list of them.

    Attributes:
        example: its spelling in an example; empty without one.
        texts: what is documented that it may be.
    """

    def __init__(self, place: Place, *, is_authored: bool) -> None:
        self.name, self.is_required, self.types = place.name, place.is_required, place.types
        listed = [value for values in place.all("examples") if isinstance(values, list) for value in values]
        shown = [place.example] if place.example is not MISSING else []
        documented = [*(shown if is_authored else []), *place.all("example"), *listed]
        examples = [*shown, *documented]
        values = [value for layer in place.layers for value in layer.values]
        self.example = str(next(iter(documented), ""))
        self.texts = tuple(value for value in (*values, *documented) if isinstance(value, str))
        self.is_exact = is_authored and bool(shown)
        self._defaults = [*place.all("default"), *examples, *values, []] if place.is_required else []
        self._nothing = None if place.is_required and place.layers[0].allows_null else MISSING
        self.most = min(place.all("maxLength"), default=None)
        self._conforms = place.layers[0].conforms

    def first(self, candidates: Iterable[Any]) -> Any:
        """Return the first candidate that conforms, else what the contract has for it, else MISSING."""
        for candidate in chain(candidates, self._defaults):
            if type_of(candidate) in self.types and self._conforms(candidate):
                return candidate
        return self._nothing


def _text(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    problem, violation = occurrence.problem, occurrence.violation
    text = violation.sentence if violation else problem.reason
    yield from (text, text[: member.most], fitting(member.texts, problem.code, problem.status))


def _detail(occurrence: Occurrence, member: Member) -> Iterable[Any]:
    return (occurrence.violation.detail,) if occurrence.violation else _text(occurrence, member)


def _code(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    problem, violation = occurrence.problem, occurrence.violation
    kind, status = (violation.rule, 400) if violation else (problem.code, problem.status)
    if violation is None and type(problem).code not in CODES:
        yield kind
    yield fitting(member.texts, kind, status)
    if member.is_exact:
        yield member.example
    yield str(int(problem.status)) if member.example.isdigit() else styled(kind, member.example)


def _status_text(occurrence: Occurrence, member: Member) -> Iterable[Any]:
    return _code(occurrence, member) if member.texts else (str(int(occurrence.problem.status)),)


def _field(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    violation = occurrence.violation
    if violation and (violation.location != "body" or spelled(member.name) != "parameter"):
        yield ".".join(violation.steps) or violation.location
    elif violation is None and member.is_required:
        yield occurrence.request.instance


def _pointer(occurrence: Occurrence, member: Member) -> Iterable[Any]:
    violation = occurrence.violation
    if violation is None:
        return ("",) if member.is_required else ()
    return (violation.name,) if violation.location == "body" else ()


def _request_id(occurrence: Occurrence, _: Member) -> Iterator[Any]:
    yield occurrence.request.request_id
    with suppress(ValueError):  # those that this process makes are hexadecimal
        yield str(UUID(occurrence.request.request_id.zfill(32)))


def _time(occurrence: Occurrence, _: Member) -> Iterable[Any]:
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
    candidates: Callable[[Occurrence, Member], Iterable[Any]]


def _violated(fact: Callable[[Violation], Any]) -> Callable[[Occurrence, Member], Iterable[Any]]:
    return lambda occurrence, _: (fact(occurrence.violation),) if occurrence.violation else ()


def _asked(fact: Callable[[Problem, Request], Any]) -> Callable[[Occurrence, Member], Iterable[Any]]:
    return lambda occurrence, _: (fact(occurrence.problem, occurrence.request),)


TEXTS = "message detail details text explanation violation issue title reason error cause summary"
MEANINGS: Mapping[str, Meaning] = {
    "text": Meaning("string", TEXTS, _text),
    "detail": Meaning("string", "", _detail),
    "status": Meaning(
        "integer number", "status statuscode code error", _asked(lambda problem, _: int(problem.status))
    ),
    "status text": Meaning("string", "status statuscode", _status_text),
    "title": Meaning(
        "string",
        "title statustext reasonphrase",
        _asked(lambda problem, _: problem.title or phrase(problem.status)),
    ),
    "type": Meaning(
        "string", "type", _asked(lambda problem, request: request.problem_details(problem)["type"])
    ),
    "field": Meaning(
        "string",
        "field param parameter property key path name location target attribute fieldname",
        _field,
    ),
    "place": Meaning("string", "in location locationtype", _violated(lambda violation: violation.location)),
    "code": Meaning(
        "string",
        "code error reason type name errcode kind faultcode subcode rule result",
        _code,
    ),
    "pointer": Meaning("string", "pointer jsonpointer instancepath", _pointer),
    "steps": Meaning("array", "loc path location", _violated(lambda part: [part.location, *part.steps])),
    "instance": Meaning(
        "string",
        "instance path requesturi requestpath uri resource",
        _asked(lambda _, request: request.instance),
    ),
    "method": Meaning("string", "method httpmethod requestmethod", _asked(lambda _, request: request.method)),
    "request id": Meaning(
        "string",
        "requestid traceid correlationid id transactionid trackingid activityid ref uuid",
        _request_id,
    ),
    "time": Meaning("string integer number", "timestamp time date datetime", _time),
    "failure": Meaning("boolean", "error iserror failed failure", _asked(lambda *_: True)),
    "success": Meaning("boolean", "success ok succeeded successful", _asked(lambda *_: False)),
    "retryable": Meaning("boolean", "retryable transient", _asked(lambda problem, _: problem.retryable)),
}
DESCRIBED: Mapping[str, str] = {
    "text": r"\bmessage\b|human[- ]?readable|\bexplanation\b|what went wrong",
    "status": r"\bHTTP status",
    "field": r"\b(name|path) of the (field|parameter|property|header)",
    "code": r"\berror (code|type|name)\b|\bmachine[- ]?readable",
    "request id": r"\b(request|correlation|trace|tracking|transaction)[- ]?id",
    "time": r"\btimestamp\b|date and time",
}
"""What the description of a member has whose name says nothing."""


def meanings_of(name: str, types: Iterable[str], description: str = "") -> tuple[str, ...]:
    """Return all that a member may mean by its name, the likeliest first; else what its description says."""
    rows = {
        meaning: row for meaning, row in MEANINGS.items() if any(kind in types for kind in row.types.split())
    }
    named = tuple(meaning for meaning, row in rows.items() if spelled(name) in row.names.split())
    described = (
        meaning
        for meaning in rows
        if re.search(DESCRIBED.get(meaning, "(?!)"), description[:300], re.IGNORECASE)
    )
    return named or tuple(described)[:1]
