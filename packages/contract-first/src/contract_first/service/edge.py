"""The outermost layer of the API: a request comes in, and whatever happens, one proper response goes out."""

from __future__ import annotations

import itertools
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from .clock import Clock
from .messages import problems
from .messages.request import STATE, Request
from .messages.response import Rendered, respond
from .messages.traces import CURRENT, trace_of
from .observe.logs import cause_of
from .observe.observation import OBSERVATION
from .outages import outage_of
from .randomness import RandomBytes
from .request.bodies import Disconnected

if TYPE_CHECKING:
    from .observe.spans import Tracing

log = logging.getLogger("contract_first.service.errors")
GOOD_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")


@dataclass(eq=False)
class Edge:
    """Makes the Request, keeps the target within its limit, and turns exceptions into problems.

    Args:
        app: the bound contract.
        pages: ASGI apps by path, outside the contract, its authentication and its rate limits.
        random_bytes: returns so many random bytes, for request ids.
        log_failures: log the cause of each 5xx; what observes requests may do so itself.
        refusal: returns the problem of a request that is refused whatever it asks for; None for others.
        tracing: records a span for each request; what observes requests ends it.
    """

    app: ASGIApp
    _: KW_ONLY
    clock: Clock
    pages: Mapping[str, ASGIApp]
    most_target_bytes: int
    profile: problems.ProblemProfile = problems.PLAIN
    random_bytes: RandomBytes = os.urandom
    refusal: Callable[[Request], problems.Problem | None] | None = None
    log_failures: bool = True
    tracing: Tracing | None = None

    def __post_init__(self) -> None:
        self._id_prefix = self.random_bytes(8).hex()
        self._numbers = itertools.count(int.from_bytes(self.random_bytes(3)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = scope[STATE] = Request(scope, receive, self._request_id(scope), self.clock, self.profile)
        request.response_headers = [(b"x-request-id", request.request_id.encode())]
        if (observation := scope.get(OBSERVATION)) is not None:
            observation.request = request
        if self.tracing is not None:
            request.trace = self.tracing.begin(request)
            CURRENT.set(request.trace)
        elif b"traceparent" in request.headers:
            request.trace = trace_of(request.headers)
            CURRENT.set(request.trace)  # each request has a task, and a context, of its own
        elif CURRENT.get() is not None:
            CURRENT.set(None)  # a pipelined one begins in a copy of the context of the one before
        try:
            page = self.pages.get(scope["path"])
            if page is None and self.refusal is not None and (refusal := self.refusal(request)) is not None:
                await respond(self._rendered(refusal, request), request, send)
                return
            if len(request.path) + len(request.query_string) > self.most_target_bytes:
                request.misrouted = self._too_long(request)
            await (page or self.app)(scope, receive, send)
        except Disconnected:
            log.debug("The client went away (request %s)", request.request_id)
        except Exception as error:  # noqa: BLE001 -- the last place that can respond
            await self._respond_to_error(error, request, send)
        finally:
            del scope[STATE]  # the two refer to one another, and would wait for the garbage collector
            for file in request.files:
                await file.close()

    def _request_id(self, scope: Scope) -> str:
        """Take the client's ``X-Request-ID`` if it is a plain token, else make one."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and GOOD_REQUEST_ID.fullmatch(value):
                return str(value, "ascii")
        return f"{self._id_prefix}{next(self._numbers):08x}"

    def _too_long(self, request: Request) -> problems.URITooLong:
        length = len(request.path) + len(request.query_string)
        return problems.URITooLong(
            f"The request target has {length} bytes; the limit is {self.most_target_bytes}."
        )

    async def _respond_to_error(self, error: Exception, request: Request, send: Send) -> None:
        if isinstance(error, HTTPException) and error.status_code in problems.ERRORS:
            detail = error.detail if isinstance(error.detail, str) else ""
            error = problems.Problem(error.status_code, detail, headers=error.headers)
        if not isinstance(error, problems.Problem):
            error = outage_of(error) or error
        request.error = error
        problem = (
            self.profile.adapted(error) if isinstance(error, problems.Problem) else problems.InternalError()
        )
        # violations where they are found
        is_logged = not self.log_failures or isinstance(
            problem, problems.ViolationError | problems.NotImplementedYet
        )
        if problem is not error:
            kind, place = type(error).__name__, request.operation_id or request.path
            message = "Unhandled %s in %s: %s (request %s)"
            log.error(message, kind, place, cause_of(error), request.request_id, exc_info=error)
        elif request.responded or (problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_logged):
            log.error("%d: %s (request %s)", problem.status, cause_of(problem), request.request_id)
        link: BaseException | None = error
        while link and link.__traceback__:  # its frames hold the body, until garbage is collected
            link.__traceback__, link = None, link.__cause__ or link.__context__
        if not request.responded:
            await respond(self._rendered(problem, request), request, send)

    def _rendered(self, problem: problems.Problem, request: Request) -> Rendered:
        declared = request.declared_error and request.declared_error(problem, request)
        rendered = declared or self._problem_details(problem, request)
        if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            rendered.headers.append((b"connection", b"close"))  # the rest of the body is not read
        return rendered

    def _problem_details(self, problem: problems.Problem, request: Request) -> Rendered:
        body = msgspec.json.encode(request.problem_body(problem))
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
        fields.append((b"content-type", self.profile.media_type.encode()))
        fields.append((b"content-length", str(len(body)).encode()))
        return Rendered(int(problem.status), [*fields, *request.response_headers], body)
