"""Metrics of one process, for Prometheus; imported only where they are served."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, ProcessCollector, make_asgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contract_first.contract import Operation
from contract_first.service.access.authentication import Authenticator, Refusing
from contract_first.service.access.security import Alternatives
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import serving
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request

from .observation import Observation

NO_OPERATION = "(none)"
"""The label of requests that lead to no operation: unknown paths, pages beside the contract, preflights, and
what is refused whatever it asks for."""
DISCONNECTED = "disconnected"
"""The label of requests whose client went away before the response started."""
LAG_SECONDS = 0.25
"""How often the lag of the event loop is measured."""
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
COLLECT_SECONDS = 2.0
"""How long a scrape waits for what the event loop has to read."""
READY_SECONDS = 1.5
"""How long a scrape waits for the checks of readiness; a process that takes longer is not ready."""
SERVER_ERRORS = (500, 503)
REASONS = {401: "invalid credential", 403: "forbidden", 429: "rate limit"}

Collect = Callable[[], Awaitable[Iterable["Metric"]]]
"""Reads metrics in the event loop of the app, at a scrape."""

logger = logging.getLogger(__name__)


class Metrics:
    """Counts what a service does. No label has a value that a client chooses."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("openapi_requests", "Requests.", ["operation", "status"], registry=registry)
        self._seconds = Histogram(
            "openapi_request_duration_seconds",
            "From the head of a request to the end of its response.",
            ["operation"],
            registry=registry,
        )
        self._stages = Histogram(
            "openapi_request_stage_seconds",
            "What requests spend in their handlers, and wait for meanwhile.",
            ["stage"],
            registry=registry,
        )
        self._refused = Counter(
            "openapi_refused_requests",
            "Requests that authentication or a rate limit refused.",
            ["reason"],
            registry=registry,
        )
        self._violations = Counter(
            "openapi_response_violations",
            "Responses that violated the contract, and were a 500 instead.",
            ["operation"],
            registry=registry,
        )
        self._lag = Histogram(
            "event_loop_lag_seconds",
            "How late the event loop runs what is due.",
            registry=registry,
            buckets=LAG_BUCKETS,
        )
        self._counted, self._timed = cache(self._requests.labels), cache(self._seconds.labels)
        self._loop: asyncio.AbstractEventLoop | None = None

    def expect(self, operations: Sequence[Operation]) -> None:
        """Export the errors of operations before there is any: Prometheus sees no increase in new series."""
        operation_ids = [operation.operation_id for operation in operations]
        for operation_id, status in product((NO_OPERATION, *operation_ids), SERVER_ERRORS):
            self._counted(operation_id, status)
        for operation_id in operation_ids:
            self._violations.labels(operation_id)

    def add_readiness(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """Export whether this process may be sent requests, as ``/readyz`` says."""

        async def read() -> Iterable[Metric]:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    ready = await is_ready()
            except TimeoutError:
                ready = False
            return [GaugeMetricFamily("openapi_ready", "1 while /readyz responds with 200.", ready)]

        self.add(read)

    def observe(self, observation: Observation) -> None:
        """Count and time a request that has ended, unless it is a health check."""
        if observation.is_probe:
            return
        operation = observation.operation_id or NO_OPERATION
        self._counted(operation, observation.status or DISCONNECTED).inc()
        self._timed(operation).observe(observation.seconds)
        for stage, seconds in observation.stages.items():
            self._stages.labels(stage).observe(seconds)

    def authenticator(self, authenticator: Authenticator) -> Authenticator:
        """Return an authenticator whose refusals are counted."""
        is_refusing = isinstance(authenticator, Refusing)
        return (_ObservedRefusing if is_refusing else _ObservedAuthenticator)(authenticator, self._refused)

    def count_violation(self, operation: Operation) -> None:
        """Count a response that violates the contract."""
        self._violations.labels(operation.operation_id).inc()

    def add(self, collect: Collect) -> None:
        """Export more metrics, which are read at each scrape; those that cannot be read are left out."""
        self.registry.register(_LoopCollector(self, collect))

    def collected(self, collect: Collect) -> Iterable[Metric]:
        """Return the metrics as the event loop of the app reads them; called in another thread."""
        if self._loop is None:
            return ()

        async def read() -> Iterable[Metric]:
            return await collect()

        reading = asyncio.run_coroutine_threadsafe(read(), self._loop)
        try:
            return reading.result(COLLECT_SECONDS)
        except Exception as error:  # noqa: BLE001 -- the other metrics say more than a scrape that fails
            reading.cancel()
            logger.warning("Some metrics cannot be read: %s", type(error).__name__)
            return ()

    @asynccontextmanager
    async def served(self, listening: socket.socket) -> AsyncIterator[None]:
        """Serve the metrics of this loop's app for the length of a ``with`` block, in a thread of its own."""
        self._loop = asyncio.get_running_loop()
        measuring = self._loop.create_task(self._measure_lag())
        app = make_asgi_app(self.registry)
        try:
            with serving(app, listening, "metrics", http=HttpProtocol, ws="none", lifespan="off"):
                yield
        finally:
            measuring.cancel()
            self._loop = None

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))


class _ObservedAuthenticator:
    """An authenticator whose refusals are counted by their reason."""

    def __init__(self, authenticator: Any, refused: Counter) -> None:
        self._authenticator = authenticator
        self._refused = refused

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> Any:
        """Return the caller, or count the problem and raise it."""
        try:
            return await self._authenticator.admit(request, credentials, alternatives)
        except Problem as problem:
            reason = REASONS.get(problem.status, "unavailable")
            if problem.status == 401 and not credentials:  # noqa: PLR2004 -- a status
                reason = "no credential"
            self._refused.labels(reason).inc()
            raise


class _ObservedRefusing(_ObservedAuthenticator):
    """One that refuses some requests before their operation is known."""

    def refusal(self, request: Request, find: Callable[[Request], Mapping[str, str]]) -> Problem | None:
        """Count and return the problem of a request that is refused whatever it asks for."""
        problem: Problem | None = self._authenticator.refusal(request, find)
        if problem is not None:
            self._refused.labels(REASONS.get(problem.status, "unavailable")).inc()
        return problem


class _LoopCollector(Collector):
    """Metrics that the event loop of the app reads."""

    def __init__(self, metrics: Metrics, collect: Collect) -> None:
        self._metrics = metrics
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._metrics.collected(self._collect)
