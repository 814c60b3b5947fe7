"""One operation of the contract, bound to its handler: all that a request goes through, in order."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from connexion.exceptions import ResolverError
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware

from scanner_api.problems import ValidationFailed, Violation

from .answers import Answers, produced
from .bodies import Body
from .media_types import Negotiation
from .parameters import compile_parameters
from .percent import decode_form
from .request import STATE
from .security import alternatives_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .answers import Rendered
    from .assembly import Assembly
    from .request import Request
    from .specification import ContractOperation, ContractSpecification


class BoundOperation:
    """Admits, reads, judges and answers the requests of one operation."""

    def __init__(self, operation: ContractOperation, assembly: Assembly) -> None:
        contract_operation = operation.contract_operation
        compiler = assembly.compiler
        self._admit = assembly.admission(alternatives_of(contract_operation))
        self._negotiation = Negotiation(produced(contract_operation))
        self._parameters = compile_parameters(contract_operation.parameters, compiler)
        self._body = (
            None
            if contract_operation.request_body is None
            else Body(
                contract_operation.request_body,
                compiler,
                assembly.most_body_bytes,
                assembly.most_upload_bytes,
            )
        )
        self._answers = Answers(contract_operation, compiler, assembly.judge, reveal=assembly.reveal)
        arguments = {each.argument for each in self._parameters} | ({"body"} if self._body else set())
        self._handler = handler_with(
            operation.function,
            contract_operation.operation_id,
            arguments,
            {"schemas": assembly.named_schemas, **assembly.collaborators},
        )
        self._takes_caller = "caller" in inspect.signature(operation.function).parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        """Answer one request; what is wrong with it is raised as a Problem."""
        request: Request = scope[STATE]
        await self._admit(request)
        self._negotiation.check(request.header(b"accept"))
        arguments = await self._arguments(request)
        if self._takes_caller:
            arguments["caller"] = request.caller
        returned = await self._handler(**arguments)
        await respond(self._answers.render(returned, request), request, send)

    async def _arguments(self, request: Request) -> dict[str, Any]:
        violations: list[Violation] = []
        pairs = decode_form(request.query_string, "query") if request.query_string else []
        arguments = {each.argument: each.argument_of(request, pairs, violations) for each in self._parameters}
        if self._body is not None:
            arguments["body"] = await self._body.read(request, violations)
        if violations:
            raise ValidationFailed(violations)
        return arguments


async def respond(rendered: Rendered, request: Request, send: Send) -> None:
    """Send a whole response; the body of an answer to HEAD stays at home (RFC 9110, section 9.3.2)."""
    await send({"type": "http.response.start", "status": rendered.status, "headers": rendered.headers})
    body = b"" if request.method == "HEAD" else rendered.body
    await send({"type": "http.response.body", "body": body})


def handler_with(
    function: Callable[..., Any],
    operation_id: str,
    arguments: set[str],
    collaborators: Mapping[str, Any],
) -> Callable[..., Any]:
    """Hand a handler the collaborators that it asks for; ResolverError names what nobody can give it."""
    signature = inspect.signature(function).parameters
    anything = any(each.kind is each.VAR_KEYWORD for each in signature.values())
    wanted = set(signature) - arguments - {"caller"}
    unknown = [] if anything else sorted(wanted - set(collaborators))
    unread = [] if anything else sorted(arguments - set(signature))
    if unknown or unread:
        raise ResolverError(
            f"The handler of {operation_id!r} does not fit its operation: it asks for {unknown or 'nothing'} "
            f"that nobody gives, and leaves out {unread or 'nothing'}."
        )
    return partial(function, **{name: collaborators[name] for name in wanted & set(collaborators)})


class BindingAPI(RoutedAPI[BoundOperation]):
    """The bound operations of a contract, by operationId."""

    def __init__(self, specification: ContractSpecification, *, assembly: Assembly, **kwargs: Any) -> None:
        super().__init__(specification, **kwargs)
        self._assembly = assembly
        for path, method in specification.operations:
            self.add_operation(path, method)

    def make_operation(self, operation: ContractOperation) -> BoundOperation:
        """Bind one operation; an operation without a handler has failed in the resolver already."""
        try:
            return BoundOperation(operation, self._assembly)
        except ResolverError:
            raise
        except (LookupError, ValueError) as error:
            found = operation.contract_operation
            raise ResolverError(
                f"The operation {found.operation_id!r} at {found.pointer} cannot be bound: "
                f"{str(error).partition(chr(10))[0]}"
            ) from error


class BindingMiddleware(RoutedMiddleware[BindingAPI]):
    """Connexion's last middleware here: every operation is answered in it."""

    api_cls = BindingAPI

    def __init__(self, app: ASGIApp, *, assembly: Assembly) -> None:
        super().__init__(app)
        self._assembly = assembly

    def add_api(self, specification: ContractSpecification, **kwargs: Any) -> BindingAPI:
        """Bind all operations of a contract."""
        bound: BindingAPI = super().add_api(specification, assembly=self._assembly, **kwargs)
        return bound
