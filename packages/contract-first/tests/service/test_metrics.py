"""What a service counts, as Prometheus reads it from a port of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import MappingProxyType

import httpx2
import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from contract_first.contract import Contract
from contract_first.service import (
    Exposure,
    Observability,
    RateLimited,
    ServiceUnavailable,
    create_app,
    listen,
    url_of,
)
from contract_first.service.observe.metrics import NO_OPERATION, Metrics
from contract_first.service.observe.observation import observed

TEXT = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/open/{name}": {
            "get": {
                "operationId": "open",
                "parameters": [
                    {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
                ],
                "responses": TEXT,
            }
        },
        "/wrong": {"get": {"operationId": "wrong", "responses": TEXT}},
        "/closed": {"get": {"operationId": "closed", "security": [{"key": []}], "responses": TEXT}},
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}
EXPOSURE = Exposure()
HANDLERS = {"open": lambda name: name, "wrong": lambda: 1, "closed": lambda: "x"}


async def caller(credential, _request):
    """Know one key; for another, be away."""
    if credential == "away":
        raise ServiceUnavailable
    return credential if credential == "good" else None


@asynccontextmanager
async def serving(metrics, authenticate=MappingProxyType({"key": caller}), exposure=EXPOSURE):
    """Yield a client of the app, and one of its metrics."""
    app = create_app(
        Contract(CONTRACT, "pets"),
        HANDLERS,
        authenticate=authenticate,
        observability=Observability(metrics=metrics),
        exposure=exposure,
    )
    with listen("127.0.0.1", 0) as listening:
        async with (
            metrics.served(listening),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://pets") as client,
            httpx2.AsyncClient(base_url=url_of(listening), trust_env=False) as scraper,
        ):
            yield client, scraper


async def scrape(scraper):
    """Return all samples, by name and values of labels."""
    families = text_string_to_metric_families((await scraper.get("/metrics")).raise_for_status().text)
    return {
        (sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples
    }


def labels(samples, name):
    """Return the labels of a counter, with its values that are not zero."""
    return {key[1:]: value for key, value in samples.items() if key[0] == name and value}


async def test_requests_are_counted_by_operation_and_status():
    """Their durations, refusals by reason and responses that violate the contract too; not health checks."""
    async with serving(Metrics()) as (client, scraper):
        for path, key in [
            *[("/open/rex", None)] * 2,
            *[("/wrong", None), ("/closed", None), ("/none", None), ("/healthz", None), ("/readyz", None)],
            *[("/closed", "good"), ("/closed", "bad"), ("/closed", "away")],
        ]:
            await client.get(path, headers={} if key is None else {"X-Key": key})
        samples = await scrape(scraper)
    assert labels(samples, "openapi_requests_total") == {
        ("open", "200"): 2,
        ("wrong", "500"): 1,
        ("closed", "200"): 1,
        ("closed", "401"): 2,
        ("closed", "503"): 1,
        (NO_OPERATION, "404"): 1,
    }
    assert labels(samples, "openapi_request_duration_seconds_count") == {
        ("open",): 2,
        ("wrong",): 1,
        ("closed",): 4,
        (NO_OPERATION,): 1,
    }
    # of the eight that have an operation, three are refused before their handler is called
    assert labels(samples, "openapi_request_stage_seconds_count") == {("handler",): 4}
    assert labels(samples, "openapi_refused_requests_total") == {
        ("no credential",): 1,
        ("invalid credential",): 1,
        ("unavailable",): 1,
    }
    assert labels(samples, "openapi_response_violations_total") == {("wrong",): 1}


async def test_errors_are_shown_before_there_is_any():
    """Prometheus sees no increase in a series that is new: it would miss the first of each."""
    async with serving(Metrics()) as (_, scraper):
        samples = await scrape(scraper)
    for operation in ("open", "wrong", "closed"):
        assert samples["openapi_requests_total", operation, "503"] == 0
        assert samples["openapi_requests_total", operation, "500"] == 0
        assert samples["openapi_response_violations_total", operation] == 0
    assert samples["openapi_requests_total", NO_OPERATION, "503"] == 0


@pytest.mark.parametrize("failing", ["raises", "hangs"])
async def test_readiness_is_shown(failing, monkeypatch):
    """A gauge says what `/readyz` says, and 0 where that does not respond; draining is not ready either."""
    monkeypatch.setattr("contract_first.service.observe.metrics.READY_SECONDS", 0.1)
    monkeypatch.setattr("contract_first.service.pages.FRESH_SECONDS", 0)
    fails, ended = [], asyncio.Event()

    async def check():
        if fails and failing == "raises":
            raise ServiceUnavailable
        if fails:
            await ended.wait()

    async with serving(Metrics(), exposure=Exposure(checks={"database": check})) as (client, scraper):
        ready = [(await scrape(scraper))["openapi_ready",]]
        fails.append(True)
        ready.append((await scrape(scraper))["openapi_ready",])
        fails.clear()
        ended.set()
        await asyncio.sleep(0)
        ready.append((await scrape(scraper))["openapi_ready",])
        client._transport.app.drain()
        ready.append((await scrape(scraper))["openapi_ready",])
    assert ready == [1, 0, 1, 0]


async def test_what_is_refused_whatever_it_asks_for_is_counted():
    """A refusal before any operation is known has its reason, and no operation."""

    class Closed:
        """Knows of requests with a credential that they are refused."""

        def refusal(self, request, find):
            """Return the problem, or None."""
            return RateLimited(1) if find(request) else None

        async def admit(self, _request, _credentials, _alternatives):
            """Let in."""

    async with serving(Metrics(), Closed()) as (client, scraper):
        statuses = [
            (await client.get("/closed", headers=headers)).status_code for headers in ({"X-Key": "junk"}, {})
        ]
        samples = await scrape(scraper)
    assert statuses == [429, 200]
    assert labels(samples, "openapi_requests_total") == {(NO_OPERATION, "429"): 1, ("closed", "200"): 1}
    assert labels(samples, "openapi_refused_requests_total") == {("rate limit",): 1}


async def test_what_a_client_sends_makes_no_labels():
    """Paths, path parameters, methods and queries of all kinds add no sample to those of the first."""
    async with serving(Metrics()) as (client, scraper):
        for target in ("/open/a", "/x"):
            await client.get(target)
        before = await scrape(scraper)
        for number in range(20):
            await client.get(f"/open/{number}", params={f"q{number}": "x"})
            await client.get(f"/{number}%2F..%00{number}", headers={"X-Key": str(number)})
            await client.request("GET" + "X" * number, f"/{number}")
        after = await scrape(scraper)
    statuses = {("openapi_requests_total", NO_OPERATION, status) for status in ("400", "405")}
    assert {key for key in after.keys() - before.keys() if not key[0].endswith("_created")} <= statuses
    assert labels(after, "openapi_requests_total")["open", "200"] == 21


async def test_the_loop_reads_more_metrics_at_each_scrape():
    """They are read in the loop of the app; those that cannot be read are left out."""
    metrics = Metrics()
    loops = []

    async def read():
        loops.append(asyncio.get_running_loop())
        return [GaugeMetricFamily("queue_depth", "", 3)]

    async def fail():
        raise ServiceUnavailable

    metrics.add(fail)
    metrics.add(read)
    async with serving(metrics) as (_, scraper):
        samples = await scrape(scraper)
        assert loops == [asyncio.get_running_loop()]
    assert samples["queue_depth",] == 3
    assert ("event_loop_lag_seconds_count",) in samples
    assert not metrics.collected(read)


async def test_a_disconnected_client_is_counted():
    """A request without a response has a label of its own."""
    metrics = Metrics()

    async def gone(_scope, _receive, _send):
        """Respond to nobody."""

    await observed(gone, [metrics.observe])({"type": "http", "path": "/open/rex"}, None, None)
    counted = {"operation": NO_OPERATION, "status": "disconnected"}
    assert metrics.registry.get_sample_value("openapi_requests_total", counted) == 1


@pytest.mark.parametrize("port", [65_536, 70_000])
def test_a_port_that_is_none_is_named(port):
    """The last of several processes may be beyond the ports that there are."""
    with pytest.raises(OSError, match=f"port {port} \\(--metrics-port\\)"):
        listen("127.0.0.1", port, "--metrics-port")
