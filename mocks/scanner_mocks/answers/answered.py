"""The operations of a mock: a handler answers, or the contract does; preferences and magic ids choose."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from scanner_api.binding.answers import Rendered

from .documented import DocumentedAnswers
from .generation import Generator
from .magic_ids import MagicIds
from .preferences import LONGEST, Preferences, preferences_of
from .response import Wish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner_api.binding.assembly import Assembly
    from scanner_api.binding.operation import BoundOperation
    from scanner_api.binding.request import Request
    from scanner_api.binding.stand_in import Answering

    from .response import Documented, Fields

NOTHING = Preferences()
HANDLER = (b"x-mock-answer", b"handler")


class ContractAnswers:
    """The stand-in of a mock: answers what has no handler, and what a client prefers.

    Args:
        seed: another seed, other generated values.
    """

    request_headers = ("Prefer", "X-Mock-Fault", "X-Mock-Scope")
    response_headers = ("Preference-Applied", "X-Mock-Answer")

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._generator: Generator | None = None

    def answering(self, operation: BoundOperation, assembly: Assembly, /) -> Answering:
        """Return what answers the admitted requests of an operation."""
        return AnsweredOperation(operation, assembly, self.generator(assembly))

    def generator(self, assembly: Assembly) -> Generator:
        """Return the generator of the contract's values."""
        if self._generator is None:
            is_30 = assembly.contract.openapi.startswith("3.0")
            self._generator = Generator(assembly.compiler, is_30=is_30, seed=self._seed)
        return self._generator


class AnsweredOperation:
    """Answers the admitted requests of one operation."""

    def __init__(self, bound: BoundOperation, assembly: Assembly, generator: Generator) -> None:
        operation = bound.contract_operation
        self._bound = bound
        self._documented = DocumentedAnswers(operation, assembly, generator)
        self._making = asyncio.Lock()
        self._magic = MagicIds(operation, assembly, generator, self._documented.success)
        arguments = {(each.location, each.name): each.argument for each in bound.parameters}
        self._identifiers = [(*each, arguments.get(each, "body")) for each in self._magic.names]

    async def __call__(self, request: Request) -> Rendered:
        """Return the answer, or raise the problem that it is."""
        sent = request.headers.get(b"prefer")
        preferences = NOTHING if sent is None else preferences_of(sent[:LONGEST])
        if preferences.code is not None or preferences.example is not None:
            return await self._preferred(preferences, request, "")
        arguments = await self._bound.arguments(request)
        status = self._magic_status(arguments) if self._identifiers else None
        if status is not None:
            return await self._answer(Wish(status, _accept(request)), request)
        if preferences.dynamic:
            return await self._preferred(preferences, request, _canonical(arguments))
        if self._bound.has_handler:
            request.response_headers.append(HANDLER)
            return await self._bound.handled(arguments, request)
        return await self._answer(Wish(None, _accept(request)), request)

    def _magic_status(self, arguments: Mapping[str, Any]) -> int | None:
        for place, name, argument in self._identifiers:
            value = arguments.get(argument)
            if place == "body":
                value = value.get(name) if isinstance(value, dict) else None
            status = self._magic.status_of(place, name, value)
            if status is not None:
                return status
        return None

    async def _preferred(self, preferences: Preferences, request: Request, drawn_for: str) -> Rendered:
        drawn = ""
        if preferences.dynamic and preferences.example is None:
            told = f"{request.method} {request.path}?{request.query_string!r} {drawn_for}"
            drawn = hashlib.sha256(told.encode()).hexdigest()
        wish = Wish(preferences.code, _accept(request), preferences.example, drawn)
        return await self._answer(wish, request, preferences.applied)

    async def _made(self, wish: Wish, given: Fields) -> Documented:
        """Make an answer; of those who ask for it at once, the first has it made."""
        async with self._making:
            known = self._documented.known(wish)
            if known is not None:
                return known
            return await asyncio.to_thread(self._documented.make, wish, given)

    async def _answer(self, wish: Wish, request: Request, applied: bytes = b"") -> Rendered:
        documented = self._documented.known(wish) or await self._made(wish, list(request.response_headers))
        if applied:
            request.response_headers.append((b"preference-applied", applied))
        request.response_headers.append((b"x-mock-answer", documented.source.encode()))
        rendered = documented.rendered
        if documented.problem is not None:
            problem = documented.problem(request)
            own = {name.lower().encode() for name in problem.headers}
            request.response_headers += [each for each in rendered.headers if each[0] not in own]
            raise problem
        return Rendered(rendered.status, [*rendered.headers, *request.response_headers], rendered.body)


def _accept(request: Request) -> str | None:
    """Return the Accept header, as far as it is remembered."""
    sent = request.headers.get(b"accept")
    return None if sent is None else sent[:LONGEST].decode("latin-1")


def _canonical(arguments: Mapping[str, Any]) -> str:
    """Return text that is the same for the same arguments; a file is told by its name and size."""
    encoded = msgspec.json.encode(arguments, enc_hook=lambda each: [each.filename, each.size], order="sorted")
    return encoded.decode()
