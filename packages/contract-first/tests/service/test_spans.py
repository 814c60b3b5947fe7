"""Spans for OpenTelemetry: of requests, and as a collector gets them."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from contract_first.contract import Contract
from contract_first.distribution import CONTRACT_FIRST
from contract_first.service import Observability, ServiceUnavailable, create_app
from contract_first.service.messages.traces import calling
from contract_first.service.observe.spans import Tracing
from contract_first.service.observe.telemetry import tracing_of

ROOT = Path(__file__).parents[4]
http_server = runpy.run_path(str(ROOT / "tests" / "services" / "http_server.py"))["http_server"]

PETSTORE = ROOT / "examples" / "petstore" / "src"
HOLDERS = "from petstore.security import authentication\n\nOF = authentication('for-development-only')\n"
"""A module that says who calls the petstore."""
COMMAND = Path(sys.executable).with_name("contract-first")
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
NAME = {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{name}": {
            "parameters": [NAME],
            "get": {"operationId": "get_pet", "responses": {"204": {"description": ""}}},
        }
    },
}


def get_pet(name):
    """Ask somebody else, who may be away."""
    with calling("GET", server_address="pets.example") as call:
        seen.append(call.headers)
        call.note("http.response.status_code", 200)
        if name == "away":
            raise ServiceUnavailable("Nobody responds.") from OSError("connection refused")


seen: list[dict[str, str]] = []


@pytest.fixture
def spans_of():
    """Return what sends requests to an app whose spans are recorded, and returns the spans."""

    async def ask(*requests):
        seen.clear()
        provider, exporter = TracerProvider(), InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        app = create_app(
            Contract(CONTRACT, "pets"),
            {"get_pet": get_pet},
            observability=Observability(tracing=Tracing(provider)),
        )
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://pets") as client:
            for path, headers in requests:
                await client.get(path, headers=headers)
        return exporter.get_finished_spans()

    return ask


async def test_a_request_is_a_span(spans_of):
    """It is named by its operation, has the sender's span as parent, and tells no query."""
    call, request = await spans_of(("/pets/rex?token=secret", {"traceparent": TRACEPARENT}))
    assert (request.name, request.kind, request.status.status_code) == (
        "get_pet",
        SpanKind.SERVER,
        StatusCode.UNSET,
    )
    assert dict(request.attributes) == {
        "http.request.method": "GET",
        "http.route": "/pets/{name}",
        "http.response.status_code": 204,
        "url.path": "/pets/rex",
        "url.scheme": "http",
    }
    assert trace.format_trace_id(request.context.trace_id) == TRACE
    assert trace.format_span_id(request.parent.span_id) == PARENT
    assert (call.name, call.kind, call.parent.span_id) == ("GET", SpanKind.CLIENT, request.context.span_id)
    assert dict(call.attributes) == {"server.address": "pets.example", "http.response.status_code": 200}
    assert seen == [{"traceparent": f"00-{TRACE}-{trace.format_span_id(call.context.span_id)}-01"}]


async def test_requests_of_nobody_begin_traces(spans_of):
    """Each has one of its own; a request that matches no operation is named by its method."""
    first_call, first, second_call, second, unknown = await spans_of(
        ("/pets/a", {}), ("/pets/b", {"traceparent": "wrong"}), ("/x", {})
    )
    traces = {each.context.trace_id for each in (first, second, unknown)}
    assert len(traces) == 3
    assert [first_call.context.trace_id, second_call.context.trace_id] == [
        first.context.trace_id,
        second.context.trace_id,
    ]
    assert [each.parent for each in (first, second, unknown)] == [None] * 3
    assert (unknown.name, unknown.attributes["http.response.status_code"]) == ("GET", 404)
    assert "http.route" not in unknown.attributes


async def test_errors_of_ours_have_their_cause(spans_of):
    """A 5xx is an error, and so is the call that failed."""
    call, request = await spans_of(("/pets/away", {}))
    assert (request.status.status_code, request.status.description) == (
        StatusCode.ERROR,
        "Nobody responds. < OSError: connection refused",
    )
    assert request.attributes["error.type"] == "503"
    assert (call.status.status_code, call.attributes["error.type"]) == (
        StatusCode.ERROR,
        "ServiceUnavailable",
    )


async def test_health_checks_have_no_span(spans_of):
    """They would be most of what is recorded."""
    assert await spans_of(("/healthz", {}), ("/readyz", {"traceparent": TRACEPARENT})) == ()


