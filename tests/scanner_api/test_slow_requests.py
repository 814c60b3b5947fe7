"""Where the time of a request goes, as the log and the metrics say."""

from __future__ import annotations

import asyncio
import io
import json
import runpy
import shutil
import sqlite3
import sys
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import insert, text

from contract_first.service.observe.logs import Log, LogOptions
from contract_first.service.observe.metrics import Metrics
from contract_first.service.observe.request_log import RequestLog
from contract_first.service.observe.spans import Tracing
from scanner_api.access.api_keys import new_key
from scanner_api.app import Application
from scanner_api.settings import Settings
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.schema.tables import users
from scanner_mocks.drawings.pictures import PIXEL
from strict_s3 import Server

postgresql = runpy.run_path(str(Path(__file__).parents[1] / "services" / "postgresql.py"))["postgresql"]
HELD_SECONDS = 0.3


class Client:
    """Sends requests to a service, and returns the lines of its log."""

    def __init__(self, client, written, app, metrics, database):
        self.app = app
        self._client = client
        self._written = written
        self.metrics = metrics
        self.database = database

    async def send(self, method, path, **content):
        """Send a request; return its response, and its line."""
        response = await self._client.request(method, f"/scanner/api/v1{path}", **content)
        await asyncio.sleep(0)  # the line is written once the response is sent
        lines = [json.loads(line) for line in self._written.getvalue().splitlines()]
        request_id = response.headers["X-Request-ID"]
        return response, next(line for line in lines if line["request_id"] == request_id)


@asynccontextmanager
async def serving(url, tracing=None, **settings):
    """Serve with a database, and yield a client that has a key."""
    settings = Settings(database_url=url, extractor="none", database_pool_size=3, **settings)
    written, metrics, database, key = io.StringIO(), Metrics(), Database(url), new_key("csb")
    log = RequestLog(Log("json", written), LogOptions("info", "json"))
    app = Application(settings, request_log=log, metrics=metrics, tracing=tracing)
    await app.start()
    try:
        now = app.clock.now()
        organization = Organization(id=key, name="Grocer", created=now)
        await OrganizationStore(database).add_organization(organization)
        api_key = ApiKey(id=key, prefix="csb", name="till", created=now, organization_id=key)
        await CredentialStore(database).add_api_key(api_key, digest_of(key))
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://scanner", headers={"X-API-Key": key}
        ) as client:
            yield Client(client, written, app, metrics, database)
    finally:
        await app.stop()
        await database.close()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def s3():
    """Return the settings of an S3 with a bucket."""
    with Server("photos", region="us-west-2", credentials={"key": "secret"}) as server:
        yield {"s3_bucket": "photos", "s3_region": "us-west-2", "s3_endpoint_url": server.url}


async def test_a_line_has_what_the_request_waited_for(postgresql, s3):
    """The pool, the database, S3 and the handler, each within the whole; the metrics have the same."""
    async with serving(postgresql, **s3) as service:
        created, line = await service.send("POST", "/sessions", json={})
        stages = {name for name in line if name.endswith("_milliseconds")}
        assert stages == {"pool_milliseconds", "database_milliseconds", "handler_milliseconds"}
        session = created.json()["id"]
        upload = f"/sessions/{session}/presigned-upload-url?photo_type=front&original_filename=a.png"
        form, _ = await service.send("GET", upload)
        async with httpx2.AsyncClient(trust_env=False) as browser:
            fields, file = form.json()["upload_fields"], {"file": ("a.png", PIXEL)}
            assert (await browser.post(form.json()["upload_url"], data=fields, files=file)).is_success
        photo = {"s3_key": form.json()["s3_key"]}
        _, line = await service.send("POST", f"/sessions/{session}/photos", json=photo)
        stages = {name: value for name, value in line.items() if name.endswith("_milliseconds")}
        assert stages.keys() == {f"{name}_milliseconds" for name in ("pool", "database", "s3", "handler")}
        assert 0 < stages["s3_milliseconds"] <= stages["handler_milliseconds"] <= line["milliseconds"]
        assert all(value >= 0 for value in stages.values())
        sampled = service.metrics.registry.get_sample_value
        counts = {
            stage: sampled("openapi_request_stage_seconds_count", {"stage": stage})
            for stage in ("pool", "database", "s3", "handler")
        }
    assert counts == {"pool": 2, "database": 3, "s3": 1, "handler": 3}


