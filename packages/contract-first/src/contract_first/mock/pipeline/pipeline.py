"""The steps that requests to an operation go through, by what responds: handler, items, or contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import NO_PREFERENCES, Exchange, Step, through
from contract_first.mock.responses.strictness import MockStrictness
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import Randomness

from .admission import Admit, Prefer, Read
from .choice import Choose
from .refusal import Refusable
from .sending import Document, Echo, Send

HANDLER = (b"x-mock-answer", b"handler")


class Handle:
    """Has the handler of an operation respond."""

    def __init__(self, bound: BoundOperation) -> None:
        self._bound = bound

    async def __call__(self, exchange: Exchange) -> Rendered:
        exchange.request.response_headers.append(HANDLER)
        return await self._bound.handled(exchange.arguments, exchange.request)


class Pipeline:
    """Responds to the requests of one operation.

    Args:
        responses: of the operation, as the contract documents them.
        items: the step that has a documented response show the items of a collection.
        stored: the step that responds from stored items; None without any.
        randomness: what dynamic responses and new identifiers are drawn from.
        origin: returns the URL of the API as the client of the current request reaches it.

    Attributes:
        steps: that each request goes through, up to the first that returns a response.
    """

    def __init__(
        self,
        bound: BoundOperation,
        assembly: Assembly,
        responses: DocumentedResponses,
        items: Step,
        stored: Step | None,
        *,
        strictness: MockStrictness,
        randomness: Randomness,
        origin: Callable[[], str],
    ) -> None:
        operation, name = bound.contract_operation, bound.contract_operation.operation_id
        drawn, ids = (randomness.source(f"{kind} of {name}") for kind in ("answers", "ids"))
        self._read = Read(bound, operation, assembly, strictness)
        document, echo, send = Document(responses), Echo(ids), Send(operation, origin)
        self._documented: list[Step] = [document, items, echo, send]
        responding = self._documented
        if bound.has_handler:
            responding = [Handle(bound)]
        elif stored is not None:
            responding = [Refusable([stored], responses, reports=True), send]
        self._choose = Choose(responses, drawn, [document, echo, send])
        self.steps: list[Step] = [
            Prefer(bound),
            Refusable([Admit(bound), self._read], None if bound.has_handler else responses),
            self._choose,
            *responding,
        ]

    async def __call__(self, request: Request) -> Rendered:
        """Return the response, or raise the problem that it is."""
        return await _ended(self.steps, Exchange(request))

    async def success(self, request: Request, arguments: Mapping[str, Any]) -> Rendered:
        """Return the documented success of an admitted request, whatever it prefers."""
        exchange = Exchange(request, NO_PREFERENCES, dict(arguments), self._read.places(arguments))
        return await _ended([self._choose, *self._documented], exchange)


async def _ended(steps: Iterable[Step], exchange: Exchange) -> Rendered:
    rendered = await through(steps, exchange)
    assert rendered is not None  # noqa: S101 -- the last step sends
    return rendered
