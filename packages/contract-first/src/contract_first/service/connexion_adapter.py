"""Connexion, and all that this package asks of it: to call the handler of a request's operation.

:func:`bind` goes through Connexion's seams: an API whose specification is the contract as it is, a resolver
that knows which function handles an operationId, and a list of middlewares of which the only one is ours: it
finds the bound operation by the contract's path templates.

Stock Connexion refuses OpenAPI 3.1 (spec-first/connexion#1396), works types and defaults out of the top level
of a schema alone (#1569, #2031), and routes the decoded path: ``%2F`` splits a segment, a templated path
matches for the method of a concrete one, and ``Allow`` names the methods of one operation. It is not asked
for any of that.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract, Operation
from contract_first.contract.routing import Header, Route
from contract_first.imports import deferred

from .assembly import Assembly
from .bound_operation import Fallback, Unrouted, bound
from .functions import Function
from .handlers import resolved
from .messages.problems import BadRequest, MethodNotAllowed, NotFound, Problem
from .messages.request import STATE, Request
from .request.decoding import decode

MIDDLEWARES = ("context", "request_validation", "response_validation", "security", "swagger_ui")
NEEDLESS = (
    *("connexion.apps.flask", "connexion.context", "connexion.frameworks.flask"),
    *(f"connexion.middleware.{name}" for name in MIDDLEWARES),
    *("jinja2", "requests", "starlette.testclient", "werkzeug"),
)
"""What Connexion imports for apps of its own kind, half of the time that its import takes."""

with warnings.catch_warnings(), deferred(*NEEDLESS):
    # Connexion imports what jsonschema and starlette have deprecated; that is not its user's to mend
    warnings.simplefilter("ignore")
    from connexion.middleware.abstract import SpecMiddleware
    from connexion.middleware.main import API, ConnexionMiddleware
    from connexion.resolver import Resolver


def bind(assembly: Assembly, handlers: Mapping[str, Function], fallback: Fallback | None = None) -> ASGIApp:
    """Return the ASGI app that serves the contract's operations with these handlers.

    The app expects a :class:`~.messages.request.Request` in the scope, as :class:`~.edge.Edge` puts it
    there, and raises Problems for Edge to render.

    Args:
        fallback: responds in handlers' places; without one, each operation needs a handler.

    Raises:
        ResolverError: an operation has no handler, or a handler asks for what its operation does not have;
            the message names the operationId.
    """
    contract = assembly.contract
    functions = resolved(contract.operations, handlers, optional=fallback is not None)
    make = partial(bound, assembly=assembly, fallback=fallback)
    route = contract.deployment.route if assembly.base_paths else contract.router.route
    middlewares = [partial(BindingMiddleware, route=route, make=make)]
    resolver = Resolver(functions.get)  # None for an operation without a handler
    connexion: Any = ConnexionMiddleware(Unrouted(assembly), middlewares=middlewares)
    connexion.apis.append(API(contract, base_path="", resolver=resolver))
    # Connexion builds its stack at the first request; a contract that does not fit must fail the start
    app: ASGIApp
    app, _ = connexion._build_middleware_stack()  # noqa: SLF001 -- no public way
    return app


def _problem_of(route: Route, request: Request) -> Problem:
    """Return the problem of a request that no operation matches."""
    if route.methods:
        return MethodNotAllowed(route.refusal(request.method), headers={"Allow": ", ".join(route.methods)})
    try:
        decode(request.path.encode("latin-1"), "path")
    except BadRequest as unreadable:
        return unreadable
    return NotFound(route.refusal(request.method))


@dataclass(eq=False)
class BindingMiddleware(SpecMiddleware):
    """Finds the operation of a request, on the path as it was sent, and calls it; else notes the problem."""

    app: ASGIApp
    _: KW_ONLY
    route: Callable[[str, str, bytes, Header], Route]
    make: Callable[[Operation, Function | None], ASGIApp]
    operations: dict[str, ASGIApp] = field(default_factory=dict, init=False)

    def add_api(self, specification: Contract, *, resolver: Resolver, **_: Any) -> None:
        """Bind the operations of a contract to their functions."""
        for operation in specification.operations:
            function = resolver.resolve_function_from_operation_id(operation.operation_id)
            self.operations[operation.operation_id] = self.make(operation, function)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        request: Request = scope[STATE]
        app = self.app
        if request.misrouted is None:
            route = self.route(request.method, request.path, request.query_string, request.header)
            if route.operation is None:
                request.misrouted = _problem_of(route, request)
            else:
                request.operation = route.operation
                request.operation_id = route.operation.operation_id
                request.path_parameters = route.path_parameters
                app = self.operations[request.operation_id]
        await app(scope, receive, send)