async def test_a_lock_is_time_of_the_database(postgresql):
    """Another transaction has locked the table: the request waits in its statement."""
    async with serving(postgresql) as service:
        async with service.database.transaction() as connection:
            await connection.execute(text("LOCK TABLE scan_sessions"))
            sending = asyncio.create_task(service.send("POST", "/sessions", json={}))
            await asyncio.sleep(HELD_SECONDS)
        _, line = await sending
    assert line["database_milliseconds"] >= HELD_SECONDS * 900
    assert line["handler_milliseconds"] >= line["database_milliseconds"] / 2


async def test_a_pool_that_is_used_up_is_time_of_the_pool(postgresql):
    """The others have all connections; the request waits for one."""
    async with serving(postgresql) as service:
        async with service.database.transaction() as connection:
            await connection.execute(text("LOCK TABLE scan_sessions"))
            requests = [service.send("POST", "/sessions", json={}) for _ in range(6)]
            sending = asyncio.gather(*requests)
            await asyncio.sleep(HELD_SECONDS)
        lines = [line for _, line in await sending]
    assert max(line["pool_milliseconds"] for line in lines) >= HELD_SECONDS * 900


async def test_sqlite_waits_in_the_database(tmp_path, sqlite_template):
    """Its threads read and write for a request, and another process may hold them up."""
    file = tmp_path / "scanner.db"
    shutil.copy(sqlite_template, file)
    async with serving(f"sqlite+aiosqlite:///{file}") as service:
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        releasing = threading.Timer(HELD_SECONDS, lambda: other.execute("COMMIT"))
        releasing.start()
        response, line = await service.send("POST", "/sessions", json={})
        releasing.join()
        other.close()
    assert response.status_code == 201
    assert line["database_milliseconds"] >= HELD_SECONDS * 900


async def test_statements_have_spans_of_the_request(postgresql):
    """OpenTelemetry's instrumentation records them, with no values; nothing else is a trace."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with serving(postgresql, tracing=Tracing(provider)) as service:
        await service.app.database.ping()
        assert exporter.get_finished_spans() == ()
        body = {"metadata": {"note": "a-secret"}}
        created, _ = await service.send("POST", "/sessions", json=body)
        *statements, request = exporter.get_finished_spans()
    assert created.status_code == 201
    assert [span.attributes["db.statement"].split()[0] for span in statements] == ["INSERT"]
    assert {span.parent.span_id for span in statements} == {request.context.span_id}
    assert "a-secret" not in f"{[span.to_json() for span in statements]}"


async def test_a_statement_that_fails_says_no_values(postgresql):
    """The span of a duplicate has PostgreSQL's message without the values of the row."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    database = Database(postgresql)
    database.record_spans()
    adding = insert(users).values(id="a-secret", email="x", created=datetime.now(UTC))
    await database.change(adding)
    with Tracing(provider).job("job", {}), pytest.raises(ConstraintError):
        await database.change(adding)
    await database.close()
    failed, _ = exporter.get_finished_spans()
    assert failed.status.status_code is StatusCode.ERROR
    assert "a-secret" not in failed.to_json()


async def test_without_the_instrumentation_a_warning_says_what_is_missing(monkeypatch, caplog):
    """The extra of contract-first alone has no spans of statements; the service goes on."""
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.sqlalchemy.engine", None)
    monkeypatch.delitem(sys.modules, "scanner_api.storage.connections.spans", raising=False)
    Database("sqlite+aiosqlite://").record_spans()
    assert "[otel]" in caplog.text
