"""Steps that may refuse a request: the response is the error that the contract documents, if it has one."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import SANDBOX, Exchange, Step, accepted
from contract_first.mock.responses.problems import in_a_line
from contract_first.mock.responses.selection import Selection
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.service.response.errors import ErrorRenderer

from .sending import declared


class Refusable:
    """Takes an exchange through steps, and has a problem that one raises sent as an error that is documented.

    Args:
        errors: renders what the operation declares.
        reports: name the reason in a header also where no error is documented.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        responses: DocumentedResponses,
        errors: ErrorRenderer,
        *,
        reports: bool = False,
    ) -> None:
        self._steps, self._responses, self._errors, self._reports = steps, responses, errors, reports

    async def __call__(self, exchange: Exchange) -> None:
        """Raises the problem, which is rendered as the error that is documented, or a similar one."""
        try:
            for step in self._steps:
                await step(exchange)
        except Problem as problem:
            await self._refuse(problem, exchange.request)
            raise

    async def _refuse(self, problem: Problem, request: Request) -> None:
        responses = self._responses
        status = responses.status_of(problem)
        if status != problem.status:
            problem.status, problem.title = status, ""
        like = responses.selector.error_like(status)
        headers = [(b"x-mock-refusal", in_a_line(problem))] if self._reports or like else []
        with suppress(Problem):  # of the contract
            if like is not None:
                documented = await responses.response(Selection(like, accepted(request)), request)
                headers += [(b"x-mock-answer", documented.source.encode()), SANDBOX]
                headers += declared(documented, problem) if like == status else []
                request.declared_error = partial(self._errors.render, like=like)
        request.response_headers += headers
