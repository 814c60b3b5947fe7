"""The trace of a request, through the queue to a worker, and to what the worker calls."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from contract_first.service.messages.traces import CURRENT, Trace
from contract_first.service.observe.spans import Tracing
from scanner_api.processing import redis_broker
from scanner_api.processing.processing import Processing
from scanner_api.processing.sweep import Sweep
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.settings import Settings
from scanner_api.worker import Worker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RESPONSE = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Ready:
    """A bucket that nothing asks for anything."""

    async def connect(self):
        """Have credentials."""

    async def ping(self):
        """Be there."""

    def close(self):
        """Do nothing."""


@pytest.fixture
def follow(redis_url, tmp_path, clock, open_shop, serving_url, monkeypatch):
    """Return what leaves a capture with a URL to a worker, and returns the head of the worker's request."""
    monkeypatch.setattr(redis_broker, "name_in", lambda _: f"test-{tmp_path.name}")
    monkeypatch.setattr(Sweep, "start", lambda _: None)  # it would find the capture too, and knows no trace

    async def scan(tracing=None):
        url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
        settings = Settings(
            database_url=url,
            queue_url=redis_url,
            extractor="none",
            sweep_seconds=3600,
            redirect_allowed=("127.0.0.0/8",),
        )
        async with open_shop(url, clock, settings) as shop, serving_url() as (link, heads):
            worker = Worker(settings, clock=clock, bucket=Ready(), tracing=tracing)
            server = Processing(settings, shop.stores, Ready(), RedirectFollower(Permissions()), clock)
            await worker.start()
            await server.start()
            try:
                id_ = await shop.scan(link)
                CURRENT.set(Trace(TRACE, "01", "vendor=1"))
                await server.queue.process_capture(id_, "grocer", follows=True)
                await shop.ended()
            finally:
                await server.stop()
                await worker.stop()
        (head,) = heads
        return head

    return scan


@pytest.fixture
def serving_url():
    """Return a context manager of a URL on loopback, and of the heads of the requests for it."""

    @asynccontextmanager
    async def serving():
        heads = []

        async def respond(reader, writer):
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(RESPONSE)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(respond, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/01/09521234000013", heads

    return serving


def fields(head):
    """Return the header fields of a request by lower-case name."""
    lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
    return {name.lower(): value for name, value in lines}


async def test_a_followed_url_gets_the_trace(follow):
    """It gets the trace of the request that scanned it; what is in its state is for nobody out there."""
    sent = fields(await follow())
    assert sent["traceparent"].startswith(f"00-{TRACE}-")
    assert "tracestate" not in sent


async def test_spans_of_a_job(follow):
    """The job is a span of the request's trace, the call of the URL one of the job."""
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sent = fields(await follow(Tracing(provider)))
    call, job = exporter.get_finished_spans()
    assert (job.name, job.kind) == ("follow_capture", SpanKind.CONSUMER)
    assert trace.format_trace_id(job.context.trace_id) == TRACE
    assert job.parent.is_remote
    assert (call.name, call.kind, call.parent.span_id) == ("GET", SpanKind.CLIENT, job.context.span_id)
    assert call.attributes["http.response.status_code"] == 204
    assert sent["traceparent"] == f"00-{TRACE}-{trace.format_span_id(call.context.span_id)}-01"
