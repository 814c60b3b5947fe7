"""One documented response of an operation, as answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from openapi_service.media_types import essence, is_json, parse_accept, ranges_for
from openapi_service.problems import BadRequest, InternalError, NotImplementedYet
from openapi_service.responses import Rendered

from .examples import MOST_EXAMPLES, candidates, named_examples
from .problems import is_documented, problem_of, sample_of
from .rendering import PNG, body_of, concrete, header_value, is_opaque, is_xml
from .xml_documents import XmlDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from openapi_contract import Contract, Operation
    from openapi_service.problems import Problem
    from openapi_service.request import Request

    from .generation import Generator
    from .judged import AnswerJudge

log = logging.getLogger("openapi_mock.responses")
MOST_JUDGED = 2 * MOST_EXAMPLES
"""Bodies that the judge is asked about before a response is given up: examples, and as many made."""
NO_BODY = {204, 205, 304}
NO_LENGTH = {204, 304}
FRAMING = {
    *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
    *("keep-alive", "upgrade", "trailer", "date"),
}
"""Headers that say how a message is sent: those of the mock are its own."""
Fields = list[tuple[bytes, bytes]]


class Wish(NamedTuple):
    """Which of the documented answers is wanted.

    Attributes:
        status: None for the operation's success.
        accept: the request's Accept header.
        example: name of the example, None for any.
        drawn: what a generated value is made of, if it is to be another each time.
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


class Body(NamedTuple):
    """What may be sent as a body, where it comes from, and the value that it spells."""

    content: bytes = b""
    media_type: str | None = None
    source: str = "generated"
    value: Any = None


class DocumentedResponse:
    """One response of an operation.

    Args:
        declared: its Response Object.
    """

    def __init__(
        self,
        operation: Operation,
        status: int,
        declared: Mapping[str, Any],
        contract: Contract,
        generator: Generator,
        judge: AnswerJudge,
    ) -> None:
        self._operation = operation
        self._status = status
        self._headers: Mapping[str, Any] = declared.get("headers", {})
        self._content: Mapping[str, Any] = {} if status in NO_BODY else declared.get("content", {})
        self._contract = contract
        self._generator = generator
        self._judge = judge
        self._name = f"{operation.method.upper()} {operation.path}"

    @property
    def examples(self) -> list[str]:
        """The names of its examples."""
        holders = self._content.values()
        return list(dict.fromkeys(name for each in holders for name in named_examples(self._contract, each)))

    def answer(self, wish: Wish, given: Fields) -> Documented:
        """Return the answer that is wanted; see :meth:`~.documented.DocumentedAnswers.make`."""
        if wish.example is not None and wish.example not in self.examples:
            there = ", ".join(self.examples) or "none"
            raise BadRequest(
                f"{self._name} has no example {wish.example[:100]!r} for {self._status}; it has {there}."
            )
        fields = list(self._fields(given, wish))
        if not self._content:
            return Documented("generated", Rendered(self._status, [*fields, *self._framing(Body())], b""))
        key = _chosen(self._content, wish)
        holder = self._content[key]
        if self._is_problem(key, holder) and not wish.drawn:
            problem = problem_of(self._status, self._operation, self._contract)
            return Documented("generated", Rendered(self._status, fields, b""), problem)
        bodies = self._bodies(concrete(key), holder, wish)
        return self._accepted(bodies, holder.get("schema", True), fields, given, wish)

    def _is_problem(self, key: str, holder: Mapping[str, Any]) -> bool:
        """Tell whether a problem of ours is what is documented."""
        if not is_documented(essence(key), holder, self._status):
            return False
        return self._generator.is_valid(holder.get("schema", True), sample_of(self._status))

    def _bodies(self, media_type: str, holder: Mapping[str, Any], wish: Wish) -> Iterator[Body]:
        """Yield bodies, the best first."""
        found = candidates(
            self._contract,
            holder,
            self._generator,
            self._label(media_type, wish),
            example=wish.example,
            dynamic=bool(wish.drawn),
        )
        for value, source in found:
            if source == "generated" and is_opaque(media_type):
                yield Body(PNG if media_type == "image/png" else b"mock", media_type, source, value)
            elif is_xml(media_type) and not isinstance(value, str):
                document = XmlDocument(self._generator).of(value, holder.get("schema", True))
                yield Body(document, media_type, source, value)
            else:
                yield Body(body_of(value, media_type), media_type, source, value)

    def _accepted(
        self, bodies: Iterable[Body], schema: Any, fields: Fields, given: Fields, wish: Wish
    ) -> Documented:
        """Return the first answer that keeps the contract."""
        errors: list[str] = []
        for body in islice(bodies, MOST_JUDGED):
            rendered = Rendered(self._status, [*fields, *self._framing(body)], body.content)
            sent = Rendered(self._status, [*given, *rendered.headers], body.content)
            errors = self._judge.errors(sent, body.media_type, body.value, schema)
            if not errors:
                return Documented(body.source, rendered)
            if body.source == "example":
                log.warning("%s: an example for %s breaks it: %s", self._name, self._status, errors[0])
        said = f"{self._name}, {self._status}: " + (errors[0] if errors else "its schema allows no value")
        if wish.example is not None:
            raise InternalError(f"The example breaks the contract. {said}")
        raise NotImplementedYet(f"The mock found no value that keeps the contract; give an example. {said}")

    def _framing(self, body: Body) -> Iterator[tuple[bytes, bytes]]:
        if body.media_type is not None:
            yield b"content-type", body.media_type.encode("latin-1", "replace")
        if self._status not in NO_LENGTH:
            yield b"content-length", str(len(body.content)).encode()

    def _fields(self, given: Fields, wish: Wish) -> Iterator[tuple[bytes, bytes]]:
        """Yield the declared headers that the answer does not have yet."""
        there = {name for name, _ in given}
        for name, holder in self._headers.items():
            field = name.lower().encode("latin-1", "replace")
            value = None if name.lower() in FRAMING or field in there else self._field(name, holder, wish)
            if value is not None:
                yield field, value

    def _field(self, name: str, holder: Mapping[str, Any], wish: Wish) -> bytes | None:
        schema = holder.get("schema", True)
        for value, _ in candidates(
            self._contract, holder, self._generator, self._label(f"header {name}", wish)
        ):
            spelled = header_value(value)
            if spelled and self._generator.is_valid(schema, value):
                return spelled
        return None

    def _label(self, part: str, wish: Wish) -> str:
        """Return what tells a generated part from others."""
        return f"{self._operation.operation_id}/{self._status}/{part}/{wish.drawn}"


def _chosen(content: Mapping[str, Any], wish: Wish) -> str:
    """Return the declared media type that the request likes best; JSON, then the first, if all the same."""
    having = content
    if wish.example is not None:
        having = {key: each for key, each in content.items() if wish.example in each.get("examples", ())}
    plain = next((each for each in having if is_json(essence(each))), next(iter(having)))
    if wish.accept is None or wish.accept == "*/*":
        return plain
    qualities = {each.media_range: each.quality for each in parse_accept(wish.accept)}

    def liked(media_type: str) -> tuple[float, bool]:
        said = (qualities[each] for each in ranges_for(essence(media_type)) if each in qualities)
        return next(said, 0.0), media_type == plain

    return max(having, key=liked)
