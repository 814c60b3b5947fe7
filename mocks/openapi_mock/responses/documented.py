"""The documented responses of one operation: chosen, made, validated and remembered."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import MULTIPLE_CHOICES, OK
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple

from openapi_contract import Contract, Operation
from openapi_contract.media_types import essence, is_json, ranges_for
from openapi_contract.schemas import Schema
from openapi_contract.violations import holds_more
from openapi_mock.generation import Generator
from openapi_mock.generation.values import MOST_VALUES
from openapi_service.accept_filter import AcceptFilter
from openapi_service.assembly import Assembly
from openapi_service.negotiation import Negotiation, parse_accept
from openapi_service.problems import (
    BadRequest,
    NotAcceptable,
    NotFound,
    NotImplementedYet,
    Problem,
    ValidationFailed,
    ViolationError,
)
from openapi_service.request import Request
from openapi_service.response_validation import is_of_header, sentences
from openapi_service.responses import Rendered

from .bodies import (
    MOST_EXAMPLES,
    MOST_REPAIRED,
    MOST_REPAIRS,
    Body,
    Candidates,
    example_names,
    named_examples,
)
from .problems import documented_problem, in_a_header
from .related import Relation
from .rendering import body_of, concrete, header_value

log = logging.getLogger("openapi_mock.responses")
MOST_REMEMBERED = 64
MOST_VALIDATED = 2 * MOST_EXAMPLES + MOST_REPAIRED * MOST_REPAIRS
"""Bodies that are validated before a response is given up: examples, repaired ones, generated ones."""
NO_BODY = {204, 205, 304}
NO_LENGTH = {204, 304}
FRAMING = {
    *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
    *("keep-alive", "upgrade", "trailer", "date"),
}
"""Headers that say how a message is sent: those of the mock are its own."""
Fields = list[tuple[bytes, bytes]]

NO_BODY_VALUE = Body()


class Selection(NamedTuple):
    """Which of the documented responses to an operation is to be sent.

    Attributes:
        status: None for the operation's success.
        example: name of the example, None for any.
        drawn: what a generated value is made of, if it is to be another each time.
    """

    status: int | None = None
    accept: str | None = None
    example: str | None = None
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A response as the contract documents it.

    Attributes:
        source: ``example``, ``example-repaired`` or ``generated``.
        problem: makes the problem that is raised instead, where the response is one of the API's own.
        violation: what an example that was asked for by name violates, for a header.
        relation: makes of it the response to a request, where that makes a difference.
        body: what is sent as its body.
        schema: of the body; None where there is none.
    """

    source: str
    rendered: Rendered
    problem: Callable[[Request], Problem] | None = None
    violation: bytes = b""
    relation: Relation | None = None
    body: Body = NO_BODY_VALUE
    schema: Schema | None = None


