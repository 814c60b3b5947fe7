"""Observes requests as they end, for metrics and for the request log."""

import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.service.http.connections import HEALTH_PATHS
from contract_first.service.messages.request import Request

from .stages import STAGES

OBSERVATION = "contract_first.service.observe.observation"


class Observation:
    """A request that has ended.

    Attributes:
        request: the request; None for a preflight, which is no request of the API.
        status: of the response; None if the client went away before it started.
        seconds: from the head of the request to the end of its response.
        stages: seconds that it spent in each stage that it reached, see :func:`.stages.timed`.
    """

    __slots__ = ("request", "scope", "seconds", "stages", "status")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.request: Request | None = None
        self.status: int | None = None
        self.seconds = 0.0
        self.stages: dict[str, float] = {}

    @property
    def operation_id(self) -> str | None:
        """The operation that it matched; None if there is none."""
        return None if self.request is None else self.request.operation_id

    @property
    def is_probe(self) -> bool:
        """Whether it is a health check, which is no request of the API."""
        return self.operation_id is None and self.scope["path"] in HEALTH_PATHS


Observer = Callable[[Observation], None]
"""Is called when a request has ended; it does not raise."""


def observed(app: ASGIApp, observers: Sequence[Observer]) -> ASGIApp:
    """Return an app whose requests are observed."""

    async def observed_app(scope: Scope, receive: Receive, send: Send) -> None:
        observation = scope[OBSERVATION] = Observation(scope)
        STAGES.set(observation.stages)  # each request has a context of its own

        def observed_send(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                observation.status = message["status"]
            return send(message)

        start = time.perf_counter()
        try:
            await app(scope, receive, observed_send)
        finally:
            observation.seconds = time.perf_counter() - start
            del scope[OBSERVATION]  # the two refer to one another
            for observe in observers:
                observe(observation)

    return observed_app
