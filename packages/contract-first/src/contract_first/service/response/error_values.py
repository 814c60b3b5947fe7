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
from contract_first.service.messages.problems import CODES, Problem, phrase
from contract_first.service.messages.request import Request
from contract_first.vocabulary.errors import OF_ERRORS, ErrorMeaning, fitting, spelled, styled
from contract_first.vocabulary.words import plain, singular

DEEPEST = 8
Fill = Callable[["Occurrence"], Any]
"""Returns the value of a part of an error, MISSING for none."""


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
    meanings: list[ErrorMeaning] = [ErrorMeaning.TEXT]  # noqa: RUF012 -- of a tuple
    above: tuple[Schema, ...] = ()
    heard: bool = False

    @property
    def types(self) -> frozenset[str]:
        """The types that it may have, but for null; where none is declared, that of the example."""
        types = frozenset.intersection(*(layer.types for layer in self.layers)) - {"null"}
        has_example = self.example is not MISSING and not str(self.example).isdigit()
        return (
            frozenset({type_of(self.example)}) if has_example and len(types) > len(EVERY_TYPE) - 2 else types
        )

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
        examples = [*([] if place.example is MISSING else [place.example]), *place.all("example"), *listed]
        values = [value for layer in place.layers for value in layer.values]
        self.example = str(next(iter(examples), "")) if is_authored else ""
        self.texts = (
            tuple(value for value in (*values, *examples) if isinstance(value, str)) if is_authored else ()
        )
        self.is_exact = is_authored and place.example is not MISSING
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


def _request_id(occurrence: Occurrence, _: Member) -> Iterator[Any]:
    yield occurrence.request.request_id
    with suppress(ValueError):  # those that this process makes are hexadecimal
        yield str(UUID(occurrence.request.request_id.zfill(32)))


def _time(occurrence: Occurrence, _: Member) -> Iterable[Any]:
    now = occurrence.request.now().astimezone(UTC)
    text = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text, text[:10], int(now.timestamp())


def _retry_after(occurrence: Occurrence, _: Member) -> Iterable[Any]:
    seconds = occurrence.problem.headers.get("Retry-After", "")
    return (int(seconds),) if seconds.isdecimal() else ()


def _of_violation(fact: Callable[[Violation], Any]) -> Callable[[Occurrence, Member], Iterable[Any]]:
    return lambda occurrence, _: (fact(occurrence.violation),) if occurrence.violation else ()


def _of_problem(fact: Callable[[Problem], Any]) -> Callable[[Occurrence, Member], Iterable[Any]]:
    return lambda occurrence, _: (fact(occurrence.problem),)


FACTS: Mapping[ErrorMeaning, Callable[[Occurrence, Member], Iterable[Any]]] = {
    ErrorMeaning.TEXT: _text,
    ErrorMeaning.DETAIL: _detail,
    ErrorMeaning.STATUS: _of_problem(lambda problem: int(problem.status)),
    ErrorMeaning.STATUS_TEXT: _status_text,
    ErrorMeaning.TITLE: _of_problem(lambda problem: problem.title or phrase(problem.status)),
    ErrorMeaning.TYPE: lambda occurrence, _: (
        occurrence.request.problem_details(occurrence.problem)["type"],
    ),
    ErrorMeaning.CODE: _code,
    ErrorMeaning.FIELD: _field,
    ErrorMeaning.POINTER: _of_violation(
        lambda violation: violation.name if violation.location == "body" else None
    ),
    ErrorMeaning.PLACE: _of_violation(lambda violation: violation.location),
    ErrorMeaning.STEPS: _of_violation(lambda violation: [violation.location, *violation.steps]),
    ErrorMeaning.INSTANCE: lambda occurrence, _: (occurrence.request.instance,),
    ErrorMeaning.METHOD: lambda occurrence, _: (occurrence.request.method,),
    ErrorMeaning.REQUEST_ID: _request_id,
    ErrorMeaning.TIME: _time,
    ErrorMeaning.FAILURE: lambda *_: (True,),
    ErrorMeaning.SUCCESS: lambda *_: (False,),
    ErrorMeaning.RETRYABLE: _of_problem(lambda problem: problem.retryable),
    ErrorMeaning.RETRY_AFTER: _retry_after,
}
"""What a member has, by what it means: candidates, the best first."""
WHERE = {ErrorMeaning.FIELD, ErrorMeaning.POINTER, ErrorMeaning.STEPS}


