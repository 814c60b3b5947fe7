"""Connexion for OpenAPI 3.1: an effective contract bound to plain handler functions.

:func:`bind` knows no contract of its own. It goes through Connexion's seams: a Specification that takes the
document as it is, a resolver that finds a function by its operationId, and a list of middlewares of which two
are ours: routing by path template, and the bound operations.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from .assembly import Assembly
from .problems import Problem
from .responses import Answer, Rendered

with warnings.catch_warnings():
    # Connexion imports what jsonschema and starlette have deprecated; that is not its user's to mend
    warnings.simplefilter("ignore")
    from connexion.exceptions import ResolverError
    from connexion.middleware.main import API, ConnexionMiddleware

from .operation import BindingMiddleware, respond
from .request import STATE, Request
from .resolver import HandlerResolver, handlers_of
from .routing import RoutingMiddleware
from .specification import ContractSpecification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Answer", "Assembly", "Request", "ResolverError", "bind", "handlers_of"]


def bind(assembly: Assembly, handlers: Mapping[str, Callable[..., Any]]) -> ASGIApp:
    """Return the ASGI app that answers the contract's operations with these handlers.

    The app expects a :class:`~.request.Request` in the scope, as :class:`~.edge.Edge` puts it there, and
    raises Problems for Edge to answer.

    Raises:
        ResolverError: an operation has no handler, or a handler asks for what its operation does not have;
            the message names the operationId.
    """
    unrouted = Unrouted(assembly)
    middlewares = [RoutingMiddleware, partial(BindingMiddleware, assembly=assembly)]
    resolver = HandlerResolver(handlers, optional=assembly.stand_in is not None)
    connexion: Any = ConnexionMiddleware(unrouted, middlewares=middlewares, resolver=resolver)
    specification = ContractSpecification(assembly.contract)
    connexion.apis.append(
        API(specification, base_path="", name="contract", resolver=connexion.options.resolver)
    )
    # Connexion builds its stack at the first request; a contract that does not fit must fail the start
    connexion.app, connexion.middleware_stack = connexion._build_middleware_stack()  # noqa: SLF001 -- no public way
    app: ASGIApp = connexion
    return app


class Unrouted:
    """Answers what no operation of the contract answers: OPTIONS, and the problems of the rest."""

    def __init__(self, assembly: Assembly) -> None:
        self._admit = assembly.admission(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        """Admit the request as an anonymous one, then say what is wrong with it."""
        request: Request = scope[STATE]
        await self._admit(request)
        problem = request.misrouted or Problem()
        allow = problem.headers.get("Allow")
        if request.method == "OPTIONS" and allow is not None:
            headers = [(b"allow", allow.encode()), *request.response_headers]
            await respond(Rendered(204, headers, b""), request, send)
            return
        raise problem
