"""The documented responses of one operation: generated, validated and cached."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import BAD_REQUEST, MULTIPLE_CHOICES, OK
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from contract_first.bounded import BoundedDict
from contract_first.contract import Operation
from contract_first.contract.document.media_types import concrete, essence, is_json, is_xml
from contract_first.contract.operation import PROBLEM
from contract_first.contract.schemas.schema import Schema
from contract_first.contract.schemas.violations import holds_more
from contract_first.generation import Generator
from contract_first.generation.choices import Alternatives
from contract_first.generation.generator import Place
from contract_first.generation.rendering import body_of, header_value, with_value
from contract_first.generation.values import MOST_VALUES
from contract_first.mock.shape.links import Links
from contract_first.mock.users import User, Users
from contract_first.service.assembly import Assembly
from contract_first.service.messages.problems import (
    BadRequest,
    NotImplementedYet,
    Problem,
    ValidationFailed,
    ViolationError,
)
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered
from contract_first.service.response.accept_filter import AcceptFilter
from contract_first.service.response.errors import is_written
from contract_first.service.response.response_validation import (
    is_of_header,
    may_be_of_format,
    sentences,
)
from contract_first.vocabulary.members import kind_of

from .bodies import MOST_EXAMPLES, MOST_REPAIRED, MOST_REPAIRS, Candidates, ResponseBody, named_examples
from .problems import documented_problem, in_a_header
from .relation import Relate, Relation, instead_of
from .selection import ResponseSelector, Selection

log = logging.getLogger("contract_first.mock.responses")
MOST_REMEMBERED = 64
MOST_VALIDATED = 2 * MOST_EXAMPLES + MOST_REPAIRED * MOST_REPAIRS
"""Bodies that are validated before a response is given up: examples, repaired ones, generated ones."""
NO_LENGTH = {204, 304}
FRAMING = {
    *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
    *("keep-alive", "upgrade", "trailer", "date"),
}
"""Headers that say how a message is sent: those of the mock are its own."""
Fields = list[tuple[bytes, bytes]]

NO_BODY_VALUE = ResponseBody()
VIOLATES = "its body violates its schema"
OF_STATUS = re.compile(rb'"\w*(?:status|code|error)"\s*:\s*"?([45][0-9]{2})\b', re.IGNORECASE)
"""A member of an error that names a status."""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A response as the contract documents it.

    Attributes:
        source: ``example``, ``example-repaired`` or ``generated``.
        problem: makes the problem that is raised instead, where the response is one of the API's own.
        violation: how an example requested by name violates the contract, for a header.
        relation: makes of it the response to a request, where that makes a difference.
        relate: returns the relation of another value; None where none is made, as of errors.
        variants: of the response that show other items, by their keys.
        body: of the response.
        schema: of the body; None where there is none.
    """

    source: str
    rendered: Rendered
    problem: Callable[[Request], Problem] | None = None
    violation: bytes = b""
    relation: Relate | None = None
    relate: Callable[..., Relation] | None = None
    body: ResponseBody = NO_BODY_VALUE
    schema: Schema | None = None
    variants: dict[str, "DocumentedResponse"] = field(default_factory=dict, compare=False)

    def rendered_with(self, value: Any) -> Rendered | None:
        """Return the response with another value; None where that violates its schema."""
        media_type, schema = self.body.media_type, self.schema
        if media_type is None or schema is None or not schema.takes(value, self.body.value):
            return None
        return with_value(self.rendered, value, media_type, schema)

    def with_value(self, value: Any, **relating: Any) -> "DocumentedResponse":
        """Return the response with another value.

        Args:
            relating: ``keys`` and ``other`` of `Relation`.
        """
        is_same = value == self.body.value
        rendered = self.rendered if is_same else self.rendered_with(value)
        if rendered is None or (is_same and (self.source != "generated" or self.violation)):
            return self
        return replace(
            self,
            source="generated",
            rendered=rendered,
            violation=b"",
            relation=self.relate and self.relate(rendered, value, **relating).response,
            body=self.body._replace(value=value),
            variants={},
        )