class DocumentedResponses:
    """The documented responses of one operation.

    Args:
        reports_examples: raise a problem where examples violate the contract, instead of repairing one.

    Attributes:
        success: the status of a plain response.
    """

    def __init__(
        self,
        operation: Operation,
        assembly: Assembly,
        generator: Generator,
        *,
        reports_examples: bool = False,
    ) -> None:
        self._reports_examples = reports_examples
        self.success = success_status(operation)
        self._operation = operation
        self._contract = assembly.contract
        self._profile = assembly.profile
        self._generator = generator
        self._candidates = Candidates(assembly.contract, generator)
        self._filter = AcceptFilter(operation, assembly.contract.schemas)
        self._validator = assembly.response_validator
        self._made: dict[Selection, DocumentedResponse] = {}
        self._name = operation.label

    def known(self, selection: Selection) -> DocumentedResponse | None:
        """Return a response that was made before."""
        return self._made.get(selection)

    def status_of(self, problem: Problem) -> int:
        """Return the status of a refusal: 400 instead of a 422 that is not documented, if that is."""
        status, documented = int(problem.status), self._operation.responses
        if isinstance(problem, ValidationFailed) and str(status) not in documented and "400" in documented:
            return int(BadRequest.status)  # as most contracts have it
        return status

    def error_like(self, status: int) -> int | None:
        """Return whose error has a body for a status: its own, or the first one's if it is not documented."""
        codes = (_status(code) for code in sorted(self._operation.responses) if code[0] in "45")
        statuses = codes if self._operation.response_for(status) is None else (status,)
        declared = ((each, self._operation.response_for(each) or {}) for each in statuses)
        return next((each for each, response in declared if response.get("content")), None)

    def make(self, selection: Selection, sent: Fields) -> DocumentedResponse:
        """Make the response that is selected; it takes its time.

        Args:
            sent: headers that the response has already.

        Raises:
            NotFound: the contract documents no such status or example; says which there are.
            ViolationError: no example conforms to the schema, and none is to be repaired.
            NotImplementedYet: no value was found that conforms to the schema.
        """
        made = self._make(selection, self._status(selection), sent)
        if not selection.drawn:
            self._made[selection] = made
            while len(self._made) > MOST_REMEMBERED:
                del self._made[next(iter(self._made))]
        return made

    def _status(self, selection: Selection) -> int:
        """Return the status that is selected, else the one that has the example, else the success."""
        if selection.status is not None:
            return selection.status
        if selection.example is None:
            return self._accepted_success(selection.accept)
        codes = [self.success, *(int(code) for code in self._operation.responses if code.isdigit())]
        return next((code for code in codes if selection.example in self._examples(code)), self.success)

    def _accepted_success(self, accept: str | None) -> int:
        """Return the first success with a body of a type that is asked for, else the first."""
        if accept is not None and accept != "*/*":
            for status in success_statuses(self._operation):
                content = self._content(status)
                with suppress(NotAcceptable):
                    Negotiation(content).check(accept)
                    if content:
                        return status
        return self.success

    def _declared(self, status: int) -> Mapping[str, Any]:
        declared = self._operation.response_for(status)
        if declared is None and self._operation.responses:  # OpenAPI 3.1 requires none
            there = ", ".join(self._operation.responses)
            raise NotFound(f"{self._name} documents no {status}; it has {there}.")
        return declared or {}

    def _content(self, status: int) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self._declared(status).get("content", {})
        return {} if status in NO_BODY else content

    def _examples(self, status: int) -> list[str]:
        return example_names(self._contract, {"content": self._content(status)})

    def _make(self, selection: Selection, status: int, sent: Fields) -> DocumentedResponse:
        content = self._content(status)
        if selection.example is not None and selection.example not in self._examples(status):
            there = ", ".join(self._examples(status)) or "none"
            raise NotFound(
                f"{self._name} has no example {selection.example[:100]!r} for {status}; it has {there}."
            )
        fields = list(self._header_fields(status, sent, selection))
        if not content:
            return DocumentedResponse(
                "generated", Rendered(status, [*fields, *_framing(status, Body())], b"")
            )
        key = _media_type(self._contract, content, selection)
        holder = content[key]
        if not selection.drawn:
            is_valid = self._generator.is_valid
            problem = documented_problem(
                self._operation, status, key, holder, self._contract, self._profile, is_valid
            )
            if problem is not None:
                return DocumentedResponse("generated", Rendered(status, fields, b""), problem)
        media_type = concrete(key)
        label = self._label(status, media_type, selection)
        dynamic = bool(selection.drawn)
        bodies = self._candidates.bodies(
            media_type, holder, label, example=selection.example, dynamic=dynamic
        )
        if self._reports_examples:  # those of the first source: the examples, if there are any
            bodies = next((same for _, same in groupby(bodies, attrgetter("source"))), bodies)
        errors: list[str] = []
        violating: DocumentedResponse | None = None
        for body in islice(bodies, MOST_VALIDATED):
            rendered = Rendered(status, [*fields, *_framing(status, body)], body.content)
            whole = Rendered(status, [*sent, *rendered.headers], body.content)
            schema = self._contract.schemas.for_responses.in_media_type(holder)
            errors = self._errors(whole, body, schema.node)
            if not errors:
                relation = self._relation(rendered, body, schema)
                return DocumentedResponse(body.source, rendered, relation=relation, body=body, schema=schema)
            if body.source == "example" and not all(map(is_of_header, errors)):
                log.warning("%s: an example for %s violates the contract: %s", self._name, status, errors[0])
                violating = violating or DocumentedResponse(
                    body.source, rendered, violation=in_a_header("; ".join(errors))
                )
        if violating is not None and selection.example is not None and not self._reports_examples:
            return violating
        found = f"{self._name}, {status}: " + (errors[0] if errors else "its schema allows no value")
        raise self._no_response(found, violating)

    def _no_response(self, found: str, violating: DocumentedResponse | None) -> Problem:
        """Return why nothing can be sent: what was found last, of examples if one violates the contract."""
        if violating is not None and self._reports_examples:
            return ViolationError(f"The contract's example violates it. {found}")
        return NotImplementedYet(
            f"The mock found no value that conforms to the contract; give an example. {found}"
        )

    def _relation(self, rendered: Rendered, body: Body, schema: Schema) -> Relation | None:
        """Return what relates a response to requests: a success that is generated, in JSON."""
        media_type, value = body.media_type or "", body.value
        is_success = OK <= rendered.status < MULTIPLE_CHOICES
        if body.source != "generated" or not is_success or not isinstance(value, dict | list):
            return None
        if not is_json(essence(media_type)):
            return None
        relation = Relation(rendered, value, media_type, schema, self._operation, self._generator)
        return relation if relation.is_possible else None

    def _errors(self, sent: Rendered, body: Body, schema: Any) -> list[str]:
        """Return what is wrong with a response, as it will be sent.

        openapi-core has the last word on JSON. What it stumbles over there, such as an anchor or a pattern
        that Python does not have, and what it would not read back as the value that was written,
        jsonschema-rs decides; text that is no JSON may spell anything. An example has to conform to both:
        openapi-core does not know the formats of URIs, which clients do.
        """
        if holds_more(body.value, MOST_VALUES) and not self._generator.is_valid(schema, body.value):
            return ["its body violates its schema"]  # which could take long to say in detail
        if is_json(essence(body.media_type or "")):
            with suppress(Exception):  # whatever it stumbles over
                accepted = self._filter.accepts(sent, body.media_type)
                found = self._validator.found
                errors = [] if accepted else sentences(found(self._operation, sent, body.media_type))
                if errors or body.source != "example":
                    return errors
        elif isinstance(body.value, str):
            return []
        return [] if self._generator.is_valid(schema, body.value) else ["its body violates its schema"]

    def _header_fields(
        self, status: int, sent: Fields, selection: Selection
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield the declared headers that the response does not have yet."""
        there = {name for name, _ in sent}
        for name, header in self._declared(status).get("headers", {}).items():
            media_type, holder = next(iter(header.get("content", {}).items()), ("", header))
            field = name.lower().encode("latin-1", "replace")
            if name.lower() not in FRAMING and field not in there:
                label = self._label(status, f"header {name}", selection)
                candidates = self._candidates.values(holder, label, member=f"header {name}")
                values = (each.value for each in candidates)
                schema = holder.get("schema", True)
                for value in values:
                    spelled = header_value(self._in_header(value, media_type, holder))
                    if spelled and self._generator.is_valid(schema, value):
                        yield field, spelled
                        break

    def _in_header(self, value: Any, media_type: str, holder: Mapping[str, Any]) -> Any:
        """Return a value as the text of a header's media type; as it is, where the header has none."""
        if is_json(essence(media_type)):
            return json.dumps(value)
        schema = self._contract.schemas.for_responses.in_media_type(holder)
        return body_of(value, media_type, schema).decode() if media_type else value

    def _label(self, status: int, part: str, selection: Selection) -> str:
        """Return what tells a generated part from others."""
        return f"{self._operation.operation_id}/{status}/{part}/{selection.drawn}"


def success_status(operation: Operation) -> int:
    """Return the status of a plain response: the lowest success, else what there is first."""
    codes = list(operation.responses)
    successes = success_statuses(operation)
    if not successes and ("default" in codes or not codes):
        return 200
    return successes[0] if successes else _status(codes[0])


def success_statuses(operation: Operation) -> list[int]:
    """Return the statuses of all successes: the lowest first, a range behind those that are in it."""
    return [_status(code) for code in sorted(operation.responses) if code.startswith("2")]


def _status(code: str) -> int:
    return int(code.upper().replace("X", "0"))


def _framing(status: int, body: Body) -> Iterator[tuple[bytes, bytes]]:
    if body.media_type is not None:
        yield b"content-type", body.media_type.encode("latin-1", "replace")
    if status not in NO_LENGTH:
        yield b"content-length", str(len(body.content)).encode()


def _media_type(contract: Contract, content: Mapping[str, Any], selection: Selection) -> str:
    """Return the declared media type that the request prefers; JSON, then the first, if all the same."""
    having = content
    if selection.example is not None:
        having = {
            key: each for key, each in content.items() if selection.example in named_examples(contract, each)
        }
    plain = next((each for each in having if is_json(essence(each))), next(iter(having)))
    if selection.accept is None or selection.accept == "*/*":
        return plain
    qualities = {each.media_range: each.quality for each in parse_accept(selection.accept)}

    def preference(media_type: str) -> tuple[float, bool]:
        named = (qualities[each] for each in ranges_for(essence(media_type)) if each in qualities)
        return next(named, 0.0), media_type == plain

    return max(having, key=preference)
