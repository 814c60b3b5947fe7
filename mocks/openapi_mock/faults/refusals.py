"""Answers that no contract documents, given because a fault wants them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_service.cors import with_cors
from openapi_service.edge import Edge
from openapi_service.problems import BY_STATUS, MEDIA_TYPE, Problem
from openapi_service.request import STATE
from openapi_service.responses import Rendered, respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract
    from openapi_service.clock import Clock
    from openapi_service.problems import ProblemProfile
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
        own: dict[str, Any] = {"error_code": error_code} if error_code else {}
        super().__init__("A fault of the mock wants this answer.", **own)
        known = BY_STATUS.get(wanted)
        self.status = wanted
        self.title = (known and known.title) or _phrase(wanted)
        self.code = known.code if known else ""
        self.retryable = known.retryable if known else wanted >= HTTPStatus.INTERNAL_SERVER_ERROR


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else f"Status {status}"


class Refusals:
    """Answers with problems, to pages of other origins too.

    Args:
        contract: whose headers pages may send and see.
        clock: the time.
        profile: how problems are written.
    """

    def __init__(self, contract: Contract, clock: Clock, profile: ProblemProfile) -> None:
        edge = Edge(
            _answer,
            clock=clock,
            pages={},
            most_target_bytes=MOST_TARGET_BYTES,
            profile=profile,
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
    if problem.status < HTTPStatus.BAD_REQUEST:
        length = [] if problem.status in (204, 304) else [(b"content-length", b"0")]
        return Rendered(problem.status, [*length, *request.response_headers], b"")
    body = msgspec.json.encode(request.problem_details(problem))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    return Rendered(problem.status, [*headers, *request.response_headers], body)
