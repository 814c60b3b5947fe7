"""Members of errors: what each means, by a table of names, and what it says of a problem.

The members of a schema are worked out when an error first needs them; each error costs a call of each.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.document.json_types import type_of
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.violations import Violation
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.vocabulary.errors import OF_ERRORS, OF_RETRY_AFTER, fitting, spelled, styled
from contract_first.vocabulary.words import plain, singular

DEEPEST = 8
MOST_CHARACTERS = 300
"""Of descriptions, which are searched."""
DASHLESS = re.compile("(.{8})(.{4})(.{4})(.{4})(.{12})")
"""A UUID without its dashes, as request ids that this process makes are."""
PLACED = frozenset({"field", "pointer", "steps", "source"})
"""Meanings, and a name, of members that say where in a request something is wrong."""


class Occurrence(NamedTuple):
    """What goes wrong in a request: a problem, or one of the violations that it lists.

    Attributes:
        extensions: those of the problem, as JSON values by plain name.
        details: the problem details.
    """

    problem: Problem
    request: Request
    extensions: Mapping[str, Any]
    details: Mapping[str, Any]
    violation: Violation | None = None

    @property
    def place(self) -> list[str]:
        """Where the violation is: the part of the request, and the steps that lead to it there."""
        return [self.violation.location, *self.violation.steps] if self.violation else []

    def parts(self, *, is_alone: bool = True) -> list["Occurrence"]:
        """Return one for each violation; of a problem without any itself, if nothing else says it."""
        violations = () if self.violation else self.problem.violations
        parts = [self._replace(violation=violation) for violation in violations]
        return parts or ([self] if is_alone or self.violation else [])


def _layers(schema: Schema, branch: int, depth: int = 0) -> Iterator[Schema]:
    yield schema
    choices = (part[key] for part in schema.parts for key in ALTERNATIVES if part.get(key))
    for nodes in choices if depth < DEEPEST else ():
        yield from _layers(schema.of(nodes[branch % len(nodes)]), branch, depth + 1)


class Member:
    """A part of an error, or the whole: what the contract says of it, and what it means.

    Args:
        example: of it; MISSING without one.
        branch: the number of the alternative that is chosen, wherever there are several.
        is_authored: whether the author of the contract wrote the example.
        above: the schemas around it.

    Attributes:
        meaning: its row; empty without one.
        rank: its place in the row.
        beside: the meanings, and the names, of the members of its object.
        texts: what is documented that it may be.
        style: its spelling in an example; empty without one.
    """

    def __init__(
        self,
        schema: Schema,
        name: str = "",
        example: Any = MISSING,
        *,
        branch: int = 0,
        is_required: bool = True,
        is_authored: bool = True,
        above: tuple[Schema, ...] = (),
    ) -> None:
        self._layers, self._above = [*_layers(schema, branch)], (*above, schema.whole)
        self.name, self.example, self.is_required = name, example, is_required
        self._of = partial(Member, branch=branch, is_authored=is_authored, above=self._above)
        self.meaning, self.beside, self.rank = "" if name else "text", frozenset[str](), 0
        self._is_again = schema.whole in above
        values = [value for layer in self._layers for value in layer.values]
        listed = (value for value in self.all("examples") if isinstance(value, list))
        of_error = [] if example is MISSING else [example]
        examples = [*of_error * is_authored, *self.all("example"), *chain.from_iterable(listed)]
        types = frozenset.intersection(*(layer.types for layer in self._layers)) - {"null"}
        telling = values or [value for value in examples if not str(value).isdigit()]
        self.types = types & set(map(type_of, telling)) or types
        self.description = " ".join(map(str, self.all("format") + self.all("description")))[:MOST_CHARACTERS]
        self.texts = tuple(value for value in (*values, *examples) if isinstance(value, str))
        self.style = str(next(iter(examples), ""))
        self._defaults = [*self.all("default"), *of_error, *examples, *values] if is_required else []

    def all(self, keyword: str) -> list[Any]:
        """Return the values that a keyword has in its schemas."""
        return [part[keyword] for layer in self._layers for part in layer.parts if keyword in part]

    def value(self, occurrence: Occurrence) -> Any:
        """Return what it is in an error: the problem's member of its name, else what it means.

        It is MISSING where it may be left out, or if the contract has no value for it.
        """
        extension = occurrence.extensions.get(plain(self.name), MISSING)
        if extension is not MISSING and self._layers[0].conforms(extension):
            return extension
        value = self._fill(occurrence)
        return MISSING if value in ([], {}) and not self.is_required else value

    def place(self, meaning: str) -> str:
        """Return the JSON pointer to what has a meaning in its example: the nearest, and the likeliest there.

        It is empty without one.
        """
        level = {"": self}
        while level:
            ranks = {member.rank: at for at, member in level.items() if member.meaning == meaning}
            if ranks:
                return ranks[min(ranks)]
            parts = ((at, name, part) for at, above in level.items() for name, part in above.parts)
            level = {pointers.join(at, name): part for at, name, part in parts}
        return ""

    @property
    def parts(self) -> Iterator[tuple[str, "Member"]]:
        """The parts that its example has: its members, or its first item."""
        if self.example and isinstance(self.example, list):
            yield "0", self._item
        yield from ((member.name, member) for member in self._members if member.example is not MISSING)

    @cached_property
    def _fill(self) -> Callable[[Occurrence], Any]:
        is_of_errors = (self.meaning or spelled(self.name) in OF_ERRORS) and not self._is_again
        if len(self._above) > DEEPEST or not (self.is_required or is_of_errors):
            return lambda _: MISSING
        if self.types == {"array"} and self.meaning != "steps":
            return self._list
        if self.types == {"object"} or self._members or (not self.name and "object" in self.types):
            return self._object if self._members else self._free
        return self._scalar

    def _scalar(self, occurrence: Occurrence) -> Any:
        meant = MEANINGS[self.meaning].candidates(occurrence, self) if self.meaning else ()
        for value in chain(meant, self._defaults):
            if type_of(value) in self.types and self._layers[0].conforms(value):
                return value
        return None if self.is_required and self._layers[0].conforms(None) else MISSING

    def _list(self, occurrence: Occurrence) -> Any:
        is_alone = "text" not in self.beside or any(self.all("minItems"))
        most = min(self.all("maxItems"), default=None)
        values = map(self._item.value, occurrence.parts(is_alone=is_alone)[:most])
        return [value for value in values if value is not MISSING]

    def _free(self, occurrence: Occurrence) -> Any:
        """Return an object of any members: problem details, or violations by where they are."""
        if self._layers[0].others.node is True:
            return occurrence.violation.document() if occurrence.violation else occurrence.details
        parts = occurrence.parts()
        return {".".join(part.place[1:]) or "error": self._item.value(part) for part in parts}

    def _object(self, occurrence: Occurrence) -> Any:
        members = ((member.name, member.value(occurrence)) for member in self._members)
        return {name: value for name, value in members if value is not MISSING}

    @cached_property
    def _item(self) -> "Member":
        """An item of a list of errors, or a member of an object of them."""
        is_list = "array" in self.types
        inner = [layer.items if is_list else layer.others for layer in self._layers]
        schema = next((schema for schema in inner if schema.node is not True), inner[0])
        example = next(iter(self.example), MISSING) if isinstance(self.example, list) else MISSING
        item = self._of(schema, singular(spelled(self.name)) or "error", example)
        assign([item])
        item.meaning = item.meaning or "text"
        return item

    @cached_property
    def _members(self) -> list["Member"]:
        example = self.example if isinstance(self.example, dict) else {}
        schemas = {name: schema for layer in self._layers for name, schema in layer.properties.items()}
        required = {*chain.from_iterable(self.all("required"))} or ({*example} if not schemas else set())
        schemas |= {name: self._layers[0].member(name) for name in sorted(required - schemas.keys())}
        members = [
            self._of(schema, name, example.get(name, MISSING), is_required=name in required)
            for name, schema in schemas.items()
            if not schema.is_marked("writeOnly")
        ]
        assign(members)
        return members


def _text(it: Occurrence, member: Member) -> Iterator[Any]:
    text = it.problem.reason
    if it.violation:
        text = it.violation.sentence if PLACED.isdisjoint(member.beside) else it.violation.detail
    yield from (text, text[: min(member.all("maxLength"), default=None)])
    yield fitting(member.texts, it.problem.code, it.problem.status)


def _code(it: Occurrence, member: Member) -> Iterator[Any]:
    if member.meaning == "type":
        yield it.details["type"]
    kind, status = (it.violation.rule, 400) if it.violation else (it.problem.code, it.problem.status)
    yield fitting(member.texts, kind, status)
    is_number = member.style.isdigit() or (not member.texts and "status" in member.name.lower())
    yield str(int(it.problem.status)) if is_number else styled(kind, member.style)


def _field(it: Occurrence, member: Member) -> Iterator[Any]:
    name = spelled(member.name)
    if it.violation is None and (member.is_required or name == "path"):
        yield it.request.instance
    elif it.violation and (it.violation.location != "body" or name != "parameter"):
        yield ".".join(it.violation.steps) or it.violation.location


def _pointer(it: Occurrence, member: Member) -> Iterator[Any]:
    if it.violation and it.violation.location == "body":
        yield it.violation.name
    elif member.is_required:
        yield ""


def _request_id(it: Occurrence, _: Member) -> Iterable[Any]:
    name = it.request.request_id
    return name, DASHLESS.sub(r"\1-\2-\3-\4-\5", name.zfill(32))


def _time(it: Occurrence, _: Member) -> Iterable[Any]:
    now = it.request.now().astimezone(UTC)
    text = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text, text[:10], int(now.timestamp())


def _retry_after(it: Occurrence, _: Member) -> Iterator[Any]:
    if it.problem.retry_after.isdecimal():
        yield int(it.problem.retry_after)


class Meaning(NamedTuple):
    """What a member of an error means.

    Attributes:
        types: JSON types that it may have.
        names: in plain spelling, the likeliest first.
        candidates: returns what it may be, the best first; nothing where it has nothing to say.
        described: what its description, or its format, has where its name says nothing.
    """

    types: str
    names: str
    candidates: Callable[[Occurrence, Member], Iterable[Any]]
    described: str = "(?!)"


TEXTS = "message detail details text explanation problem violation issue title reason error cause summary"
PLACES = "field param parameter property key path name location target attribute fieldname"
CODES = "code type error reason name errcode kind faultcode subcode rule result status statuscode"
IDS = "requestid traceid correlationid id transactionid trackingid activityid ref uuid"
OF_TEXT = r"\bmessage\b|human[- ]?readable|\bexplanation\b|what went wrong"
OF_FIELD = r"\b(name|path) of the (field|parameter|property|header)"
OF_CODE = r"\berror (code|type|name)\b|\bmachine[- ]?readable"
OF_ID = r"\b(request|correlation|trace|tracking|transaction)[- ]?id"
OF_TIME = r"\btimestamp\b|\bdate[- ](and )?time\b"
STATUSES = "status statuscode code error"
MEANINGS: Mapping[str, Meaning] = {
    "text": Meaning("string", TEXTS, _text, OF_TEXT),
    "status": Meaning("integer", STATUSES, lambda it, _: [int(it.problem.status)], r"\bHTTP status"),
    "title": Meaning("string", "title statustext reasonphrase", lambda it, _: [it.details["title"]]),
    "field": Meaning("string", PLACES, _field, OF_FIELD),
    "place": Meaning("string", "in location locationtype", lambda it, _: it.place[:1]),
    "type": Meaning("string", "", _code),
    "code": Meaning("string", CODES, _code, OF_CODE),
    "pointer": Meaning("string", "pointer jsonpointer instancepath", _pointer),
    "steps": Meaning("array", "loc path location", lambda it, _: [it.place]),
    "instance": Meaning("string", "instance requesturi uri resource", lambda it, _: [it.request.instance]),
    "method": Meaning("string", "method httpmethod requestmethod", lambda it, _: [it.request.method]),
    "request id": Meaning("string", IDS, _request_id, OF_ID),
    "time": Meaning("string integer", "timestamp time date datetime", _time, OF_TIME),
    "failure": Meaning("boolean", "error iserror failed failure", lambda *_: [True]),
    "success": Meaning("boolean", "success ok succeeded successful", lambda *_: [False]),
    "transient": Meaning("boolean", "retryable transient", lambda it, _: [it.problem.is_transient]),
    "retry after": Meaning("integer", OF_RETRY_AFTER, _retry_after),
}


def assign(members: Collection[Member]) -> None:
    """Set what the members of an object mean: a row is for the likeliest, then for others of its names."""
    names = {spelled(member.name) for member in members}
    for member in members:
        documented = re.match("about:|https?:|urn:", member.style) or member.description.startswith("uri")
        is_uri = documented or "instance" in names
        member.meaning = "type" if is_uri and spelled(member.name) == "type" else member.meaning
    for most in (1, None):
        for meaning, row in MEANINGS.items():
            ranks = {member: rank for member in members if (rank := _rank(member, row)) is not None}
            for member in sorted(ranks, key=lambda member: ranks[member])[:most]:
                member.meaning, member.rank = meaning, ranks[member]
    beside = frozenset(chain.from_iterable((member.meaning, spelled(member.name)) for member in members))
    for member in members:
        if len(members) == 1 and member.types == {"string"}:
            member.meaning = member.meaning or "text"
        member.beside = beside


def _rank(member: Member, row: Meaning) -> int | None:
    """Return the place of a member among the names of a row; behind them if it is described so."""
    names, name = row.names.split(), spelled(member.name)
    if member.meaning or member.types.isdisjoint(row.types.split()):
        return None
    is_described = re.search(row.described, member.description, re.IGNORECASE)
    return names.index(name) if name in names else len(names) if is_described else None
