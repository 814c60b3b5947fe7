"""Values of errors: what a problem says, in the members that a schema has for it.

A schema is worked out once, into functions that fill in its members; each error costs a call of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.document.json_types import EVERY_TYPE, type_of
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.violations import Violation
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.vocabulary.errors import (
    AROUND_ERRORS,
    OF_ERRORS,
    ErrorMeaning,
    fitting,
    spelled,
    styled,
)
from contract_first.vocabulary.words import plain, singular

DEEPEST = 8
ANNOTATIONS = frozenset(
    {"type", "description", "title", "example", "examples", "default", "deprecated", "$ref", "xml"}
)
"""Keywords that no value of the type violates."""
Fill = Callable[["Occurrence"], Any]
"""Returns the value of a part of an error, MISSING for none."""


class Occurrence(NamedTuple):
    """What goes wrong in a request: a problem, or one of the violations that it lists."""

    problem: Problem
    request: Request
    violation: Violation | None = None

    @property
    def kind(self) -> str:
        """What it is, in a word: the code of the problem, or the rule that is violated."""
        return self.problem.code if self.violation is None else self.violation.rule


class Part(NamedTuple):
    """A part of an error.

    Attributes:
        says: whether what goes wrong is in it.
    """

    fill: Fill
    says: bool = False


class Member:
    """A member of an error that is no object and no list of them.

    Attributes:
        example: the author's, in an example of the whole error; MISSING without one.
        examples: the author's, that first.
        texts: all that its schema lists, and its examples, if they are texts.
        defaults: what it is where it means nothing, and has to be something.
        nothing: null, if it has to be something and may be that.
    """

    def __init__(self, name: str, layers: list[Schema], example: Any, *, is_required: bool) -> None:
        parts = [part for layer in layers for part in layer.parts]
        self.name, self.example, self.is_required = name, example, is_required
        self.types = types_of(layers)
        single = [part["example"] for part in parts if "example" in part]
        listed = [value for part in parts for value in _list(part.get("examples"))]
        values = [value for layer in layers for value in layer.values]
        self.examples = [value for value in (example, *single, *listed) if value is not MISSING]
        self.texts = tuple(value for value in (*values, *self.examples) if isinstance(value, str))
        defaults = [part["default"] for part in parts if "default" in part]
        self.defaults = [*defaults, *self.examples, *values, []] if is_required else []
        self.nothing = None if is_required and layers[0].allows_null else MISSING
        self.most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
        is_plain = len(layers) == 1 and all(part.keys() <= ANNOTATIONS for part in parts)
        self._conforms = None if is_plain else layers[0].conforms

    def first(self, candidates: Iterable[Any]) -> Any:
        """Return the first candidate that conforms, MISSING for none."""
        for candidate in candidates:
            if type_of(candidate) in self.types and (self._conforms is None or self._conforms(candidate)):
                return candidate
        return MISSING


def types_of(layers: list[Schema]) -> frozenset[str]:
    """Return the types that a value may have by all of these schemas, but for null."""
    return frozenset.intersection(*(layer.types for layer in layers)) - {"null"}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    violation = occurrence.violation
    text = occurrence.problem.reason if violation is None else violation.sentence
    yield text
    yield text[: member.most]
    yield fitting(member.texts, occurrence.kind, occurrence.problem.status)


def _detail(occurrence: Occurrence, member: Member) -> Iterable[Any]:
    return _text(occurrence, member) if occurrence.violation is None else (occurrence.violation.detail,)


def _code(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    problem, example = occurrence.problem, next(iter(member.examples), "")
    if problem.has_own_code and occurrence.violation is None:
        yield problem.code
    status = problem.status if occurrence.violation is None else 0
    yield fitting(member.texts, occurrence.kind, status)
    yield member.example
    yield str(int(problem.status)) if str(example).isdigit() else styled(occurrence.kind, str(example))


def _status_text(occurrence: Occurrence, member: Member) -> Iterable[Any]:
    return _code(occurrence, member) if member.texts else (str(int(occurrence.problem.status)),)


def _field(occurrence: Occurrence, member: Member) -> Iterator[Any]:
    violation = occurrence.violation
    if violation is not None and (violation.location != "body" or spelled(member.name) != "parameter"):
        yield ".".join(violation.steps) or violation.location
    elif violation is None and member.is_required:
        yield occurrence.request.instance


def _request_id(occurrence: Occurrence, _: Member) -> Iterator[Any]:
    yield occurrence.request.request_id
    with suppress(ValueError):  # those that this process makes are hexadecimal
        yield str(UUID(occurrence.request.request_id.zfill(32)))


def _time(occurrence: Occurrence, _: Member) -> Iterator[Any]:
    now = occurrence.request.now().astimezone(UTC)
    yield now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield now.date().isoformat()
    yield int(now.timestamp())


def _retry_after(occurrence: Occurrence, _: Member) -> Iterator[Any]:
    seconds = occurrence.problem.headers.get("Retry-After", "")
    yield int(seconds) if seconds.isdecimal() else MISSING


def _of_violation(fact: Callable[[Violation], Any]) -> Callable[[Occurrence, Member], Iterable[Any]]:
    return lambda occurrence, _: () if occurrence.violation is None else (fact(occurrence.violation),)


FACTS: Mapping[ErrorMeaning, Callable[[Occurrence, Member], Iterable[Any]]] = {
    ErrorMeaning.TEXT: _text,
    ErrorMeaning.DETAIL: _detail,
    ErrorMeaning.STATUS: lambda occurrence, _: (int(occurrence.problem.status),),
    ErrorMeaning.STATUS_TEXT: _status_text,
    ErrorMeaning.TITLE: lambda occurrence, _: (occurrence.problem.phrase,),
    ErrorMeaning.TYPE: lambda occurrence, _: (
        occurrence.request.problem_details(occurrence.problem)["type"],
    ),
    ErrorMeaning.CODE: _code,
    ErrorMeaning.FIELD: _field,
    ErrorMeaning.POINTER: _of_violation(lambda part: part.name if part.location == "body" else MISSING),
    ErrorMeaning.PLACE: _of_violation(lambda part: part.location),
    ErrorMeaning.STEPS: _of_violation(lambda part: [part.location, *part.steps]),
    ErrorMeaning.INSTANCE: lambda occurrence, _: (occurrence.request.instance,),
    ErrorMeaning.METHOD: lambda occurrence, _: (occurrence.request.method,),
    ErrorMeaning.REQUEST_ID: _request_id,
    ErrorMeaning.TIME: _time,
    ErrorMeaning.FAILURE: lambda *_: (True,),
    ErrorMeaning.SUCCESS: lambda *_: (False,),
    ErrorMeaning.RETRYABLE: lambda occurrence, _: (occurrence.problem.retryable,),
    ErrorMeaning.RETRY_AFTER: _retry_after,
}
"""What a member has, by what it means: candidates, the best first."""


SAYING = frozenset({ErrorMeaning.TEXT, ErrorMeaning.DETAIL})
WHERE = frozenset({ErrorMeaning.FIELD, ErrorMeaning.POINTER, ErrorMeaning.STEPS})


class Place(NamedTuple):
    """Where a part of an error stands.

    Attributes:
        example: the author's, of this part; MISSING without one.
        above: the schemas around it.
        heard: whether another part says what goes wrong.
    """

    schema: Schema
    name: str = ""
    example: Any = MISSING
    is_required: bool = True
    meanings: tuple[ErrorMeaning, ...] = (ErrorMeaning.TEXT,)
    above: tuple[Schema, ...] = ()
    heard: bool = False


def _document(occurrence: Occurrence) -> Any:
    violation = occurrence.violation
    return violation.document() if violation else occurrence.request.problem_details(occurrence.problem)


class Draft:
    """How an error of a schema is written.

    Args:
        example: the author's, of the error; MISSING without one.
        is_short: write what is required alone.
        branch: the number of the alternative that is taken, wherever there are several.
        keeps: write all that the example has, and nothing else.
        is_authored: whether the author of the contract wrote the example, so that codes in it are documented.

    Attributes:
        fill: returns the error for a problem; MISSING where the schema has no place for one.
        branches: how many alternatives there are.
    """

    def __init__(
        self,
        schema: Schema,
        example: Any = MISSING,
        *,
        is_short: bool = False,
        branch: int = 0,
        keeps: bool = False,
        is_authored: bool = True,
    ) -> None:
        self._is_short, self._branch, self._keeps = is_short, branch, keeps
        self._is_authored = is_authored
        self.branches = 1
        part = self._part(Place(schema, example=example))
        self.fill: Fill = (lambda _: MISSING) if part is None else part.fill

    def _layers(self, schema: Schema, depth: int = 0) -> list[Schema]:
        """Return a schema, and the alternatives of it that are taken."""
        layers = [schema]
        choices = [part[key] for part in schema.parts for key in ALTERNATIVES if part.get(key)]
        for nodes in choices if depth < DEEPEST else ():
            self.branches = max(self.branches, len(nodes))
            layers += self._layers(schema.of(nodes[self._branch % len(nodes)]), depth + 1)
        return layers

    def _part(self, place: Place) -> Part | None:
        """Return a part of the error, None where it is left out."""
        whole = place.schema.whole
        if len(place.above) > DEEPEST or (whole in place.above and not place.is_required):
            return None
        layers, place = self._layers(place.schema), place._replace(above=(*place.above, whole))
        types, example = types_of(layers), place.example
        has_members = any(layer.properties for layer in layers)
        is_top = not place.name and place.example is MISSING and "object" in types
        if has_members or types == {"object"} or is_top or isinstance(example, dict):
            return self._object(place, layers)
        is_list = types == {"array"} or isinstance(example, list)
        if is_list and ErrorMeaning.STEPS not in place.meanings:
            return self._list(place, layers)
        example = example if self._is_authored else MISSING
        return self._scalar(place, Member(place.name, layers, example, is_required=place.is_required))

    def _scalar(self, place: Place, member: Member) -> Part | None:
        facts = [FACTS[meaning] for meaning in place.meanings]
        if not (facts or place.is_required):
            return None
        defaults = [place.example] if self._keeps else member.defaults

        def fill(occurrence: Occurrence) -> Any:
            candidates = chain.from_iterable(fact(occurrence, member) for fact in facts)
            value = member.first(chain(candidates, defaults))
            return member.nothing if value is MISSING else value

        return Part(fill, says=not SAYING.isdisjoint(place.meanings))

    def _list(self, place: Place, layers: list[Schema]) -> Part | None:
        if not place.is_required and spelled(place.name) not in OF_ERRORS:
            return None
        part = self._item(place, layers)
        parts = [part for layer in layers for part in layer.parts]
        is_alone = not place.heard or any(part.get("minItems") for part in parts)
        most = min((part["maxItems"] for part in parts if "maxItems" in part), default=None)

        def fill(occurrence: Occurrence) -> Any:
            violations = () if occurrence.violation else occurrence.problem.violations
            occurrences = [occurrence._replace(violation=violation) for violation in violations]
            if not occurrences and (is_alone or occurrence.violation):
                occurrences = [occurrence]
            items = [] if part is None else map(part.fill, occurrences[:most])
            items = [item for item in items if item is not MISSING]
            return items if items or place.is_required else MISSING

        return Part(fill, says=part is not None and part.says and is_alone)

    def _item(self, place: Place, layers: list[Schema]) -> Part | None:
        """Return what each item of a list is, or each member of an object whose names are not declared."""
        kinds = [layer.items for layer in layers if any("items" in part for part in layer.parts)]
        example = next(iter(_list(place.example)), MISSING)
        if kinds or example is not MISSING:
            return self._each(place, next(iter(kinds), layers[0].items), example)
        return Part(lambda occurrence: occurrence.violation.document() if occurrence.violation else MISSING)

    def _each(self, place: Place, schema: Schema, example: Any = MISSING) -> Part | None:
        name = singular(place.name) or place.name
        meanings = ErrorMeaning.of(name, "", schema.types)[:1] or [ErrorMeaning.TEXT]
        return self._part(
            Place(schema, name or "error", example, meanings=tuple(meanings), above=place.above)
        )

    def _object(self, place: Place, layers: list[Schema]) -> Part | None:
        example = place.example if isinstance(place.example, dict) else {}
        members = {name: schema for layer in layers for name, schema in layer.properties.items()}
        required = {name for layer in layers for part in layer.parts for name in part.get("required", ())}
        if self._keeps or not members:
            members = {name: layers[0].member(name) for name in example} or members
            required = {*example}
        if not members:
            return self._free(place, layers)
        parts = self._members(place, members, required, example)
        by_name = {plain(name): (name, schema) for name, schema in members.items()}

        def fill(occurrence: Occurrence) -> Any:
            value = {name: part.fill(occurrence) for name, part in parts.items()}
            value = {name: member for name, member in value.items() if member is not MISSING}
            if occurrence.problem.extensions and not occurrence.problem.violations:
                for extension, member in occurrence.problem.extensions.items():
                    name, schema = by_name.get(plain(extension), ("", None))
                    plain_member = msgspec.to_builtins(member, enc_hook=str)
                    if schema is not None and schema.conforms(plain_member):
                        value[name] = plain_member
            return value if value or place.is_required else MISSING

        return Part(fill, says=any(part.says for part in parts.values()))

    def _free(self, place: Place, layers: list[Schema]) -> Part | None:
        """Return an object of any members: problem details, or what violates the contract by its place."""
        is_of_errors = spelled(place.name) in OF_ERRORS
        others = layers[0].others
        if others.node is not True and (is_of_errors or not place.name):
            part = self._each(place, others)
            if part is None:
                return None

            def fill(occurrence: Occurrence) -> Any:
                each = [
                    occurrence._replace(violation=violation) for violation in occurrence.problem.violations
                ]
                return {
                    ".".join(one.violation.steps if one.violation else ()) or "error": part.fill(one)
                    for one in each or [occurrence]
                }

            return Part(fill, says=part.says)
        if not place.name or (place.is_required and is_of_errors):
            return Part(_document, says=True)
        return Part(lambda _: {}) if place.is_required else None

    def _members(
        self, place: Place, members: Mapping[str, Schema], required: set[str], example: Mapping[str, Any]
    ) -> dict[str, Part]:
        """Return the parts of an object; texts first, since lists of errors say what no text says."""
        found = meanings_of({name: self._layers(schema) for name, schema in members.items()}, example)
        heard = place.heard or not SAYING.isdisjoint(chain.from_iterable(found.values()))
        parts: dict[str, Part] = {}
        for name, schema in members.items():
            is_required = name in required
            if (self._is_short and not is_required) or schema.is_marked("writeOnly"):
                continue
            inner = Place(
                schema, name, example.get(name, MISSING), is_required, found[name], place.above, heard
            )
            part = self._part(inner)
            if part is None:
                continue
            is_around = not is_required and not found[name]
            spelling = spelled(name)
            if is_around and not (spelling in OF_ERRORS or (spelling in AROUND_ERRORS and part.says)):
                continue
            parts[name] = part
        return parts


def meanings_of(
    members: Mapping[str, list[Schema]], example: Mapping[str, Any]
) -> dict[str, tuple[ErrorMeaning, ...]]:
    """Return what each member of an object means, given the others and an example of it."""
    found = {
        name: ErrorMeaning.of(name, _description(layers), _types(layers, example.get(name)))
        for name, layers in members.items()
    }
    spellings = {name: spelled(name) for name in members}
    order = ErrorMeaning.TEXT.names
    texts = sorted(
        (name for name, meanings in found.items() if ErrorMeaning.TEXT in meanings),
        key=lambda name: order.index(spellings[name]) if spellings[name] in order else len(order),
    )
    for name in texts[1:]:
        found[name] = found[name][1:] or found[name]
    is_placed = "source" in spellings.values() or not WHERE.isdisjoint(chain.from_iterable(found.values()))
    for name in texts[:1]:
        found[name] = [ErrorMeaning.DETAIL if is_placed else ErrorMeaning.TEXT]
    has_status = any(ErrorMeaning.STATUS in meanings for meanings in found.values())
    is_problem = "title" in spellings.values()
    for name, meanings in found.items():
        is_uri = any(
            str(part.get("format")).startswith("uri") for layer in members[name] for part in layer.parts
        )
        if ErrorMeaning.TYPE in meanings and not (is_problem or is_uri):
            found[name] = meanings[1:]
        if ErrorMeaning.STATUS_TEXT in meanings and has_status:  # a number says that already
            found[name] = [ErrorMeaning.CODE]
    unknown = [
        name for name, meanings in found.items() if not meanings and types_of(members[name]) == {"string"}
    ]
    if not texts and len(unknown) == 1 and len(members) == 1:
        found[unknown[0]] = [ErrorMeaning.TEXT]
    return {name: tuple(meanings) for name, meanings in found.items()}


def _types(layers: list[Schema], example: Any) -> frozenset[str]:
    """Return the types that a value may have; where they are not declared, that of the example."""
    types = types_of(layers)
    is_declared = types != EVERY_TYPE - {"null"} or example is None or str(example).isdigit()
    return types if is_declared else frozenset({type_of(example)})


def _description(layers: list[Schema]) -> str:
    return next((str(part["description"]) for part in layers[0].parts if "description" in part), "")
