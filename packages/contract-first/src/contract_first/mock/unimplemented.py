"""A service of which some handlers are yet to be written: until then the contract responds in their place."""

from functools import cache
from typing import TypeVar

from contract_first.service import NotImplementedYet, Service
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation, Responder
from contract_first.service.functions import ResolverError
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered
from contract_first.service.names import handler_name

from .pipeline import ContractResponses

App = TypeVar("App", bound=Service)


def mock_unimplemented(app: App) -> App:
    """Have an app respond from its contract where a handler raises `NotImplementedYet`; return the app.

    Such a response has the header ``X-Mock-Answer``. This is for development and tests.
    """
    app.fall_back_on(UnimplementedResponses())
    return app


class UnimplementedResponses(ContractResponses):
    """Responds where a handler raises `NotImplementedYet`, and nowhere else."""

    def responder(self, operation: BoundOperation, assembly: Assembly, /) -> Responder:
        """Return the responder of an operation.

        Raises:
            ResolverError: it has no handler, which the service cannot do without.
        """
        contract_operation = operation.contract_operation
        if not operation.has_handler:
            name, identifier = handler_name(contract_operation), contract_operation.operation_id
            raise ResolverError(
                f"No handler for operationId {identifier!r}; expected a function called {name!r}."
            )
        mock = cache(lambda: self.pipeline(operation, assembly))

        async def respond(request: Request) -> Rendered:
            await operation.admit(request)
            arguments = await operation.arguments(request)
            try:
                return await operation.handled(dict(arguments), request)
            except NotImplementedYet:
                return await mock().success(request, arguments)

        return respond
