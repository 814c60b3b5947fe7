"""The outermost layer of the API: a request comes in, and whatever happens, one proper response goes out."""

from __future__ import annotations

import itertools
import logging
import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from .bodies import Disconnected
from .problems import MEDIA_TYPE, PLAIN, InternalError, Problem, URITooLong
from .request import STATE, Request
from .responses import Rendered, respond

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .clock import Clock
    from .problems import ProblemProfile
    from .randomness import RandomBytes

log = logging.getLogger("openapi_service.errors")
GOOD_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")


class Edge:
    """Makes the Request, keeps the target within its limit, and turns exceptions into problems.

    Args:
        app: the bound contract.
        pages: ASGI apps by path, outside the contract, its authentication and its rate limits.
        most_target_bytes: longest path and query.
        profile: how problems are written.
        random_bytes: what request ids begin with.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock,
        pages: Mapping[str, ASGIApp],
        most_target_bytes: int,
        profile: ProblemProfile = PLAIN,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._app = app
        self._clock = clock
        self._pages = pages
        self._most_target_bytes = most_target_bytes
        self._profile = profile
        self._own = random_bytes(8).hex()
        self._numbers = itertools.count(int.from_bytes(random_bytes(3)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        request = scope[STATE] = Request(scope, receive, self._request_id(scope), self._clock, self._profile)
        request.response_headers.append((b"x-request-id", request.request_id.encode()))
        try:
            request.misrouted = self._too_long(request)
            await self._pages.get(scope["path"], self._app)(scope, receive, send)
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
        return f"{self._own}{next(self._numbers):08x}"

    def _too_long(self, request: Request) -> URITooLong | None:
        length = len(request.path) + len(request.query_string)
        if length <= self._most_target_bytes:
            return None
        return URITooLong(f"The request target has {length} bytes; the limit is {self._most_target_bytes}.")

    async def _respond_to_error(self, error: Exception, request: Request, send: Send) -> None:
        problem = error if isinstance(error, Problem) else InternalError()
        if problem is not error:
            log.error("Unhandled exception (request %s)", request.request_id, exc_info=error)
        if not request.responded:
            await respond(self._rendered(problem, request), request, send)

    def _rendered(self, problem: Problem, request: Request) -> Rendered:
        body = msgspec.json.encode(request.problem_details(problem))
        headers = [
            (name.lower().encode(), value.encode("latin-1")) for name, value in problem.headers.items()
        ]
        headers += [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            *request.response_headers,
        ]
        if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            headers.append((b"connection", b"close"))  # the rest of the body is not read
        return Rendered(int(problem.status), headers, body)
