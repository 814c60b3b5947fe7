"""Functions around the handlers of operations: of all, of a tag, or of one operation."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract_first.contract import Operation
from contract_first.service.functions import Function, ResolverError, awaitable
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Response

Call = Callable[[], Awaitable[Response]]
"""Calls the handler, and the hooks within this one; returns the response before it is written."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A function around handlers, made by :meth:`before`, :meth:`after` or :meth:`around`.

    It runs for requests that are authenticated and valid; a Problem that it raises is the response. The first
    of several is the outermost.

    Attributes:
        run: takes the request, the handler's arguments, and what calls the handler.
        tag, operation: of which operations; both empty for all.
    """

    run: Callable[[Request, Mapping[str, Any], Call], Awaitable[Response]]
    tag: str = ""
    operation: str = ""

    @classmethod
    def before(cls, function: Function, *, tag: str = "", operation: str = "") -> "Hook":
        """Call ``function(request, arguments)`` before the handler; it may change the arguments."""
        called = awaitable(function)

        async def run(request: Request, arguments: Mapping[str, Any], call: Call) -> Response:
            await called(request, arguments)
            return await call()

        return cls(run, tag, operation)

    @classmethod
    def after(cls, function: Function, *, tag: str = "", operation: str = "") -> "Hook":
        """Call ``function(request, response)`` after the handler; it may return another response."""
        called = awaitable(function)

        async def run(request: Request, _arguments: Mapping[str, Any], call: Call) -> Response:
            response = await call()
            returned = await called(request, response)
            return response if returned is None else Response.of(returned)

        return cls(run, tag, operation)

    @classmethod
    def around(cls, function: Function, *, tag: str = "", operation: str = "") -> "Hook":
        """Call ``function(request, call)``, which awaits ``call()`` for the response, and returns one."""
        called = awaitable(function)

        async def run(request: Request, _arguments: Mapping[str, Any], call: Call) -> Response:
            return Response.of(await called(request, call))

        return cls(run, tag, operation)

    def is_of(self, operation: Operation) -> bool:
        """Tell whether it runs for an operation."""
        return (self.tag in operation.tags if self.tag else True) and self.operation in {
            "",
            operation.operation_id,
        }


def require_operations(hooks: Sequence[Hook], operations: Collection[Operation]) -> None:
    """Raise ResolverError if a hook is of no operation."""
    for hook in hooks:
        if not any(map(hook.is_of, operations)):
            named = f"operationId {hook.operation!r}" if hook.operation else f"tag {hook.tag!r}"
            raise ResolverError(f"A hook is of the {named}, which no operation of the contract has.")


async def hooked(
    hooks: Sequence[Hook], call: Callable[..., Awaitable[Any]], arguments: dict[str, Any], request: Request
) -> Response:
    """Return the response of a handler within its hooks."""

    async def handled() -> Response:
        return Response.of(await call(**arguments))

    inner: Call = handled
    for hook in reversed(hooks):
        inner = partial(hook.run, request, arguments, inner)
    return await inner()
