"""Spans of statements, by OpenTelemetry's instrumentation of SQLAlchemy; imported where they are recorded."""

from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer

from contract_first.service.messages.traces import CURRENT

from .async_engine import AsyncEngine


class StatementTracer:
    """Starts spans in those of requests and jobs: what a process asks by itself would be a trace each."""

    def start_span(self, name: str, **options: Any) -> trace.Span:
        """Start a span by the tracer of what is being done."""
        tracer: trace.Tracer | None = getattr(CURRENT.get(), "tracer", None)  # without spans it has none
        return tracer.start_span(name, **options) if tracer else trace.INVALID_SPAN


def record_spans(engine: AsyncEngine) -> None:
    """Record a span for each statement of an engine, as long as it exists."""
    usage = metrics.get_meter(__name__).create_up_down_counter("db.client.connections.usage")
    EngineTracer(StatementTracer(), engine.sync_engine, usage)  # type: ignore[no-untyped-call]  # OpenTelemetry's
