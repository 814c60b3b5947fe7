"""The steps that requests to an operation go through, by what responds: handler, items, or contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, ClassVar

from contract_first.contract import Operation
from contract_first.contract.document.media_types import declared_as
from contract_first.generation import Generator
from contract_first.generation.arrays import USUAL_ITEMS
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import (
    NO_PREFERENCES,
    Arguments,
    Exchange,
    Step,
    accepted,
    through,
)
from contract_first.mock.responses.preferences import (
    FIRST,
    IN_QUERY,
    LONGEST,
    NAMES,
    preferences_of,
    with_query,
)
from contract_first.mock.responses.problems import in_a_line
from contract_first.mock.responses.selection import Selection
from contract_first.mock.responses.streams import asks_for_events
from contract_first.mock.responses.strictness import STRICT, MockStrictness, faults_of_format
from contract_first.mock.shape.fields import BODY, CALLER, QUERY
from contract_first.mock.shape.links import Links
from contract_first.mock.state.randomness import SeededRandomness
from contract_first.mock.stateful.catalog import Catalog, catalog_of
from contract_first.mock.stateful.memory import Memory
from contract_first.mock.stateful.seeded import SeededItems
from contract_first.mock.stateful.stored_operation import StoredItems, of_name
from contract_first.mock.users import Users
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation, Responder
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import Randomness
from contract_first.service.request.sequences import EVENTS

from .refusal import Refusable
from .sending import Send

HANDLER = (b"x-mock-answer", b"handler")
DEPRECATED = (b"deprecation", b"@0")
"""RFC 9745 wants the time since when an operation is deprecated, which no contract says."""
DRAWN_BYTES = 8


class Pipeline:
    """Responds to the requests of one operation.

    Args:
        fallback: that of the mock.

    Attributes:
        steps: that each request goes through, up to the first that returns a response.
    """

    def __init__(self, bound: BoundOperation, assembly: Assembly, fallback: ContractResponses) -> None:
        self._operation = operation = bound.contract_operation
        self._bound, self._strictness = bound, (strictness := fallback.strictness)
        self._users, self._credentials = fallback.users, assembly.credentials.of
        self._memory = fallback.memory
        self._logs_in = fallback.users is not None and fallback.users.logs_in(operation)
        self._items = items = fallback.seeded(assembly)
        self._responses = responses = items.documented(operation)
        self._drawn, self._ids = (
            fallback.randomness.source(f"{kind} of {operation.operation_id}") for kind in ("answers", "ids")
        )
        self._content = responses.selector.content(responses.selector.success)
        places = {(parameter.location, parameter.name): parameter.argument for parameter in bound.parameters}
        self._in_query = [IN_QUERY + name for name in NAMES if ("query", IN_QUERY + name) not in places]
        self._places = {**places, BODY: "body"}
        body = {} if assembly.contract.strict else operation.request_body or {}
        self._bodies = [*body.get("content", {})]
        self._assumed = next((name for name in self._bodies if not name.startswith("multipart/")), "")
        is_strict = strictness.requests == strictness.formats == "on"
        self._faults = faults_of_format(operation, assembly.contract, assembly.schemas) if is_strict else ()
        self._is_strict = is_strict and not self._faults

        send = Send(operation, fallback.origin)
        self._preferred: list[Step] = [self._document, self._echo, send]
        self._documented: list[Step] = [self._document, self._show_items, self._echo, send]
        responding = self._documented
        if bound.has_handler:
            responding = [self._handle]
        elif stored := fallback.stored(operation, assembly):
            responding = [Refusable([stored], responses, bound.errors, reports=True), send]
        reading: list[Step] = [self._admit, self._read]
        if not bound.has_handler:
            reading = [Refusable(reading, responses, bound.errors)]
        self.steps: list[Step] = [self._prefer, *reading, self._choose, *responding]

    async def __call__(self, request: Request) -> Rendered:
        """Return the response, or raise the problem that it is."""
        return await through(self.steps, Exchange(request))

    async def success(self, request: Request, arguments: Mapping[str, Any]) -> Rendered:
        """Return the documented success of an admitted request, whatever it prefers."""
        exchange = Exchange(request, NO_PREFERENCES, dict(arguments), self._by_place(arguments, request))
        return await through([self._choose, *self._documented], exchange)

    async def _prefer(self, exchange: Exchange) -> None:
        """Read the preferences in a header or a query; raises BadRequest for a value they cannot have."""
        request = exchange.request
        field = request.headers.get(b"prefer")
        if b"__" in request.query_string:
            field = with_query(field, request.query_string, self._in_query)
        if field is not None:
            exchange.preferences = preferences_of(field[:LONGEST])

    async def _admit(self, exchange: Exchange) -> None:
        """Ask for credentials, and say that an operation is deprecated."""
        if self._operation.definition.get("deprecated") is True:
            exchange.request.response_headers.append(DEPRECATED)
        await self._bound.admit(exchange.request)
        if self._users is not None:
            exchange.request.caller = self._users.caller(exchange.request, self._credentials)

    async def _read(self, exchange: Exchange) -> None:
        """Read the arguments, unless a preference comes first; raises the problem that a mock refuses."""
        preferences, request = exchange.preferences, exchange.request
        selects = preferences.code is not None or preferences.example is not None
        if selects and (self._strictness.prefers_first or FIRST in request.scope):
            return
        self._assume_media_type(request)
        exchange.arguments = arguments = await self._arguments(request)
        if self._users is not None and self._logs_in:
            user = self._users.logged_in(arguments.get("body"))
            request.caller = user or request.caller
            if user is not None and self._memory is not None:
                await self._memory.join(user)
        exchange.places = self._by_place(arguments, request)

    def _assume_media_type(self, request: Request) -> None:
        """Take a body without Content-Type for the only media type that is declared.

        Where violations are not refused, take any that is not declared for the first that is. None is taken
        for parts: no field says what is between them.
        """
        content_type, mode = request.header(b"content-type") or "", self._strictness.requests
        is_assumed = self._assumed and (mode != "on" or (not content_type and len(self._bodies) == 1))
        is_empty = request.headers.get(b"content-length") == b"0"
        if not is_assumed or is_empty or declared_as(content_type, self._bodies) is not None:
            return
        request.headers[b"content-type"] = self._assumed.encode()
        if mode == "warn":
            text = f"The body came as {content_type[:LONGEST] or 'no type'}; it is read as {self._assumed}."
            header = b"x-mock-request-violation", text.encode("latin-1", "replace")
            request.response_headers.append(header)

    def _by_place(self, arguments: Mapping[str, Any], request: Request) -> Arguments:
        places = {place: arguments.get(name) for place, name in self._places.items()}
        caller = {CALLER: request.caller} if self._users else {}
        return {**places, **caller, QUERY: request.query_string.decode("latin-1")}

    async def _arguments(self, request: Request) -> dict[str, Any]:
        if self._is_strict:
            return await self._bound.arguments(request)
        problems: list[Problem] = []
        arguments = await self._bound.arguments(request, problems)
        strictness = self._strictness.where(problems, self._faults)
        if strictness.refuses(problems):
            raise problems[0]
        if strictness.warns(problems):
            violation = b"; ".join(map(in_a_line, problems))[:LONGEST]
            request.response_headers.append((b"x-mock-request-violation", violation))
        return arguments

    async def _choose(self, exchange: Exchange) -> Rendered | None:
        """Select a documented response, and send one that is preferred; raises NotFound without it."""
        asks = asks_for_events(exchange.arguments.get("body"), self._content)  # even against the header
        accept = EVENTS if asks else accepted(exchange.request)
        code, example, dynamic, applied = exchange.preferences
        if code is None and example is None and not dynamic:
            exchange.selection = Selection(None, accept)
            return None
        drawn = self._drawn(DRAWN_BYTES).hex() if dynamic and example is None else ""
        exchange.selection, exchange.applied = Selection(code, accept, example, drawn), applied
        return await through(self._preferred, exchange)

    async def _handle(self, exchange: Exchange) -> Rendered:
        """Have the handler of the operation respond."""
        exchange.request.response_headers.append(HANDLER)
        return await self._bound.handled(exchange.arguments, exchange.request)

    async def _document(self, exchange: Exchange) -> None:
        """Take the documented response; raises a Problem without it, or if no value conforms."""
        exchange.documented = await self._responses.response(exchange.selection, exchange.request)

    async def _show_items(self, exchange: Exchange) -> None:
        """Put the items of the operation's collection into its documented response."""
        documented = exchange.documented
        if documented.schema is not None and not self._responses.shows_caller:
            exchange.documented = await self._items.shown(self._operation, documented, exchange.places)

    async def _echo(self, exchange: Exchange) -> None:
        """Repeat what the request holds; what is created gets an identifier that is drawn."""
        is_login = self._logs_in and exchange.request.caller is not None
        relation = None if is_login else exchange.documented.relation
        related = None if relation is None else relation(exchange.places, self._ids)
        if related is not None:
            exchange.source, exchange.rendered = related