async def test_unsampled_traces_are_passed_on(spans_of):
    """What the sender does not record is not recorded here; what is called gets the same flag."""
    assert await spans_of(("/pets/rex", {"traceparent": TRACEPARENT.removesuffix("01") + "00"})) == ()
    assert seen[0]["traceparent"].startswith(f"00-{TRACE}-")
    assert seen[0]["traceparent"].endswith("-00")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "pets"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "True"},
    ],
)
def test_nothing_is_recorded_unless_a_collector_is_named(environment):
    """Variables that name none, or switch it off, are as none."""
    assert tracing_of(environment, "pets") is None


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'; expected 'otlp' or 'none'."),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "The protocol of OTLP is 'grpc'; set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to 'http/protobuf'.",
        ),
    ],
)
def test_other_exporters_are_a_warning(environment, message, caplog):
    """What a whole cluster is set to keeps nothing from starting."""
    assert tracing_of(environment, "pets") is None
    assert caplog.messages == [f"No traces are exported. {message}"]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("EXPORTER_OTLP_ENDPOINT", "collector:4318", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", "http://[::1", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", "http://collector:99999", "is no http or https URL"),
        ("EXPORTER_OTLP_TRACES_ENDPOINT", "http://", "is no http or https URL"),
        ("EXPORTER_OTLP_TRACES_ENDPOINT", "http://a b", "is no http or https URL"),
        ("EXPORTER_OTLP_TRACES_ENDPOINT", f"http://{'a' * 70}.test", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", "user:s3cr3t@collector:4318", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", "ftp://user:s3cr3t@collector", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", " http://127.0.0.1:4318 ", "is no http or https URL"),
        ("EXPORTER_OTLP_ENDPOINT", " ", "is no http or https URL"),
        (
            "EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "/nowhere",
            "CLIENT_CERTIFICATE names no file with a certificate",
        ),
        ("EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", __file__, "names no file with a certificate"),
        ("EXPORTER_OTLP_TIMEOUT", "1e300", "expected seconds above 0"),
        ("BSP_MAX_QUEUE_SIZE", "99999999999999999999", "expected a whole number above 0"),
        ("BSP_SCHEDULE_DELAY", "99999999999999999999", "expected a whole number above 0"),
        ("SPAN_EVENT_COUNT_LIMIT", "99999999999999999999", "expected at most 2147483647"),
        ("EXPORTER_OTLP_TIMEOUT", "soon", "expected seconds above 0"),
        ("EXPORTER_OTLP_TIMEOUT", "-1", "expected seconds above 0"),
        ("EXPORTER_OTLP_TRACES_TIMEOUT", "inf", "expected seconds above 0"),
        ("EXPORTER_OTLP_TRACES_TIMEOUT", "nan", "expected seconds above 0"),
        ("EXPORTER_OTLP_HEADERS", "s3cr3t-header", "expected name=value, separated by commas"),
        ("EXPORTER_OTLP_HEADERS", "a b=s3cr3t-header", "expected name=value, separated by commas"),
        ("EXPORTER_OTLP_HEADERS", "a=s3cr3t-header%0Ab: c", "expected name=value, separated by commas"),
        ("EXPORTER_OTLP_TRACES_HEADERS", "a=s3cr3t-header%E2%82%AC", "expected name=value"),
        ("BSP_MAX_QUEUE_SIZE", "many", "OTEL_BSP_MAX_QUEUE_SIZE is 'many'; expected a whole number above 0"),
        ("BSP_SCHEDULE_DELAY", "0", "expected a whole number above 0"),
        ("BSP_MAX_EXPORT_BATCH_SIZE", "-1", "expected a whole number above 0"),
        ("BSP_EXPORT_TIMEOUT", "1.5", "expected a whole number above 0"),
        ("SPAN_ATTRIBUTE_COUNT_LIMIT", "-1", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT must be a non-negative"),
        ("PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER", "nobody", "component 'nobody' not found"),
    ],
)
def test_malformed_variables_are_a_warning(variable, value, expected, monkeypatch, caplog):
    """What nothing can be exported by is one line, without the values of header fields."""
    environment = {"OTEL_TRACES_EXPORTER": "otlp", f"OTEL_{variable}": value}
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert tracing_of(environment, "pets") is None
    (message,) = caplog.messages
    assert message.startswith("No traces are exported. ")
    assert expected in message
    assert "s3cr3t" not in caplog.text
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize("certificate", ["/nowhere", "."])
def test_certificates_of_authorities_that_cannot_be_read(certificate, monkeypatch, caplog):
    """They are a warning where the collector's certificate is verified, and may be a directory."""
    environment = {"OTEL_EXPORTER_OTLP_CERTIFICATE": certificate}
    for url, is_exported in (("http://127.0.0.1:4318", True), ("https://127.0.0.1:4318", certificate == ".")):
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        assert (tracing_of(environment, "pets") is not None) == is_exported
        assert ("CERTIFICATE names no file" in caplog.text) == (not is_exported)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TRACES_SAMPLER", "sometimes", "recognize sampler sometimes"),
        ("TRACES_SAMPLER", "traceidratio", "TRACES_SAMPLER_ARG"),
        ("EXPORTER_OTLP_COMPRESSION", "zip", "compression type: zip"),
        ("RESOURCE_ATTRIBUTES", "nonsense", "resource attribute pair nonsense"),
        ("EXPERIMENTAL_RESOURCE_DETECTORS", "nobody", "resource detector 'nobody'"),
        ("BSP_MAX_QUEUE_SIZE", "10", ""),  # fewer than there are in a batch
        ("EXPORTER_OTLP_PROTOCOL", "", ""),
        ("EXPORTER_OTLP_HEADERS", "api-key=a%20b, authorization=Basic YTpi,", ""),
    ],
)
async def test_other_malformed_variables_are_passed_over(variable, value, expected, monkeypatch, caplog):
    """OpenTelemetry takes its default for them, and says so in one line."""
    with collecting() as (url, exports):
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, f"OTEL_{variable}": value}
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        monkeypatch.setattr(trace, "set_tracer_provider", lambda _: None)
        tracing = tracing_of(environment, "pets")
        async with tracing.exported():
            with tracing.job("a job", {}):
                pass
    assert len(exports) == 1
    assert [expected in message for message in caplog.messages] == ([True] if expected else [])
    assert [record.exc_info for record in caplog.records] == ([None] if expected else [])


