"""An operation of a mock: its handler responds, or the contract does; preferences choose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeAlias

from contract_first.contract import Operation
from contract_first.generation import Generator
from contract_first.generation.rendering import with_content
from contract_first.mock.relations.links import HERE, Links
from contract_first.mock.relations.relation import BODY
from contract_first.mock.state.randomness import SeededRandomness
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation, Responder
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request, undeclared
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import Randomness
from contract_first.service.request.sequences import EVENTS

from .documented import DocumentedResponse, DocumentedResponses
from .preferences import FIRST, IN_QUERY, LONGEST, NAMES, Preferences, preferences_of, with_query
from .problems import in_a_line
from .selection import Selection
from .streams import asks_for_events
from .strictness import STRICT, MockStrictness, faults_of_format

Arguments: TypeAlias = "Mapping[tuple[str, str], Any]"
"""The arguments of a request, by place and name; its body by ``BODY``."""
Respond: TypeAlias = "Callable[[int | None], Awaitable[DocumentedResponse]]"
"""Returns the documented response of a status, None for the success."""
ItemResponder: TypeAlias = (
    "Callable[[Arguments, Request, Respond], Awaitable[tuple[DocumentedResponse, Rendered]]]"
)
"""Returns the documented response that is taken, and the response; raises a Problem."""
NO_PREFERENCES = Preferences()
HANDLER = (b"x-mock-answer", b"handler")
SANDBOX = (b"content-security-policy", b"sandbox")
"""Examples, and what a response repeats of a request, must not run as a page of this machine."""
STORED = "stored"
DEPRECATED = (b"deprecation", b"@0")
"""RFC 9745 wants the time since when an operation is deprecated, which no contract says."""
DRAWN_BYTES = 8
PLACEHOLDER = HERE.encode()


@dataclass(eq=False)
class ContractResponses:
    """The fallback of a mock: responds where there is no handler, and as a client prefers.

    Attributes:
        seed: another seed, other generated values.
        randomness: what dynamic responses are drawn from, each operation's for themselves.
        strictness: what is done about requests that violate the contract.
        locale: of generated strings; see `.locales`.
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    request_headers: ClassVar = ("Prefer", "X-Mock-Fault", "X-Mock-Scope")
    response_headers: ClassVar[tuple[str, ...]] = (
        *("Deprecation", "Preference-Applied", "X-Mock-Answer", "X-Mock-Refusal"),
        *("X-Mock-Redirected", "X-Mock-Request-Violation", "X-Mock-Violation"),
    )

    seed: str = ""
    randomness: Randomness = field(default_factory=lambda: SeededRandomness(0))
    strictness: MockStrictness = STRICT
    locale: str = ""
    origin: Callable[[], str] = lambda: "http://localhost"
    _links: Links | None = field(default=None, init=False)
    _generator: Generator | None = field(default=None, init=False)

    def responder(self, operation: BoundOperation, assembly: Assembly, /) -> Responder:
        """Return the responder of an operation."""
        return MockOperation(operation, assembly, self)

    def item_responder(self, operation: Operation, assembly: Assembly) -> ItemResponder | None:  # noqa: ARG002 -- for subclasses
        """Return the responder from stored items; None where none are stored."""
        return None

    def links(self, assembly: Assembly) -> Links:
        """Return the links of the contract."""
        if self._links is None:
            self._links = Links(assembly.contract.operations)
        return self._links

    def generator(self, assembly: Assembly) -> Generator:
        """Return the generator of the contract's values."""
        if self._generator is None:
            schemas = assembly.contract.schemas.view(formats=assembly.strictness.formats).for_responses
            self._generator = Generator(schemas, seed=self.seed, locale=self.locale)
        return self._generator


