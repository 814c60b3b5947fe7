"""Spans for OpenTelemetry (extra ``otel``); imported only where they are recorded."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider as ExportingProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .connections import HEALTH_PATHS
from .connexion_adapter import operation_id_of
from .logs import cause_of
from .request_log import MOST_TARGET
from .traces import CURRENT, TRACE_FIELDS, Call, Trace, trace_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from opentelemetry.trace import Span, Tracer, TracerProvider

    from openapi_contract import Contract

    from .observation import Observation, Observer
    from .request import Request

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_FLUSH_SECONDS: Final = 2
_SERVER_ERROR: Final = 500
_DISCONNECTED: Final = "disconnected"


@dataclass(frozen=True, slots=True)
class SpanTrace(Trace):
    """A trace with the span of a request or a job, which is OpenTelemetry's current one meanwhile."""

    tracer: Tracer
    span: Span

    def headers(self) -> dict[str, str]:
        """Return the header fields that make a request of ours part of the current span."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier

    @contextmanager
    def calling(self, name: str, attributes: Mapping[str, str | int]) -> Iterator[Call]:
        """Record a span while something else is called."""
        with _recorded(self.tracer, name, SpanKind.CLIENT, attributes) as span:
            yield Call(self.headers(), span.set_attribute)


class Tracing:
    """Records a span for each request, for each job, and for what these ask of others.

    Args:
        provider: of the tracer; OpenTelemetry's global one by default.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = trace.get_tracer("openapi_service", tracer_provider=provider)

    @classmethod
    def of_process(cls, service: str) -> Self:
        """Return what :meth:`exported` exports, as the variables of OpenTelemetry say.

        Args:
            service: its name, unless they give one.
        """
        resource = Resource.create()
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: service}))
        return cls(ExportingProvider(resource=resource))

    @asynccontextmanager
    async def exported(self) -> AsyncIterator[None]:
        """Export spans, handlers' own too, in a thread for as long as this is entered.

        At the end a collector that does not respond has two seconds.
        """
        provider, exporter = self._provider, OTLPSpanExporter()
        if not isinstance(provider, ExportingProvider):
            raise TypeError("Another provider exports its spans by itself.")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        try:
            yield
        finally:
            giving_up = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, exporter.shutdown)
            await asyncio.to_thread(provider.shutdown)
            giving_up.cancel()

    def begin(self, request: Request) -> Trace | None:
        """Begin the span of a request, and return its trace; health checks have no span."""
        if request.path in HEALTH_PATHS:
            return trace_of(request.headers)
        fields = ((name, request.header(name.encode())) for name in TRACE_FIELDS)
        span = self._tracer.start_span(
            request.method,
            _PROPAGATOR.extract({name: value for name, value in fields if value}, context.Context()),
            SpanKind.SERVER,
            {
                "http.request.method": request.method,
                "url.path": request.path[:MOST_TARGET],  # the query may have secrets
                "url.scheme": request.scope["scheme"],
            },
        )
        context.attach(trace.set_span_in_context(span, context.Context()))  # until the task ends
        return _trace_of(self._tracer, span)

    def observer(self, contract: Contract) -> Observer:
        """Return what ends the spans of a contract's requests."""
        paths = {operation.operation_id: operation.path for operation in contract.operations}

        def observe(observation: Observation) -> None:
            request, status = observation.request, observation.status
            if request is None or not isinstance(request.trace, SpanTrace):
                return
            span = request.trace.span
            if operation := operation_id_of(observation.scope):
                span.update_name(operation)
                span.set_attribute("http.route", paths[operation])
            if status is not None:
                span.set_attribute("http.response.status_code", status)
            if status is None or status >= _SERVER_ERROR:
                span.set_attribute("error.type", str(status or _DISCONNECTED))
                span.set_status(StatusCode.ERROR, cause_of(request.error) if request.error else None)
            span.end()

        return observe

    @contextmanager
    def job(self, name: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Record the span of a job that was left by what these header fields belong to, if to anything."""
        before = context.attach(_PROPAGATOR.extract(headers, context.Context()))
        try:
            with _recorded(self._tracer, name, SpanKind.CONSUMER, {}) as span:
                token = CURRENT.set(_trace_of(self._tracer, span))
                try:
                    yield
                finally:
                    CURRENT.reset(token)
        finally:
            context.detach(before)


@contextmanager
def _recorded(
    tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, str | int]
) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, None, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR, cause_of(error))
            raise


def _trace_of(tracer: Tracer, span: Span) -> SpanTrace:
    own = span.get_span_context()
    state = own.trace_state.to_header()
    return SpanTrace(trace.format_trace_id(own.trace_id), f"{own.trace_flags:02x}", state, tracer, span)
