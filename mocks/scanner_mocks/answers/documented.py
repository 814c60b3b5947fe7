"""What the contract documents for one operation, as answers: rendered once, and judged as a handler's are."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from scanner_api.binding.accept_filter import AcceptFilter
from scanner_api.binding.answers import Rendered
from scanner_api.binding.judge import declared_response
from scanner_api.binding.media_types import essence, is_json, parse_accept, ranges_for
from scanner_api.problems import BadRequest, InternalError, NotImplementedYet

from .examples import candidates, named_examples
from .problems import is_documented, problem_of
from .rendering import PNG, body_of, concrete, header_value, is_opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from scanner_api.binding.assembly import Assembly
    from scanner_api.binding.request import Request
    from scanner_api.problems import Problem
    from scanner_contract import Contract, Operation

    from .examples import Candidate
    from .generation import Generator

log = logging.getLogger("scanner_mocks.answers")
MOST_REMEMBERED = 64
"""Rendered answers of one operation."""
MOST_JUDGED = 12
"""Candidates that openapi-core is asked about before the schema is given up."""
NO_BODY = {204, 205, 304}
FRAMING = {
    *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
    *("keep-alive", "upgrade", "trailer", "date"),
}
"""Headers that say how a message is sent: those of the mock are its own."""


class Wish(NamedTuple):
    """Which of the documented answers is wanted.

    Attributes:
        status: None for the operation's success.
        accept: the request's Accept header.
        example: name of the example, None for any.
        drawn: what a generated value is drawn for, if it is to be another for each request.
    """

    status: int | None = None
    accept: str | None = None
    example: str | None = None
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class Documented:
    """An answer of the contract.

    Attributes:
        source: ``example`` or ``generated``.
        problem: makes the problem that is raised instead, where the answer is one of the API's own.
    """

    source: str
    rendered: Rendered
    problem: Callable[[Request], Problem] | None = None


class DocumentedAnswers:
    """The documented answers of one operation.

    Args:
        assembly: of the contract.
        generator: of the contract's schemas.
    """

    def __init__(self, operation: Operation, assembly: Assembly, generator: Generator) -> None:
        self._operation = operation
        self._contract: Contract = assembly.contract
        self._generator = generator
        self._filter = AcceptFilter(operation, assembly.compiler)
        self._judge = assembly.judge
        self._rendered: OrderedDict[Wish, Documented] = OrderedDict()
        self.success = _success(operation)

    def known(self, wish: Wish) -> Documented | None:
        """Return an answer that was made before."""
        return self._rendered.get(wish)

    def make(self, wish: Wish, given: list[tuple[bytes, bytes]]) -> Documented:
        """Return the answer that is wanted; it takes its time.

        Args:
            wish: which one.
            given: headers that the answer has already.

        Raises:
            BadRequest: the contract documents no such status or example; says which there are.
            NotImplementedYet: no value was found that keeps the schema.
            InternalError: the example that is wanted breaks the contract.
        """
        made = self._make(wish, given)
        if not wish.drawn:
            self._rendered[wish] = made
            while len(self._rendered) > MOST_REMEMBERED:
                self._rendered.popitem(last=False)
        return made

    def _make(self, wish: Wish, given: list[tuple[bytes, bytes]]) -> Documented:
        status = self._status(wish)
        declared = declared_response(self._operation, status)
        if declared is None:
            raise BadRequest(f"{self._name()} documents no {status}; it has {self._statuses()}.")
        content = declared.get("content", {})
        if status in NO_BODY or not content:
            headers = self._headers(status, declared, given, wish)
            return self._accepted([(b"", None, "generated")], {}, status, headers, given, wish)
        key = _chosen(content, wish)
        headers = self._headers(status, declared, given, wish)
        if is_documented(essence(key), content[key], status) and not wish.drawn:
            problem = problem_of(status, self._operation, self._contract)
            return Documented("generated", Rendered(status, headers, b""), problem)
        bodies = self._bodies(key, content[key], status, wish)
        return self._accepted(bodies, content[key].get("schema", True), status, headers, given, wish)

    def _status(self, wish: Wish) -> int:
        """Return the status that is wanted, else the one that has the example, else the success."""
        if wish.status is not None or wish.example is None:
            return wish.status or self.success
        codes = [str(self.success), *(code for code in self._operation.responses if code.isdigit())]
        having = (code for code in codes if wish.example in self._examples(int(code)))
        return int(next(having, self.success))

    def _examples(self, status: int) -> dict[str, None]:
        declared = declared_response(self._operation, status) or {}
        content = declared.get("content", {}).values()
        return {name: None for each in content for name in named_examples(self._contract, each)}

    def _bodies(
        self, key: str, holder: Mapping[str, Any], status: int, wish: Wish
    ) -> Iterator[tuple[bytes, str | None, str]]:
        """Yield bodies, with their media types and where they come from."""
        media_type = concrete(key)
        name = f"{self._operation.operation_id}/{status}/{key}/{wish.drawn}"
        for each in self._candidates(holder, name, status, wish):
            if each.source == "generated" and is_opaque(media_type):
                yield PNG if media_type == "image/png" else b"mock", media_type, each.source
            else:
                yield body_of(each.value, media_type), media_type, each.source

    def _candidates(
        self, holder: Mapping[str, Any], name: str, status: int, wish: Wish
    ) -> Iterator[Candidate]:
        named = named_examples(self._contract, holder)
        if wish.example is not None and wish.example not in named:
            there = ", ".join(self._examples(status)) or "none"
            raise BadRequest(
                f"{self._name()} has no example {wish.example[:100]!r} for {status}; it has {there}."
            )
        return candidates(
            self._contract, holder, self._generator, name, example=wish.example, dynamic=bool(wish.drawn)
        )

    def _accepted(
        self,
        bodies: Iterable[tuple[bytes, str | None, str]],
        schema: Any,
        status: int,
        headers: list[tuple[bytes, bytes]],
        given: list[tuple[bytes, bytes]],
        wish: Wish,
    ) -> Documented:
        """Return the first answer that keeps the contract."""
        refused: list[str] = []
        for count, (body, media_type, source) in enumerate(bodies):
            rendered = Rendered(status, _framed(headers, media_type, body, status), body)
            refused = self._errors(rendered, media_type, schema, given)
            if not refused:
                return Documented(source, rendered)
            if source == "example":
                log.warning("%s: an example for %s breaks it: %s", self._name(), status, refused[0])
            if count >= MOST_JUDGED:
                break
        said = f"{self._name()}, {status}: " + (refused[0] if refused else "its schema allows no value")
        if wish.example is not None:
            raise InternalError(f"The example breaks the contract. {said}")
        raise NotImplementedYet(f"The mock found no value that keeps the contract; give an example. {said}")

    def _errors(
        self, rendered: Rendered, media_type: str | None, schema: Any, given: list[tuple[bytes, bytes]]
    ) -> list[str]:
        """Judge an answer as it will be sent; openapi-core has the last word where it can say anything."""
        sent = Rendered(rendered.status, [*given, *rendered.headers], rendered.body)
        if self._filter.accepts(sent, media_type) or (media_type and not _is_judged(media_type)):
            return []
        try:
            found = self._judge.found(self._operation, sent, media_type)
        except Exception:  # noqa: BLE001 -- whatever it stumbles over, such as an anchor or ECMA's patterns
            valid = media_type is None or self._generator.is_valid(schema, msgspec.json.decode(sent.body))
            return [] if valid else ["its body breaks its schema"]
        return self._judge.errors(self._operation, sent, media_type) if found else []

    def _headers(
        self, status: int, declared: Mapping[str, Any], given: list[tuple[bytes, bytes]], wish: Wish
    ) -> list[tuple[bytes, bytes]]:
        """Return the declared headers that the answer does not have yet."""
        there = {name for name, _ in given}
        fields = []
        for name, holder in declared.get("headers", {}).items():
            field = name.lower().encode("latin-1", "replace")
            if name.lower() not in FRAMING and field not in there:
                label = f"{self._operation.operation_id}/{status}/header {name}/{wish.drawn}"
                value = self._header(holder, label)
                fields += [] if value is None else [(field, value)]
        return fields

    def _header(self, holder: Mapping[str, Any], label: str) -> bytes | None:
        schema = holder.get("schema", True)
        for each in candidates(self._contract, holder, self._generator, label):
            value = header_value(each.value)
            if value and self._generator.is_valid(schema, each.value):
                return value
        return None

    def _name(self) -> str:
        return f"{self._operation.method.upper()} {self._operation.path}"

    def _statuses(self) -> str:
        return ", ".join(self._operation.responses) or "none"


def _success(operation: Operation) -> int:
    """Return the status of a plain answer: the first success, else what there is."""
    codes = list(operation.responses)
    successes = [code for code in codes if code.startswith("2")]
    if successes or "default" in codes or not codes:
        return int(successes[0].upper().replace("X", "0")) if successes else 200
    return int(codes[0].upper().replace("X", "0"))


def _chosen(content: Mapping[str, Any], wish: Wish) -> str:
    """Return the declared media type that the request likes best; JSON, then the first, if all the same."""
    plain = next((each for each in content if is_json(essence(each))), next(iter(content)))
    if wish.example is not None:
        plain = next((each for each in content if wish.example in content[each].get("examples", ())), plain)
    if wish.accept is None or wish.accept == "*/*":
        return plain
    qualities = {each.media_range: each.quality for each in parse_accept(wish.accept)}

    def liked(media_type: str) -> tuple[float, bool]:
        said = (qualities[each] for each in ranges_for(essence(media_type)) if each in qualities)
        return next(said, 0.0), media_type == plain

    return max(content, key=liked)


def _is_judged(media_type: str) -> bool:
    """Tell whether openapi-core reads a media type back as the value that was written."""
    kind = essence(media_type)
    return is_json(kind) or kind == "text/plain"


def _framed(
    headers: list[tuple[bytes, bytes]], media_type: str | None, body: bytes, status: int
) -> list[tuple[bytes, bytes]]:
    framed = list(headers)
    if media_type is not None:
        framed.append((b"content-type", media_type.encode("latin-1", "replace")))
    if status not in {204, 304}:
        framed.append((b"content-length", str(len(body)).encode()))
    return framed
