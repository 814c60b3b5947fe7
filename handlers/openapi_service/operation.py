"""One operation of the contract, bound to its handler: all that a request goes through, in order."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from connexion.exceptions import ResolverError
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware

from .bodies import Body
from .media_types import Negotiation
from .parameters import compile_parameters, undeclared
from .percent import decode_form
from .problems import NotImplementedYet, ValidationFailed, Violation
from .request import STATE
from .responses import Answers, produced
from .security import alternatives_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .assembly import Assembly
    from .request import Request
    from .responses import Rendered
    from .specification import ContractOperation, ContractSpecification


class BoundOperation:
    """Admits, reads, judges and answers the requests of one operation.

    Attributes:
        contract_operation: the operation as the contract has it.
        admit: lets a request in, or raises its problem.
        parameters: its parameters, compiled.
        has_handler: whether a function is named for it; one without is for the assembly's stand-in to answer.
    """

    def __init__(self, operation: ContractOperation, assembly: Assembly) -> None:
        contract_operation = self.contract_operation = operation.contract_operation
        self.admit = assembly.admission(alternatives_of(contract_operation))
        self._negotiation = Negotiation(produced(contract_operation))
        self.parameters = compile_parameters(contract_operation.parameters, assembly.schemas.of)
        in_query = [each.name for each in self.parameters if each.location == "query"]
        self._known_query = [*in_query, *assembly.credentials.in_query] if assembly.closed_query else None
        self._body = (
            None
            if contract_operation.request_body is None
            else Body(
                contract_operation.request_body,
                assembly.schemas,
                assembly.most_body_bytes,
                assembly.most_upload_bytes,
            )
        )
        self._answers = Answers(
            contract_operation, assembly.contract.schemas, assembly.judge, reveal=assembly.reveal
        )
        self.has_handler = operation.function is not None
        if self.has_handler:
            self._hand_over(operation.function, assembly)
        self._answer = (
            self.answer if assembly.stand_in is None else assembly.stand_in.answering(self, assembly)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        """Answer one request; what is wrong with it is raised as a Problem."""
        request: Request = scope[STATE]
        await respond(await self._answer(request), request, send)

    async def answer(self, request: Request) -> Rendered:
        """Return the handler's answer to a request that is let in."""
        await self.admit(request)
        return await self.handled(await self.arguments(request), request)

    async def handled(self, arguments: dict[str, Any], request: Request) -> Rendered:
        """Return the handler's answer to an admitted request of which these are the arguments."""
        if self._takes_caller:
            arguments["caller"] = request.caller
        return self._answers.render(await self._handler(**arguments), request)

    async def arguments(self, request: Request) -> dict[str, Any]:
        """Return what an admitted request holds, by argument name; what is wrong with it is raised."""
        self._negotiation.check(request.header(b"accept"))
        violations: list[Violation] = []
        pairs = decode_form(request.query_string, "query") if request.query_string else []
        arguments = {each.argument: each.argument_of(request, pairs, violations) for each in self.parameters}
        if self._known_query is not None:
            violations += undeclared(pairs, self._known_query)
        if self._body is not None:
            arguments["body"] = await self._body.read(request, violations)
        if violations:
            raise ValidationFailed(violations)
        return arguments

    def _hand_over(self, function: Callable[..., Any], assembly: Assembly) -> None:
        """Hand the handler its collaborators."""
        arguments = {each.argument for each in self.parameters} | ({"body"} if self._body else set())
        collaborators = {"schemas": assembly.named_schemas, **assembly.collaborators}
        self._handler = handler_with(function, self.contract_operation.operation_id, arguments, collaborators)
        self._takes_caller = "caller" in inspect.signature(function).parameters


class LazyOperation:
    """An operation that is bound when it is first asked for: a document may have thousands."""

    def __init__(self, bind: Callable[[], BoundOperation]) -> None:
        self._bind = bind
        self._binding = asyncio.Lock()
        self._bound: BoundOperation | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, 501 if the operation cannot be bound."""
        await (self._bound or await self._now_bound())(scope, receive, send)

    async def _now_bound(self) -> BoundOperation:
        async with self._binding:
            if self._bound is None:
                try:
                    self._bound = await asyncio.to_thread(self._bind)
                except ResolverError as error:
                    raise NotImplementedYet(str(error)) from error
        return self._bound


async def respond(rendered: Rendered, request: Request, send: Send) -> None:
    """Send a whole response; the body of an answer to HEAD stays at home (RFC 9110, section 9.3.2)."""
    request.answered = True
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


def bound(operation: ContractOperation, assembly: Assembly) -> BoundOperation:
    """Bind one operation; an operation without a handler has failed in the resolver already."""
    try:
        return BoundOperation(operation, assembly)
    except ResolverError:
        raise
    except (LookupError, ValueError) as error:
        found = operation.contract_operation
        raise ResolverError(
            f"The operation {found.operation_id!r} at {found.pointer} cannot be bound: "
            f"{str(error).partition(chr(10))[0]}"
        ) from error


class BindingAPI(RoutedAPI[BoundOperation | LazyOperation]):
    """The bound operations of a contract, by operationId."""

    def __init__(self, specification: ContractSpecification, *, assembly: Assembly, **kwargs: Any) -> None:
        super().__init__(specification, **kwargs)
        self._assembly = assembly
        for path, method in specification.operations:
            self.add_operation(path, method)

    def make_operation(self, operation: ContractOperation) -> BoundOperation | LazyOperation:
        """Bind one operation now, or when it is first asked for."""
        bind = partial(bound, operation, self._assembly)
        return LazyOperation(bind) if self._assembly.lazy else bind()


class BindingMiddleware(RoutedMiddleware[BindingAPI]):
    """Connexion's last middleware here: every operation is answered in it."""

    api_cls = BindingAPI

    def __init__(self, app: ASGIApp, *, assembly: Assembly) -> None:
        super().__init__(app)
        self._assembly = assembly

    def add_api(self, specification: ContractSpecification, **kwargs: Any) -> BindingAPI:
        """Bind all operations of a contract."""
        api: BindingAPI = super().add_api(specification, assembly=self._assembly, **kwargs)
        return api
