"""The operations of a mock: a handler answers, or the contract does; preferences and magic ids choose."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from openapi_mock.randomness import SeededRandomness
from openapi_service.problems import Problem
from openapi_service.responses import Rendered

from .documented import DocumentedAnswers
from .generation import Generator
from .magic_ids import MagicIds, members_of
from .preferences import LONGEST, Preferences, preferences_of
from .problems import in_a_line
from .response import Wish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_service.assembly import Assembly
    from openapi_service.fallback import Answering
    from openapi_service.operation import BoundOperation
    from openapi_service.randomness import RandomBytes, Randomness
    from openapi_service.request import Request

    from .response import Documented, Fields

NOTHING = Preferences()
HANDLER = (b"x-mock-answer", b"handler")
DRAWN_BYTES = 8


class ContractAnswers:
    """The stand-in of a mock: answers what has no handler, and what a client prefers.

    Args:
        seed: another seed, other generated values.
        randomness: what dynamic answers are drawn from, each operation's for themselves.
    """

    request_headers = ("Prefer", "X-Mock-Fault", "X-Mock-Scope")
    response_headers = ("Preference-Applied", "X-Mock-Answer", "X-Mock-Refusal")

    def __init__(self, seed: str = "", randomness: Randomness | None = None) -> None:
        self._seed = seed
        self._randomness = randomness or SeededRandomness(0)
        self._generator: Generator | None = None

    def answering(self, operation: BoundOperation, assembly: Assembly, /) -> Answering:
        """Return what answers the requests of an operation."""
        draw = self._randomness.source(f"answers of {operation.contract_operation.operation_id}")
        return AnsweredOperation(operation, assembly, self.generator(assembly), draw)

    def generator(self, assembly: Assembly) -> Generator:
        """Return the generator of the contract's values."""
        if self._generator is None:
            self._generator = Generator(assembly.contract.schemas, seed=self._seed)
        return self._generator


class AnsweredOperation:
    """Answers the requests of one operation."""

    def __init__(
        self, bound: BoundOperation, assembly: Assembly, generator: Generator, draw: RandomBytes
    ) -> None:
        operation = bound.contract_operation
        self._bound = bound
        self._draw = draw
        self._documented = DocumentedAnswers(operation, assembly, generator)
        self._making = asyncio.Lock()
        self._magic = MagicIds(operation, assembly, generator, self._documented.success)
        arguments = {(each.location, each.name): each.argument for each in bound.parameters}
        self._identifiers = [(*each, arguments[each]) for each in self._magic.names if each in arguments]
        self._looks_into_body = len(self._identifiers) < len(self._magic.names)

    async def __call__(self, request: Request) -> Rendered:
        """Return the answer, or raise the problem that it is."""
        sent = request.headers.get(b"prefer")
        preferences = NOTHING if sent is None else preferences_of(sent[:LONGEST])
        chooses = preferences.code is not None or preferences.example is not None
        try:
            await self._bound.admit(request)
            arguments = {} if chooses else await self._bound.arguments(request)
        except Problem as problem:
            return await self._refused(problem, request)
        if chooses:
            return await self._preferred(preferences, request)
        return await self._accepted(preferences, arguments, request)

    async def _accepted(
        self, preferences: Preferences, arguments: dict[str, Any], request: Request
    ) -> Rendered:
        status = self._magic_status(arguments) if self._magic.names else None
        if status is not None:
            return await self._answer(Wish(status, _accept(request)), request)
        if preferences.dynamic:
            return await self._preferred(preferences, request)
        if self._bound.has_handler:
            request.response_headers.append(HANDLER)
            return await self._bound.handled(arguments, request)
        return await self._answer(Wish(None, _accept(request)), request)

    def _magic_status(self, arguments: Mapping[str, Any]) -> int | None:
        return next((each for each in self._magic_statuses(arguments) if each is not None), None)

    def _magic_statuses(self, arguments: Mapping[str, Any]) -> Iterator[int | None]:
        status_of = self._magic.status_of
        for place, name, argument in self._identifiers:
            yield status_of(place, name, arguments.get(argument))
        if self._looks_into_body:
            yield from (status_of("body", name, each) for name, each in members_of(arguments["body"]))

    async def _refused(self, problem: Problem, request: Request) -> Rendered:
        """Return what the contract documents for a refusal; without any such thing, raise the problem."""
        status = None if self._bound.has_handler else self._documented.status_of(problem)
        if status is None:
            raise problem
        try:
            documented = await self._found(Wish(status, _accept(request)), request)
        except Problem:
            raise problem from None
        if documented.problem is not None:
            raise problem
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
        request.response_headers += [*fields, (b"x-mock-refusal", in_a_line(problem))]
        return self._sent(documented, request)

    async def _preferred(self, preferences: Preferences, request: Request) -> Rendered:
        is_drawn = preferences.dynamic and preferences.example is None
        drawn = self._draw(DRAWN_BYTES).hex() if is_drawn else ""
        wish = Wish(preferences.code, _accept(request), preferences.example, drawn)
        return await self._answer(wish, request, preferences.applied)

    async def _found(self, wish: Wish, request: Request) -> Documented:
        return self._documented.known(wish) or await self._made(wish, list(request.response_headers))

    async def _made(self, wish: Wish, given: Fields) -> Documented:
        """Make an answer; of those who ask for it at once, the first has it made."""
        async with self._making:
            known = self._documented.known(wish)
            if known is not None:
                return known
            return await asyncio.to_thread(self._documented.make, wish, given)

    async def _answer(self, wish: Wish, request: Request, applied: bytes = b"") -> Rendered:
        documented = await self._found(wish, request)
        if applied:
            request.response_headers.append((b"preference-applied", applied))
        if documented.problem is None:
            return self._sent(documented, request)
        problem = documented.problem(request)
        own = {name.lower().encode() for name in problem.headers}
        declared = [each for each in documented.rendered.headers if each[0] not in own]
        request.response_headers += [(b"x-mock-answer", documented.source.encode()), *declared]
        raise problem

    def _sent(self, documented: Documented, request: Request) -> Rendered:
        request.response_headers.append((b"x-mock-answer", documented.source.encode()))
        given = {name for name, _ in request.response_headers}
        rendered = documented.rendered
        headers = [each for each in rendered.headers if each[0] not in given]
        return Rendered(rendered.status, [*headers, *request.response_headers], rendered.body)


def _accept(request: Request) -> str | None:
    """Return the Accept header, as far as it is remembered."""
    sent = request.headers.get(b"accept")
    return None if sent is None else sent[:LONGEST].decode("latin-1")
