"""Spans for OpenTelemetry (extra ``otel``); imported only where they are recorded."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider as ExportingProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contract_first.contexts import assignment
from contract_first.contract import Contract
from contract_first.service.http.connections import HEALTH_PATHS
from contract_first.service.messages.request import Request
from contract_first.service.messages.traces import CURRENT, TRACE_FIELDS, Call, Trace, trace_of

from .logs import cause_of
from .observation import Observation, Observer
from .request_log import MOST_TARGET

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_FLUSH_SECONDS: Final = 2
_SERVER_ERROR: Final = 500
_DISCONNECTED: Final = "disconnected"
_HEADER: Final = re.compile(r"\s*[\w!#$%&'*+.^`|~-]+\s*=[ -~]*", re.ASCII)
_BATCHES: Final = {
    "max_queue_size": "OTEL_BSP_MAX_QUEUE_SIZE",
    "schedule_delay_millis": "OTEL_BSP_SCHEDULE_DELAY",
    "max_export_batch_size": "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "export_timeout_millis": "OTEL_BSP_EXPORT_TIMEOUT",
}
_MOST: Final = 2**31 - 1
"""Of milliseconds that a socket waits, and more than any queue needs."""
_MOST_QUEUED: Final = 2048
_MOST_IN_A_BATCH: Final = 512
"""As OpenTelemetry has them where no variable says otherwise."""


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
    """Records a span for each request, for each job, and for each call that these make.

    Args:
        provider: of the tracer; OpenTelemetry's global one by default.
        exporter: of what :meth:`exported` exports.
    """

    def __init__(
        self, provider: TracerProvider | None = None, exporter: OTLPSpanExporter | None = None
    ) -> None:
        self._provider = provider
        self._exporter = exporter
        self._tracer = trace.get_tracer("contract_first.service", tracer_provider=provider)

    @classmethod
    def of_process(cls, service: str) -> Self:
        """Return what :meth:`exported` exports, as the variables of OpenTelemetry say.

        Args:
            service: its name, unless they give one.

        Raises:
            ValueError: a variable has a value that nothing can be exported by.
        """
        _check(os.environ)
        resource = Resource.create()
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: service}))
        try:
            return cls(ExportingProvider(resource=resource), OTLPSpanExporter())
        except RuntimeError as error:  # a plugin that is not installed
            raise ValueError(str(error)) from None

    def forked(self) -> Self:
        """Return that of a fork of this process, which is an instance of its own unless it has a name."""
        provider = self._provider
        if not isinstance(provider, ExportingProvider):
            return self
        resource = provider.resource
        if SERVICE_INSTANCE_ID not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
            resource = resource.merge(Resource({SERVICE_INSTANCE_ID: f"{uuid4()}"}))
        return type(self)(ExportingProvider(provider.sampler, resource), self._exporter)

    @asynccontextmanager
    async def exported(self) -> AsyncIterator[None]:
        """Export spans, handlers' own too, in a thread for the length of a ``with`` block.

        At the end a collector that does not respond has two seconds.
        """
        provider, exporter = self._provider, self._exporter
        if not isinstance(provider, ExportingProvider) or exporter is None:
            raise TypeError("Another provider exports its spans by itself.")
        provider.add_span_processor(BatchSpanProcessor(exporter, **_batches(os.environ)))
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
        """Return the observer that ends the spans of a contract's requests."""
        paths = {operation.operation_id: operation.path for operation in contract.operations}

        def observe(observation: Observation) -> None:
            request, status = observation.request, observation.status
            if request is None or not isinstance(request.trace, SpanTrace):
                return
            span = request.trace.span
            if operation := observation.operation_id:
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
            with (
                _recorded(self._tracer, name, SpanKind.CONSUMER, {}) as span,
                assignment(CURRENT, _trace_of(self._tracer, span)),
            ):
                yield
        finally:
            context.detach(before)


def _check(environment: Mapping[str, str]) -> None:
    """Raise ValueError for what OpenTelemetry would report at each export, or with the value of a secret."""
    variable, value = _setting(environment, "ENDPOINT")
    if value and not _is_url(value):
        raise ValueError(f"{variable} is no http or https URL.")
    variable, headers = _setting(environment, "HEADERS")
    if not all(map(_is_header, filter(str.strip, headers.split(",")))):
        raise ValueError(f"{variable} cannot be read; expected name=value, separated by commas.")
    variable, timeout = _setting(environment, "TIMEOUT")
    if timeout and not _is_time(timeout):
        raise ValueError(
            f"{variable} is {timeout[:200]!r}; expected seconds above 0, at most {_MOST // 1000}."
        )
    for variable, limit in environment.items():
        if variable.startswith("OTEL_") and variable.endswith("_LIMIT") and not _is_limit(limit):
            raise ValueError(f"{variable} is {limit[:200]!r}; expected at most {_MOST}.")
    _check_files(environment, verifies=value.lower().startswith("https:"))
    _batches(environment)


def _setting(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the variable of the exporter that holds for spans, and its value, empty if there is none."""
    for_spans, shared = f"OTEL_EXPORTER_OTLP_TRACES_{name}", f"OTEL_EXPORTER_OTLP_{name}"
    variable = for_spans if environment.get(for_spans) else shared
    return variable, environment.get(variable, "")


def _check_files(environment: Mapping[str, str], *, verifies: bool) -> None:
    """Raise ValueError for certificates that cannot be read; some give a key in place of its file's name."""
    tls = SSLContext(PROTOCOL_TLS_CLIENT)
    variable, file = _setting(environment, "CERTIFICATE")
    try:
        if file and verifies:
            tls.load_verify_locations(**{"capath" if Path(file).is_dir() else "cafile": file})
        variable, file = _setting(environment, "CLIENT_CERTIFICATE")
        if file:
            tls.load_cert_chain(file, _setting(environment, "CLIENT_KEY")[1] or None, password="")
    except (OSError, ValueError):
        raise ValueError(f"{variable} names no file with a certificate, or none with its key.") from None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        return parts.scheme in {"http", "https"} and bool(host) and text.split() == [text] and parts.port != 0
    except ValueError:
        return False


def _is_header(text: str) -> bool:
    value = unquote(text)
    return bool(_HEADER.fullmatch(text)) and value.isprintable() and max(value) <= "\xff"


def _is_time(text: str) -> bool:
    try:
        return 0 < float(text) <= _MOST // 1000
    except ValueError:
        return False


def _is_limit(text: str) -> bool:
    """Tell whether OpenTelemetry can hold to a limit, or says itself that it is none."""
    return not text.strip().isdecimal() or _number(text) <= _MOST


def _number(text: str) -> int:
    return int(text.strip()[:20])


def _batches(environment: Mapping[str, str]) -> dict[str, Any]:
    numbers = {}
    for argument, name in _BATCHES.items():
        text = environment.get(name, "").strip()
        if text and not (text.isdecimal() and 0 < _number(text) <= _MOST):
            raise ValueError(f"{name} is {text[:200]!r}; expected a whole number above 0, at most {_MOST}.")
        if text:
            numbers[argument] = _number(text)
    most = numbers.setdefault("max_queue_size", _MOST_QUEUED)
    batch = numbers.get("max_export_batch_size", _MOST_IN_A_BATCH)
    return numbers | {"max_export_batch_size": min(batch, most)}


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
    span_context = span.get_span_context()
    state = span_context.trace_state.to_header()
    return SpanTrace(
        trace.format_trace_id(span_context.trace_id), f"{span_context.trace_flags:02x}", state, tracer, span
    )