@dataclass(eq=False)
class ContractResponses:
    """The fallback of a mock.

    Attributes:
        seed: another seed, other generated values.
        randomness: what dynamic responses are drawn from, each operation's for themselves.
        strictness: what is done about requests that violate the contract.
        locale: of generated strings; see `.locales`.
        origin: returns the URL of the API as the client of the current request reaches it.
        memory: stores items; None, and requests have no effect on later responses.
        recognize: returns the collections of the contract, the same each time; it may take its time. By
            default they are recognised when they are first needed.
        items: how many a generated list has; 0 begins with none.
        users: who can be logged in; None, and every caller is anybody.
    """

    request_headers: ClassVar = ("Prefer", "X-Mock-Fault", "X-Mock-Scope")
    response_headers: ClassVar[tuple[str, ...]] = (
        *("Deprecation", "Preference-Applied", "X-Mock-Answer", "X-Mock-Refusal"),
        *("X-Mock-Redirected", "X-Mock-Request-Violation", "X-Mock-Violation", "Link"),
    )

    seed: str = ""
    randomness: Randomness = field(default_factory=lambda: SeededRandomness(0))
    strictness: MockStrictness = STRICT
    locale: str = ""
    origin: Callable[[], str] = lambda: "http://localhost"
    memory: Memory | None = None
    recognize: Callable[[], Catalog] | None = None
    items: int = USUAL_ITEMS
    users: Users | None = None
    _seeded: SeededItems | None = field(default=None, init=False)

    def responder(self, operation: BoundOperation, assembly: Assembly, /) -> Responder:
        """Return the responder of an operation."""
        return Pipeline(operation, assembly, self)

    def seeded(self, assembly: Assembly) -> SeededItems:
        """Return the documented responses of the contract, and the items that lists show."""
        if self._seeded is None:
            contract = assembly.contract
            schemas = contract.schemas.view(formats=assembly.strictness.formats).for_responses
            count = self.items or USUAL_ITEMS  # where a mock begins with none, lists are cut
            document = partial(
                DocumentedResponses,
                assembly=assembly,
                generator=Generator(schemas, seed=self.seed, locale=self.locale, items=count),
                links=Links(contract),
                reports_examples=self.strictness.reports_examples,
                users=self.users,
            )
            recognize = self.recognize or cache(partial(catalog_of, contract, self.seed, self.locale))
            self._seeded = SeededItems(contract, document, recognize, self.items)
            if self.memory is not None and self.items:
                self.memory.seeded = self._seeded
        return self._seeded

    def stored(self, operation: Operation, assembly: Assembly) -> Step | None:
        """Return the step that responds from stored items; None for an operation without a collection."""
        if self.memory is None or self.recognize is None:
            return None
        catalog = self.recognize()
        responses = self.seeded(assembly).documented(operation)
        steps = [
            StoredItems(operation, role, catalog, self.memory, responses, self.origin)
            for role in catalog.roles.get(operation.operation_id, ())
            if role.collection.path in catalog.collections
        ]
        return of_name(steps) if steps[1:] else next(iter(steps), None)