class MockOperation:
    """Responds to the requests of one operation."""

    def __init__(self, bound: BoundOperation, assembly: Assembly, responses: ContractResponses) -> None:
        operation, generator = bound.contract_operation, responses.generator(assembly)
        self._strictness = strictness = responses.strictness
        self._bound = bound
        # a handler stores what it stores by itself
        self._item_responder = None if bound.has_handler else responses.item_responder(operation, assembly)
        self._fields = [DEPRECATED] if operation.definition.get("deprecated") is True else []
        is_strict = strictness.requests == strictness.formats == "on"
        self._faults = faults_of_format(operation, assembly.contract, assembly.schemas) if is_strict else ()
        self._is_strict = is_strict and not self._faults
        self._draw = responses.randomness.source(f"answers of {operation.operation_id}")
        self._draw_id = responses.randomness.source(f"ids of {operation.operation_id}")
        self._documented = DocumentedResponses(
            operation,
            assembly,
            generator,
            responses.links(assembly),
            reports_examples=strictness.reports_examples,
        )
        bound.errors.generate = generator.candidates
        self._origin = responses.origin
        nothing = Rendered(0, [], b"")
        self._last = nothing, b"", nothing
        self._depth = operation.path.rstrip("/").count("/")
        self._making = asyncio.Lock()
        arguments = {
            (parameter.location, parameter.name): parameter.argument for parameter in bound.parameters
        }
        self._places = {**arguments, BODY: "body"}
        names = [IN_QUERY + name for name in NAMES]
        self._preferences_in_query = [name for name in names if ("query", name) not in arguments]
        self._content = self._documented.selector.content(self._documented.selector.success)

    async def __call__(self, request: Request) -> Rendered:
        """Return the response, or raise the problem that it is."""
        field = request.headers.get(b"prefer")
        if b"__" in request.query_string:
            field = with_query(field, request.query_string, self._preferences_in_query)
        preferences = NO_PREFERENCES if field is None else preferences_of(field[:LONGEST])
        selects = preferences.code is not None or preferences.example is not None
        try:
            request.response_headers += self._fields
            await self._bound.admit(request)
            is_first = selects and (self._strictness.prefers_first or FIRST in request.scope)
            arguments = {} if is_first else await self._arguments(request)
        except Problem as problem:
            raise await self._refused(problem, request) from None
        if not selects:
            if self._item_responder is not None and not preferences.dynamic:
                return await self._from_items(self._item_responder, request, arguments)
            if not (preferences.dynamic or self._bound.has_handler):
                return await self._respond(
                    Selection(None, self._accept(request, arguments)), request, arguments
                )
            if not preferences.dynamic:
                request.response_headers.append(HANDLER)
                return await self._bound.handled(arguments, request)
        is_drawn = preferences.dynamic and preferences.example is None
        drawn = self._draw(DRAWN_BYTES).hex() if is_drawn else ""
        accept = self._accept(request, arguments)
        selection = Selection(preferences.code, accept, preferences.example, drawn)
        return await self._respond(selection, request, arguments, preferences.applied)

    def _accept(self, request: Request, arguments: Mapping[str, Any]) -> str | None:
        """Return what is accepted: events, where the body asks for them, even against the header."""
        return EVENTS if asks_for_events(arguments.get("body"), self._content) else _accept(request)

    async def _arguments(self, request: Request) -> dict[str, Any]:
        """Return the arguments of a request; raises its first problem, if the mock refuses it for that."""
        if self._is_strict:
            return await self._bound.arguments(request)
        arguments, problems = await self._bound.read(request)
        strictness = self._strictness.where(problems, self._faults)
        if strictness.refuses(problems):
            raise problems[0]
        if strictness.warns(problems):
            violation = b"; ".join(map(in_a_line, problems))[:LONGEST]
            request.response_headers.append((b"x-mock-request-violation", violation))
        return arguments

    async def _from_items(
        self, item_responder: ItemResponder, request: Request, arguments: Mapping[str, Any]
    ) -> Rendered:
        by_place = {place: arguments.get(name) for place, name in self._places.items()}

        async def respond(status: int | None) -> DocumentedResponse:
            return await self._response(Selection(status, _accept(request)), request)

        try:
            documented, rendered = await item_responder(by_place, request, respond)
        except Problem as problem:
            raise await self._refused(problem, request, is_reported=True) from None
        return _with_headers(documented, rendered, request, STORED)

    async def _refused(self, problem: Problem, request: Request, *, is_reported: bool = False) -> Problem:
        """Return the problem of a refusal, to be sent as the error that is documented, or a similar one.

        Args:
            is_reported: say why in a header also where no error is documented.
        """
        if self._bound.has_handler:
            return problem
        status = self._documented.status_of(problem)
        if status != problem.status:
            problem.status, problem.title = status, ""
        like = self._documented.selector.error_like(status)
        headers = [(b"x-mock-refusal", in_a_line(problem))] if is_reported or like else []
        with suppress(Problem):  # of the contract
            if like is not None:
                documented = await self._response(Selection(like, _accept(request)), request)
                headers += [(b"x-mock-answer", documented.source.encode()), SANDBOX]
                headers += _declared(documented, problem) if like == status else []
                request.declared_error = partial(self._bound.errors.render, like=like)
        request.response_headers += headers
        return problem

    def success(self, request: Request, arguments: Mapping[str, Any]) -> Awaitable[Rendered]:
        """Return the documented success of an admitted request, whatever it prefers."""
        return self._respond(Selection(None, self._accept(request, arguments)), request, arguments)

    async def _respond(
        self, selection: Selection, request: Request, arguments: Mapping[str, Any], applied: bytes = b""
    ) -> Rendered:
        documented = await self._response(selection, request)
        if applied:
            request.response_headers.append((b"preference-applied", applied))
        if documented.problem is None:
            if documented.relation is not None:
                by_place = {place: arguments.get(name) for place, name in self._places.items()}
                related = documented.relation.response(by_place, self._draw_id)
                if related is not None:
                    rendered = self._located(related.rendered, request)
                    return _with_headers(documented, rendered, request, related.source)
            return _with_headers(documented, documented.rendered, request)
        problem = documented.problem(request)
        declared = _declared(documented, problem)
        request.response_headers += [(b"x-mock-answer", documented.source.encode()), *declared]
        raise problem

    def _located(self, rendered: Rendered, request: Request) -> Rendered:
        """Return a response whose links lead where the client called this API."""
        if PLACEHOLDER not in rendered.body:
            return rendered
        base_path = request.path.rstrip("/").rsplit("/", self._depth)[0]
        here = json.dumps(f"{self._origin()}{base_path}")[1:-1].encode()
        if self._last[:2] != (rendered, here):
            located = with_content(rendered, rendered.body.replace(PLACEHOLDER, here))
            self._last = rendered, here, located
        return self._last[2]

    async def _response(self, selection: Selection, request: Request) -> DocumentedResponse:
        """Return a documented response; of simultaneous requests for one, the first makes it."""
        documented = self._documented
        response = documented.remembered(selection)
        if response is not None:
            return response
        fields = list(request.response_headers)
        async with self._making:
            response = documented.remembered(selection)
            if response is None:
                try:
                    response = await asyncio.to_thread(documented.make, selection, fields)
                except Problem:  # of the contract, which is not for it to word
                    request.declared_error = undeclared
                    raise
        return response


def _with_headers(
    documented: DocumentedResponse, rendered: Rendered, request: Request, source: str = ""
) -> Rendered:
    is_documented = source in {"", documented.source}
    source = source or documented.source
    request.response_headers += [(b"x-mock-answer", source.encode()), SANDBOX]
    if documented.violation and is_documented:
        request.response_headers.append((b"x-mock-violation", documented.violation))
    names = {name for name, _ in request.response_headers}
    headers = [field for field in rendered.headers if field[0] not in names]
    return Rendered(rendered.status, [*headers, *request.response_headers], rendered.body)


def _declared(documented: DocumentedResponse, problem: Problem) -> list[tuple[bytes, bytes]]:
    """Return the declared header fields of an error, but for those that its problem has."""
    names = {b"content-type", b"content-length", *(name.lower().encode() for name in problem.headers)}
    return [field for field in documented.rendered.headers if field[0] not in names]


def _accept(request: Request) -> str | None:
    """Return the Accept header, as far as it is remembered."""
    field = request.headers.get(b"accept")
    return None if field is None else field[:LONGEST].decode("latin-1")
