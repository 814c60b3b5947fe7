"""The last step: a response with its headers."""

import json
from collections.abc import Callable
from functools import partial

from contract_first.contract import Operation
from contract_first.generation.rendering import with_content
from contract_first.mock.responses.documented import DocumentedResponse
from contract_first.mock.responses.exchange import SANDBOX, Exchange
from contract_first.mock.shape.links import HERE
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

PLACEHOLDER = HERE.encode()


class Send:
    """Sends a response with its headers, and with links that lead where the client called this API.

    Args:
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    def __init__(self, operation: Operation, origin: Callable[[], str]) -> None:
        self._depth, self._origin = operation.path.rstrip("/").count("/"), origin
        nothing = Rendered(0, [], b"")
        self._last = nothing, b"", nothing

    async def __call__(self, exchange: Exchange) -> Rendered:
        """Raises the problem that a response is."""
        request, documented = exchange.request, exchange.documented
        if exchange.applied:
            request.response_headers.append((b"preference-applied", exchange.applied))
        if documented.problem is None:
            rendered = self._located(exchange.rendered or documented.rendered, request)
            return with_headers(documented, rendered, request, exchange.source)
        problem = documented.problem(request)
        answer = (b"x-mock-answer", documented.source.encode())
        request.response_headers += [answer, *declared(documented, problem)]
        if request.declared_error:
            request.declared_error = partial(request.declared_error, sample=documented.body.value)
        raise problem

    def _located(self, rendered: Rendered, request: Request) -> Rendered:
        if PLACEHOLDER not in rendered.body and not any(
            PLACEHOLDER in field for _, field in rendered.headers
        ):
            return rendered
        base_path = request.path.rstrip("/").rsplit("/", self._depth)[0]
        here = json.dumps(f"{self._origin()}{base_path}")[1:-1].encode()
        if self._last[:2] != (rendered, here):
            located = with_content(rendered, rendered.body.replace(PLACEHOLDER, here))
            located.headers = [(name, field.replace(PLACEHOLDER, here)) for name, field in located.headers]
            self._last = rendered, here, located
        return self._last[2]


def with_headers(
    documented: DocumentedResponse, rendered: Rendered, request: Request, source: str = ""
) -> Rendered:
    """Return a response with the headers of its request, and those that say where it is from."""
    is_documented = source in {"", documented.source}
    source = source or documented.source
    request.response_headers += [(b"x-mock-answer", source.encode()), SANDBOX]
    if documented.violation and is_documented:
        request.response_headers.append((b"x-mock-violation", documented.violation))
    names = {name for name, _ in request.response_headers}
    headers = [field for field in rendered.headers if field[0] not in names]
    return Rendered(rendered.status, [*headers, *request.response_headers], rendered.body)


def declared(documented: DocumentedResponse, problem: Problem) -> list[tuple[bytes, bytes]]:
    """Return the declared header fields of an error, but for those that its problem has."""
    names = {b"content-type", b"content-length", *(name.lower().encode() for name in problem.headers)}
    return [field for field in documented.rendered.headers if field[0] not in names]