@pytest.mark.programs
@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "sometimes"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "anybody"},
    ],
)
def test_processes_warn_once(environment, tmp_path):
    """Of what cannot be followed, however many processes share the port."""
    (tmp_path / "holders.py").write_text(HOLDERS)
    arguments = [
        "serve",
        "--contract",
        "petstore/openapi.yaml",
        "--handlers",
        "petstore.operations",
        "--port",
        "0",
    ]
    with subprocess.Popen(  # noqa: S603 -- our own command
        [COMMAND, *arguments, "--authenticate", "holders:OF", "--workers", "2"],
        cwd=PETSTORE,
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join([".", str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=60)
    assert logged.count("WARNING") + logged.count("ERROR") == 1, logged


@pytest.mark.parametrize(
    "missing", ["opentelemetry", "opentelemetry.exporter.otlp.proto.http.trace_exporter"]
)
def test_a_missing_extra_is_a_warning(missing, monkeypatch, caplog):
    """Without OpenTelemetry, or with another exporter of it alone, it says what to install."""
    monkeypatch.delitem(sys.modules, "contract_first.service.observe.spans")
    monkeypatch.setitem(sys.modules, missing, None)
    assert tracing_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "pets") is None
    (message,) = caplog.messages
    assert "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces; " in message
    assert CONTRACT_FIRST.how_to_install("otel") in message


@contextmanager
def collecting():
    """Run a collector; yield its URL, and what it gets."""
    exports = []

    def respond(request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if request.path == "/v1/traces":
            exports.append(ExportTraceServiceRequest.FromString(body))
        request.send_response(200)
        request.end_headers()

    with http_server(respond) as url:
        yield url, exports


@pytest.mark.programs
def test_a_collector_gets_the_spans_of_a_server(tmp_path):
    """Of each of its processes, by the variables of OpenTelemetry alone, before it ends."""
    (tmp_path / "holders.py").write_text(HOLDERS)
    with collecting() as (url, exports):
        arguments = ["serve", "--contract", "petstore/openapi.yaml", "--handlers", "petstore.operations"]
        options = ["--authenticate", "holders:OF"]
        environment = {
            **os.environ,
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "PYTHONPATH": os.pathsep.join([".", str(tmp_path)]),
        }
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [COMMAND, *arguments, *options, "--port", "0", "--workers", "2"],
            cwd=PETSTORE,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            address = process.stdout.readline().split(" on ")[1].split()[0]
            httpx2.get(f"{address}/nothing", headers={"traceparent": TRACEPARENT}, trust_env=False)
        finally:
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=60)
    ((resource, span),) = [
        (each.resource, span)
        for export in exports
        for each in export.resource_spans
        for scope in each.scope_spans
        for span in scope.spans
    ]
    names = {each.key: each.value.string_value for each in resource.attributes}
    assert "ERROR" not in logged, logged
    assert names["service.name"] == "petstore"
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("GET", TRACE, PARENT)