class DocumentedResponses:
    """The documented responses of one operation.

    Args:
        links: of the contract; made from it by default.
        reports_examples: raise a problem where examples violate the contract, instead of repairing one.
        users: who may call; None, and no response shows its caller.

    Attributes:
        links: as given.
        shows_caller: whether responses are about the user who calls.
        selector: selects among the responses.
    """

    def __init__(
        self,
        operation: Operation,
        assembly: Assembly,
        generator: Generator,
        links: Links | None = None,
        *,
        reports_examples: bool = False,
        users: Users | None = None,
    ) -> None:
        self.shows_caller = users is not None and users.shows(operation)
        self.links = links or Links(assembly.contract)
        self._reports_examples = reports_examples
        self.selector = ResponseSelector(operation, assembly.contract)
        self._operation = operation
        self._contract = assembly.contract
        self._generator = generator
        self._candidates = Candidates(operation, assembly.contract, generator)
        self._filter = AcceptFilter(operation, assembly.contract.schemas)
        self._validator = assembly.response_validator
        self._remembered: BoundedDict[Selection, DocumentedResponse] = BoundedDict(MOST_REMEMBERED)
        self._name = operation.label
        self._making = asyncio.Lock()
        self._lists = operation.method == "get" and not operation.path.rstrip("/").endswith("}")

    async def response(self, selection: Selection, request: Request | None = None) -> DocumentedResponse:
        """Return the response to a request, made in a thread; of simultaneous ones, the first makes it.

        What it raises is that of `make`: a problem of the contract, which the contract does not word.
        """
        documented = await self._made(selection, request)
        caller = request.caller if request and self.shows_caller else None
        return documented if caller is None else _shown_to(caller, documented)

    async def _made(self, selection: Selection, request: Request | None) -> DocumentedResponse:
        response = self._remembered.get(selection)
        if response is not None:
            return response
        fields = [*request.response_headers] if request else []
        async with self._making:
            response = self._remembered.get(selection)
            if response is None:
                try:
                    response = await asyncio.to_thread(self.make, selection, fields)
                except Problem:
                    if request:
                        request.declared_error = None
                    raise
        return response

    def status_of(self, problem: Problem) -> int:
        """Return the status of a refusal: 400 instead of a 422 that is not documented, if that is."""
        status, documented = int(problem.status), self._operation.responses
        if isinstance(problem, ValidationFailed) and str(status) not in documented and "400" in documented:
            return int(BadRequest.status)  # as most contracts say
        return status

    def make(self, selection: Selection, present: Fields) -> DocumentedResponse:
        """Make the response that is selected; it takes its time.

        Args:
            present: headers that the response has already.

        Raises:
            NotFound: the contract documents no such status or example; says which there are.
            ViolationError: no example conforms to the schema, and none is to be repaired.
            NotImplementedYet: no value was found that conforms to the schema.
        """
        response = self._make(selection, self.selector.status(selection), present)
        if not selection.drawn:
            self._remembered[selection] = response
        return response

    def _make(self, selection: Selection, status: int, present: Fields) -> DocumentedResponse:
        key = self.selector.media_type(status, selection)
        fields = list(self._header_fields(status, present, selection))
        if key is None:
            return DocumentedResponse(
                "generated", Rendered(status, [*fields, *_framing(status, ResponseBody())], b"")
            )
        holder = self.selector.content(status)[key]
        bodies = self._bodies(concrete(key), holder, status, selection)
        schema = self._contract.schemas.for_responses.in_media_type(holder)
        reason = "its schema allows no value, or asks for too much"
        violating: DocumentedResponse | None = None
        for body in map(partial(self._owned, schema), islice(bodies, MOST_VALIDATED)):
            rendered = Rendered(status, [*fields, *_framing(status, body)], body.content)
            whole = Rendered(status, [*present, *rendered.headers], body.content)
            errors = self._errors(whole, body, schema.node)
            if not errors or self._is_wrong_in_formats(errors, body, schema):
                label = self._label(status, "" if errors else concrete(key), selection)
                relation, relate = self._relation(rendered, body, holder, label, selection)
                violation = in_a_header("; ".join(errors))
                response = DocumentedResponse(
                    body.source, rendered, None, violation, relation, relate, body, schema
                )
                return response if selection.example or errors else self._of_error(response, key, holder)
            reason = errors[0]
            if body.source == "example" and not all(map(is_of_header, errors)):
                log.warning("%s: an example for %s violates the contract: %s", self._name, status, reason)
                violation = in_a_header("; ".join(errors))
                violating = violating or DocumentedResponse(body.source, rendered, violation=violation)
        return self._without_valid_body(f"{self._name}, {status}: {reason}", violating, selection)

    def _owned(self, schema: Schema, body: ResponseBody) -> ResponseBody:
        """Return a body with links to the mock in place of those to the API."""
        value = self.links.owned(body.value) if b"://" in body.content and body.media_type else body.value
        if value == body.value or not schema.conforms(value):
            return body
        return body._replace(content=body_of(value, body.media_type or "", schema), value=value)

    def _of_error(
        self, documented: DocumentedResponse, key: str, holder: Mapping[str, Any]
    ) -> DocumentedResponse:
        """Return the response of a status, as a problem where the renderer of errors writes what it says.

        An example is sent as it is, but for one that a range or the default has of another status.
        """
        status, source = documented.rendered.status, documented.source
        if status < BAD_REQUEST or not is_written(key):
            return documented
        is_authored = source == "example" and (key != PROBLEM or {"example", "examples"} & holder.keys())
        names_other = {*OF_STATUS.findall(documented.body.content)} - {str(status).encode()}
        if is_authored and (str(status) in self._operation.responses or not names_other):
            return documented
        problem = documented_problem(self._operation, status, self._contract)
        return replace(documented, problem=problem, source="example-repaired" if is_authored else "generated")

    def _is_wrong_in_formats(self, errors: list[str], body: ResponseBody, schema: Schema) -> bool:
        """Tell whether all that is wrong is a format in an example, which is its author's all the same."""
        may_be = all(error == VIOLATES or may_be_of_format(error) for error in errors)
        is_authored = body.source == "example" or body.violates_formats
        is_valid = is_authored and may_be and schema.validator.is_valid(body.value)
        return is_valid and not self._reports_examples

    def _without_valid_body(
        self, reason: str, violating: DocumentedResponse | None, selection: Selection
    ) -> DocumentedResponse:
        """Return the example that was requested, although it violates the contract; else raise the reason."""
        if violating is not None and self._reports_examples:
            raise ViolationError(f"The contract's example violates it. {reason}")
        if violating is not None and selection.example is not None:
            return violating
        raise NotImplementedYet(
            f"The mock found no value that conforms to the contract; give an example. {reason}"
        )

    def _bodies(
        self, media_type: str, holder: Mapping[str, Any], status: int, selection: Selection
    ) -> Iterator[ResponseBody]:
        """Return bodies, the best first; those of the first source alone, where bad examples are reported."""
        place = Place(examples=not selection.drawn)
        if status < BAD_REQUEST:
            place |= Place(kind=kind_of(self._operation.path), lists=self._lists)
        label = self._label(status, media_type, selection)
        bodies = self._candidates.bodies(media_type, holder, label, selection.example, **place)
        if self._reports_examples:
            return next((same for _, same in groupby(bodies, attrgetter("source"))), bodies)
        return bodies

    def _relation(
        self,
        rendered: Rendered,
        body: ResponseBody,
        holder: Mapping[str, Any],
        label: str,
        selection: Selection,
    ) -> tuple[Relate | None, Callable[..., Relation] | None]:
        """Return the relation of a response to requests, and what makes others: of successes in JSON alone.

        An example that is requested by its name has none.
        """
        media_type, value = body.media_type or "", body.value
        is_success = OK <= rendered.status < MULTIPLE_CHOICES
        kind = essence(media_type)
        is_value = isinstance(value, dict | list) and (is_json(kind) or is_xml(kind))
        if not is_success or not is_value or selection.example is not None:
            return None, None
        schema = self._contract.schemas.for_responses.in_media_type(holder)
        relate = partial(
            Relation,
            media_type=media_type,
            schema=schema,
            operation=self._operation,
            generator=self._generator,
            links=self.links,
            label=label,
        )
        if body.source == "generated":
            return relate(rendered, value).response, relate
        if self._operation.request_body is None or not isinstance(value, dict):
            return None, relate
        others = list(filter(schema.conforms, named_examples(self._contract, holder).values()))
        alternatives = Alternatives(schema, self._generator, label)
        rendered_with = partial(with_value, rendered, media_type=media_type, schema=schema)
        return instead_of(value, others, alternatives, rendered_with, relate), relate

    def _errors(self, response: Rendered, body: ResponseBody, schema: Any) -> list[str]:
        """Return the violations of a response, as it will be sent.

        openapi-core has the last word on JSON. What it stumbles over there, such as an anchor or a pattern
        that Python does not have, and what it would not read back as the value that was written,
        jsonschema-rs decides; text that is no JSON may spell anything.
        """
        if holds_more(body.value, MOST_VALUES) and not self._generator.is_valid(schema, body.value):
            return [VIOLATES]  # which could take long to say in detail
        if is_json(essence(body.media_type or "")):
            with suppress(Exception):  # whatever it stumbles over
                accepted = self._filter.accepts(response, body.media_type)
                violations = self._validator.errors_of
                return [] if accepted else sentences(violations(self._operation, response, body.media_type))
        elif isinstance(body.value, str):
            return []
        return [] if self._generator.is_valid(schema, body.value) else [VIOLATES]

    def _header_fields(
        self, status: int, present: Fields, selection: Selection
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield the declared headers that the response does not have yet."""
        there = {name for name, _ in present}
        for name, header in self.selector.declared(status).get("headers", {}).items():
            media_type, holder = next(iter(header.get("content", {}).items()), ("", header))
            field = name.lower().encode("latin-1", "replace")
            if name.lower() not in FRAMING and field not in there:
                label = self._label(status, f"header {name}", selection)
                candidates = self._candidates.values(holder, label, member=f"header {name}")
                schema = holder.get("schema", True)
                for value, *_ in candidates:
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
        """Return the label of a generated part."""
        return f"{self._operation.operation_id}/{status}/{part}/{selection.drawn}"


def _shown_to(caller: User, documented: DocumentedResponse) -> DocumentedResponse:
    """Return a documented response that shows its caller; an error does not."""
    if documented.schema is None or documented.rendered.status >= BAD_REQUEST:
        return documented
    key = f"by {caller.name}"
    if key not in documented.variants:
        value = caller.over(documented.schema, documented.body.value)
        documented.variants[key] = documented.with_value(value)
    return documented.variants[key]


def _framing(status: int, body: ResponseBody) -> Iterator[tuple[bytes, bytes]]:
    if body.media_type is not None:
        yield b"content-type", body.media_type.encode("latin-1", "replace")
    if status not in NO_LENGTH:
        yield b"content-length", str(len(body.content)).encode()