class Draft:
    """How an error of a schema is written.

    Args:
        example: of the error; MISSING without one.
        branch: the number of the alternative that is taken, wherever there are several.
        is_authored: whether the author of the contract wrote the example, so that its codes are documented.

    Attributes:
        fill: returns the error for a problem; MISSING where the schema has no place for one.
        branches: how many alternatives there are.
    """

    def __init__(
        self, schema: Schema, example: Any = MISSING, *, branch: int = 0, is_authored: bool = True
    ) -> None:
        self._branch, self._is_authored = branch, is_authored
        self.branches = 1
        self.fill: Fill = self._part(Place(self._layers(schema), example=example)) or (lambda _: MISSING)

    def _layers(self, schema: Schema, depth: int = 0) -> list[Schema]:
        layers = [schema]
        choices = [part[key] for part in schema.parts for key in ALTERNATIVES if part.get(key)]
        for nodes in choices if depth < DEEPEST else ():
            self.branches = max(self.branches, len(nodes))
            layers += self._layers(schema.of(nodes[self._branch % len(nodes)]), depth + 1)
        return layers

    def _part(self, place: Place) -> Fill | None:
        """Return what fills in a part of the error, None where it is left out."""
        whole = place.layers[0].whole
        is_named = bool(place.meanings) or spelled(place.name) in OF_ERRORS
        if len(place.above) > DEEPEST or not (place.is_required or (is_named and whole not in place.above)):
            return None
        types = place.types
        place = place._replace(above=(*place.above, whole))
        is_top = not place.name and "object" in types
        if is_top or types == {"object"} or any(layer.properties for layer in place.layers):
            return self._object(place)
        if types == {"array"} and ErrorMeaning.STEPS not in place.meanings:
            return self._list(place)
        facts = [FACTS[meaning] for meaning in place.meanings]
        member = Member(place, is_authored=self._is_authored)
        return lambda occurrence: member.first(
            chain.from_iterable(fact(occurrence, member) for fact in facts)
        )

    def _item(self, place: Place, schema: Schema, example: Any = MISSING) -> Fill:
        """Return what fills in an item of a list of errors, or a member of an object of them."""
        name = singular(spelled(place.name)) or "error"
        item = Place(self._layers(schema), name, example, above=place.above)
        meanings = ErrorMeaning.of(name, "", item.types)[:1] or item.meanings
        return self._part(item._replace(meanings=meanings)) or (lambda _: MISSING)

    def _list(self, place: Place) -> Fill:
        is_alone = not place.heard or any(place.all("minItems"))
        most = min(place.all("maxItems"), default=None)
        example = next(iter(place.example), MISSING) if isinstance(place.example, list) else MISSING
        fill: Fill = lambda occurrence: occurrence.document  # noqa: E731 -- of items of any kind
        if place.all("items") or example is not MISSING:
            items = next(
                (layer.items for layer in place.layers if layer.items.node is not True), place.layers[0].items
            )
            fill = self._item(place, items, example)

        def filled(occurrence: Occurrence) -> Any:
            items = [fill(each) for each in occurrence.each(is_alone=is_alone)[:most]]
            items = [item for item in items if item is not MISSING]
            return items if items or place.is_required else MISSING

        return filled

    def _free(self, place: Place) -> Fill:
        """Return what fills in an object of any members: problem details, or violations by where they are."""
        others = place.layers[0].others
        if spelled(place.name) not in OF_ERRORS and place.name:
            return lambda _: {} if place.is_required else MISSING
        if others.node is True:
            return lambda occurrence: occurrence.document
        fill = self._item(place, others)
        return lambda occurrence: {
            ".".join(each.violation.steps if each.violation else ()) or "error": fill(each)
            for each in occurrence.each(is_alone=True)
        }

    def _object(self, place: Place) -> Fill:
        example = place.example if isinstance(place.example, dict) else {}
        members = {name: schema for layer in place.layers for name, schema in layer.properties.items()}
        required = set(chain.from_iterable(place.all("required")))
        if not members:
            members, required = {name: place.layers[0].member(name) for name in example}, {*example}
        if not members:
            return self._free(place)
        places = {
            name: Place(
                self._layers(schema), name, example.get(name, MISSING), name in required, above=place.above
            )
            for name, schema in members.items()
            if not schema.is_marked("writeOnly")
        }
        parts = {name: self._part(inner) for name, inner in meant(places).items()}
        fills = [(name, fill) for name, fill in parts.items() if fill is not None]
        by_name = {plain(name): name for name in members}

        def filled(occurrence: Occurrence) -> Any:
            value = {name: member for name, fill in fills if (member := fill(occurrence)) is not MISSING}
            if not occurrence.problem.violations:
                for extension, member in occurrence.problem.extensions.items():
                    name, plain_member = (
                        by_name.get(plain(extension)),
                        msgspec.to_builtins(member, enc_hook=str),
                    )
                    if name is not None and members[name].conforms(plain_member):
                        value[name] = plain_member
            return value if value or place.is_required else MISSING

        return filled


def meant(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return the members of an object with what each means, given the others."""
    found = {
        name: ErrorMeaning.of(name, str(next(iter(place.all("description")), "")), place.types)
        for name, place in places.items()
    }
    names = ErrorMeaning.TEXT.names
    texts = [name for name in found if ErrorMeaning.TEXT in found[name]]
    texts.sort(key=lambda name: names.index(spelled(name)) if spelled(name) in names else len(names))
    if not texts and len(found) == 1:
        texts = [name for name, place in places.items() if place.types == {"string"} and not found[name]]
    is_placed = "source" in found or any(not WHERE.isdisjoint(meanings) for meanings in found.values())
    has_number = any(ErrorMeaning.STATUS in meanings for meanings in found.values())
    for name, meanings in found.items():
        if name in texts[:1]:
            found[name] = [ErrorMeaning.DETAIL if is_placed else ErrorMeaning.TEXT]
        elif name in texts or (ErrorMeaning.TYPE in meanings and not is_problem(places[name], found)):
            found[name] = meanings[1:] or meanings
        elif ErrorMeaning.STATUS_TEXT in meanings and has_number:  # which says that already
            found[name] = [ErrorMeaning.CODE]
    return {name: place._replace(meanings=found[name], heard=bool(texts)) for name, place in places.items()}


def is_problem(place: Place, members: Iterable[str]) -> bool:
    """Tell whether a ``type`` is that of RFC 9457."""
    return "title" in members or any(str(name).startswith("uri") for name in place.all("format"))
