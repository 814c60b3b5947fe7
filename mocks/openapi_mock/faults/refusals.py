"""Answers that no contract documents, given because a fault wants them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_service.cors import with_cors
from openapi_service.edge import Edge
from openapi_service.problems import BY_STATUS, ERROR_TYPES, MEDIA_TYPE, NEUTRAL, Problem
from openapi_service.request import STATE
from openapi_service.responses import Rendered, respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract
    from openapi_service.clock import Clock
    from openapi_service.request import Request

REFUSAL = "openapi_mock.refusal"
MOST_TARGET_BYTES = 64 * 1024


class Provoked(Problem):
    """A status that somebody wanted to have.

    Args:
        wanted: the status.
        error_code: of the problem; by default, that of the API's problem with this status.
    """

    def __init__(self, wanted: int, error_code: str = "") -> None:
        super().__init__("A fault of the mock wants this answer.")
        self.wanted = wanted
        self._error_code = error_code

    def document(self, *, types: str = ERROR_TYPES, **members: str) -> dict[str, Any]:
        """Return the problem details object."""
        known = BY_STATUS.get(self.wanted)
        code = known.error_code if known else f"status_{self.wanted}"
        return {
            **super().document(types=NEUTRAL, **members),
            **({"type": f"{types}{code}"} if known and types else {}),
            "title": (known and known.title) or _phrase(self.wanted),
            "status": self.wanted,
            "error_code": self._error_code or code,
            "retryable": known.retryable if known else self.wanted >= HTTPStatus.INTERNAL_SERVER_ERROR,
        }


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else f"Status {status}"


class Refusals:
    """Answers with problems, to pages of other origins too.

    Args:
        contract: whose headers pages may send and see.
        clock: the time.
        problem_types: what problems are of, as `Problem.document` has it.
    """

    def __init__(self, contract: Contract, clock: Clock, problem_types: str) -> None:
        edge = Edge(
            _answer,
            clock=clock,
            pages={},
            most_target_bytes=MOST_TARGET_BYTES,
            problem_types=problem_types,
        )
        self._app: ASGIApp = with_cors(edge, contract, ["*"])

    async def answer(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with a problem."""
        await self._app({**scope, REFUSAL: problem}, receive, send)


async def _answer(scope: Scope, _receive: Receive, send: Send) -> None:
    problem, request = scope[REFUSAL], scope[STATE]
    if not isinstance(problem, Provoked):
        raise problem
    await respond(_rendered(problem, request), request, send)


def _rendered(problem: Provoked, request: Request) -> Rendered:
    if problem.wanted < HTTPStatus.BAD_REQUEST:
        length = [] if problem.wanted in (204, 304) else [(b"content-length", b"0")]
        return Rendered(problem.wanted, [*length, *request.response_headers], b"")
    body = msgspec.json.encode(request.problem_details(problem))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    return Rendered(problem.wanted, [*headers, *request.response_headers], body)
