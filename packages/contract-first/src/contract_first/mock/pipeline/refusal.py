"""Steps that may refuse a request: the response is the error that the contract documents, if it has one."""

from collections.abc import Sequence

from contract_first.generation.rendering import with_value
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import Exchange, Step, accepted
from contract_first.mock.responses.problems import explained, in_a_line
from contract_first.mock.responses.selection import Selection
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .sending import with_headers


class Refusable:
    """Takes an exchange through steps, and makes a documented response of the problem that one raises.

    Args:
        reports: name the reason in a header also where no error is documented.
    """

    def __init__(
        self, steps: Sequence[Step], responses: DocumentedResponses, *, reports: bool = False
    ) -> None:
        self._steps, self._responses, self._reports = steps, responses, reports

    async def __call__(self, exchange: Exchange) -> Rendered | None:
        """Raises the problem where no error is documented."""
        try:
            for step in self._steps:
                await step(exchange)
        except Problem as problem:
            request = exchange.request
            refused = await _refused(self._responses, problem, request)
            if refused:
                return refused
            if self._reports:
                request.response_headers.append((b"x-mock-refusal", in_a_line(problem)))
            raise
        return None


async def _refused(responses: DocumentedResponses, problem: Problem, request: Request) -> Rendered | None:
    """Return the documented response to a refusal, or to a similar one; None without any."""
    status = responses.status_of(problem)
    if status != problem.status:
        problem.status, problem.title = status, ""
    like = responses.selector.error_like(status)
    if like is None:
        return None
    try:
        documented = await responses.response(Selection(like, accepted(request)), request.response_headers)
    except Problem:
        return None
    rendered, body, schema = documented.rendered, documented.body, documented.schema
    if documented.problem is not None or (like != status and not isinstance(body.value, dict | list)):
        return None
    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
    request.response_headers += [*fields, (b"x-mock-refusal", in_a_line(problem))]
    is_authored = documented.source != "generated" and like == status
    if not is_authored and schema is not None and body.media_type:
        rendered = with_value(rendered, explained(body.value, schema, problem), body.media_type, schema)
    if like != status:
        framing = [field for field in rendered.headers if field[0].startswith(b"content-")]
        rendered = Rendered(status, framing, rendered.body)
    return with_headers(documented, rendered, request)
